#include "bqcdc/checkpoint/checkpoint_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "absl/strings/match.h"

namespace bqcdc::checkpoint {
namespace {

class CheckpointFileTest : public testing::Test {
 protected:
  CheckpointFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "checkpoint-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/t.checkpoint";
  }
  ~CheckpointFileTest() override { std::filesystem::remove_all(directory_); }

  static Checkpoint Example() {
    Checkpoint checkpoint;
    checkpoint.table = "p.d.t";
    checkpoint.table_creation_time_ms = 1700000000123;
    checkpoint.epoch = 1700000001000002;
    checkpoint.owner = "0123456789abcdef";
    checkpoint.sequence = "own";
    checkpoint.sequence_line = 3;
    CheckpointInput& first = checkpoint.inputs.emplace_back();
    first.identity = {"a.jsonl", true, 2049, 18446744073709551615u, 65536, "ab12"};
    first.bytes = 70000;
    checkpoint.inputs.emplace_back().identity = {"-", false, 0, 0, 0, ""};
    checkpoint.line = 1000;
    checkpoint.input = 1;
    checkpoint.offset = 4096;
    checkpoint.prefix_hash = 0xFEDCBA9876543210;
    checkpoint.upserts = 900;
    checkpoint.deletes = 99;
    checkpoint.set_aside = 1;
    checkpoint.ended = true;
    checkpoint.drained = true;
    checkpoint.written_at = absl::FromUnixMicros(1700000002000003);
    return checkpoint;
  }
  std::string Read() const {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void Put(const std::string& text) const { std::ofstream(path_) << text; }
  std::string OpenError() const { return std::string(CheckpointFile::Open(path_).status().message()); }

  std::string directory_, path_;
};

TEST_F(CheckpointFileTest, HoldsNothingAtFirstAndThenWhatWasWrittenLast) {
  {
    auto file = CheckpointFile::Open(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_FALSE(file->loaded().has_value());
    Checkpoint earlier = Example();
    earlier.line = 10;
    ASSERT_TRUE(file->Write(earlier).ok());
    ASSERT_TRUE(file->Write(Example()).ok());
  }
  const auto file = CheckpointFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->loaded(), Example());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(CheckpointFileTest, IsReadableByItsOwnerOnly) {
  auto file = CheckpointFile::Open(path_);
  ASSERT_TRUE(file->Write(Example()).ok());
  struct stat facts = {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(CheckpointFileTest, AFileOfAnotherKindKeepsItsMode) {
  Put("{\"id\":1}\n");
  chmod(path_.c_str(), 0644);
  EXPECT_FALSE(CheckpointFile::Open(path_).ok());
  struct stat facts = {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0644u);
}

TEST_F(CheckpointFileTest, AnEmptyOneIsOfARunThatEndedBeforeItsFirst) {
  Put("");
  const auto file = CheckpointFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->loaded().has_value());
}

TEST_F(CheckpointFileTest, TwoRunsNeverHaveItTogetherAlsoAfterItWasReplaced) {
  auto first = CheckpointFile::Open(path_);
  EXPECT_EQ(OpenError(),
            "checkpoint file " + path_ + " is in use by another run; each run needs one of its own");
  ASSERT_TRUE(first->Write(Example()).ok());
  EXPECT_EQ(OpenError(),
            "checkpoint file " + path_ + " is in use by another run; each run needs one of its own");
}

TEST_F(CheckpointFileTest, RefusesWhatItDoesNotKnow) {
  std::string text = FormatCheckpoint(Example());
  Put(std::regex_replace(text, std::regex("\"format\": 1"), "\"format\": 2"));
  EXPECT_EQ(OpenError(), "checkpoint file " + path_ +
                             " has format 2, this program reads formats up to 1; use a newer bqcdc");
  Put(R"({"id":1})");
  EXPECT_TRUE(absl::StrContains(OpenError(), "it is no checkpoint")) << OpenError();
  Put(text.substr(0, text.size() / 2));
  EXPECT_TRUE(absl::StrContains(OpenError(), "it is no checkpoint")) << OpenError();
}

// Each member is needed: without it, or with another kind of value, the file is refused by the member's name.
TEST_F(CheckpointFileTest, RefusesAFileWithoutAnyOfItsMembers) {
  const std::string text = FormatCheckpoint(Example());
  const std::regex member("\"(\\w+)\": ");
  int members = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), member), end; at != end; ++at) {
    std::string damaged = text;
    damaged.replace(static_cast<std::size_t>(at->position(1)), 1, "#");
    const std::string name = (*at)[1];
    const auto parsed = ParseCheckpoint(damaged, "F");
    if (name == "bytes" || name == "drained") continue;  // Not of every input; younger than the format.
    ++members;
    ASSERT_FALSE(parsed.ok()) << name;
    EXPECT_TRUE(absl::StrContains(parsed.status().message(), name) ||
                absl::StrContains(parsed.status().message(), "it is no checkpoint"))
        << name << ": " << parsed.status();
  }
  EXPECT_EQ(members, 30);
}

TEST_F(CheckpointFileTest, RefusesAPositionThatIsNowhere) {
  Checkpoint checkpoint = Example();
  checkpoint.input = 2;
  EXPECT_FALSE(ParseCheckpoint(FormatCheckpoint(checkpoint), "F").ok());
  checkpoint = Example();
  checkpoint.tail_bytes = checkpoint.offset + 1;
  EXPECT_FALSE(ParseCheckpoint(FormatCheckpoint(checkpoint), "F").ok());
}

TEST_F(CheckpointFileTest, SaysWhereItCannotBeWritten) {
  path_ = directory_ + "/missing/checkpoint";
  EXPECT_EQ(OpenError(), "cannot open checkpoint file " + path_ + ": No such file or directory");
}

}  // namespace
}  // namespace bqcdc::checkpoint
