#include "bqcdc/checkpoint/dead_letter_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace bqcdc::checkpoint {
namespace {

class DeadLetterFileTest : public testing::Test {
 protected:
  DeadLetterFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dead-letter-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/t.dead-letter.jsonl";
  }
  ~DeadLetterFileTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<DeadLetterFile> File() {
    return std::make_unique<DeadLetterFile>(DeadLetterOptions{path_, "p.d.t", 1700000000123}, clock_);
  }
  static DeadLetterRecord Record(std::uint64_t line, std::string_view row) {
    return {"in.jsonl", {{1000, line, 1, 0}}, line, "null_key", "column id: is NULL", row};
  }
  std::vector<std::string> Lines() const {
    std::ifstream stream(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  base::ManualClock clock_{absl::FromUnixMicros(1700000001000002)};
  std::string directory_, path_;
};

TEST_F(DeadLetterFileTest, DoesNotExistBeforeTheFirstRecord) {
  const auto file = File();
  EXPECT_TRUE(file->Append({}).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DeadLetterFileTest, WritesWhatTheFormatSays) {
  DeadLetterRecord record = Record(7, R"({"id":null})");
  record.column = "id";
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_EQ(
      Lines()[0],
      R"({"format":1,"table":"p.d.t","table_creation_time_ms":"1700000000123","source":"in.jsonl",)"
      R"("sequence":"3E8/7/1/0","epoch":"1000","position":"7","ordinal":"1","sub":"0","line":7,)"
      R"("reason":"null_key","column":"id","message":"column id: is NULL","set_aside_at":"2023-11-14T22:13:21.000002Z",)"
      R"("row":"{\"id\":null}"})");
}

TEST_F(DeadLetterFileTest, AColumnThatIsNotKnownIsNoMember) {
  const DeadLetterRecord record = Record(7, "{");
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_FALSE(nlohmann::json::parse(Lines()[0]).contains("column")) << Lines()[0];
}

TEST_F(DeadLetterFileTest, IsReadableByItsOwnerOnly) {
  std::ofstream(path_) << "";
  chmod(path_.c_str(), 0644);
  const DeadLetterRecord record = Record(1, "x");
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  struct stat facts = {};
  ASSERT_EQ(stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(DeadLetterFileTest, DoesNotDoubleARecord) {
  const DeadLetterRecord records[] = {Record(1, "a"), Record(2, "b")};
  ASSERT_TRUE(File()->Append(records).ok());
  auto file = File();  // As in a second run with the same numbers.
  ASSERT_TRUE(file->Append(records).ok());
  EXPECT_EQ(Lines().size(), 2u);
  const DeadLetterRecord other_row = Record(2, "c");
  ASSERT_TRUE(file->Append({&other_row, 1}).ok());
  EXPECT_EQ(Lines().size(), 3u);
}

TEST_F(DeadLetterFileTest, KeepsBytesThatAreNoText) {
  const std::string row("\xff\xfe\x00z", 4);
  const DeadLetterRecord record = Record(1, row);
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  ASSERT_EQ(Lines().size(), 1u);
  const auto json = nlohmann::json::parse(Lines()[0]);
  EXPECT_EQ(json["row_base64"], "//4Aeg==");
  EXPECT_FALSE(json.contains("row"));
}

TEST_F(DeadLetterFileTest, DropsALineThatACrashCutOff) {
  const DeadLetterRecord record = Record(1, "a");
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  std::ofstream(path_, std::ios::app) << R"({"format":1,"sour)";
  const DeadLetterRecord next = Record(2, "b");
  ASSERT_TRUE(File()->Append({&next, 1}).ok());
  ASSERT_EQ(Lines().size(), 2u);
  for (const std::string& line : Lines()) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST_F(DeadLetterFileTest, AFileOfAnotherKindIsRefusedAndStaysAsItWas) {
  const std::string record_line =
      R"({"format":1,"table":"p.d.t","source":"in.jsonl","sequence":"3E8/7/1/0","row":"x"})"
      "\n";
  const struct {
    std::string contents;
    int line;
    bool seen_at_once;
  } cases[] = {
      {"my notes\nlast line without its end", 1, true},
      {"no line end at all", 1, true},
      {"\n", 1, true},
      {"{\"id\":1,\"_CHANGE_TYPE\":\"UPSERT\"}", 1, true},  // an input
      {"{\"id\":1,\"_CHANGE_TYPE\":\"UPSERT\"}\n", 1, true},
      {"{\"format\": 1, \"other\": 2}\n", 1, false},
      {record_line + "{\"id\":1}\n", 2, false},
      {record_line + "{\"id\":1}", 2, false},
      {record_line + "\n" + record_line, 2, false},
  };
  for (const auto& c : cases) {
    std::ofstream(path_) << c.contents;
    chmod(path_.c_str(), 0644);
    const std::string message = "dead letter file " + path_ + " line " + std::to_string(c.line) +
                                " is no dead letter record; give another --dead-letter";
    const DeadLetterRecord record = Record(1, "a");
    EXPECT_EQ(File()->Append({&record, 1}).message(), message) << c.contents;
    EXPECT_EQ(File()->Inspect().message(), c.seen_at_once ? message : "") << c.contents;
    EXPECT_EQ(Contents(path_), c.contents);
    struct stat facts = {};
    ASSERT_EQ(stat(path_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0644u);
  }
}

TEST_F(DeadLetterFileTest, InspectionTakesWhatIsOneOrWillBeAndMakesNothing) {
  EXPECT_EQ(File()->Inspect(), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(path_));
  for (const char* contents : {"", "{\"for", "{\"format\":1,\"tab"}) {  // the last two cut off by a crash
    std::ofstream(path_) << contents;
    EXPECT_EQ(File()->Inspect(), absl::OkStatus()) << contents;
    EXPECT_EQ(Contents(path_), contents);
  }
  std::filesystem::remove(path_);
  const DeadLetterRecord record = Record(1, "a");
  auto holder = File();
  ASSERT_TRUE(holder->Append({&record, 1}).ok());
  EXPECT_EQ(File()->Inspect(), absl::OkStatus());
  path_ = directory_ + "/missing/t.jsonl";
  EXPECT_EQ(File()->Inspect().message(),
            "cannot open dead letter file " + path_ + ": No such file or directory");
  path_ = directory_;
  EXPECT_EQ(File()->Inspect().message(), "cannot open dead letter file " + path_ + ": Is a directory");
  path_ = "/dev/full";
  EXPECT_EQ(File()->Inspect().message(), "dead letter file /dev/full is no regular file");
}

TEST_F(DeadLetterFileTest, BlocksThatTheDiskNeverWroteAreCutOff) {
  const DeadLetterRecord record = Record(1, "a");
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  std::ofstream(path_, std::ios::app) << std::string(100, '\0');
  const DeadLetterRecord next = Record(2, "b");
  ASSERT_TRUE(File()->Append({&next, 1}).ok());
  EXPECT_EQ(Lines().size(), 2u);
}

TEST_F(DeadLetterFileTest, KeepsALastLineWithoutItsEnd) {
  const DeadLetterRecord record = Record(1, "a");
  ASSERT_TRUE(File()->Append({&record, 1}).ok());
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  const DeadLetterRecord next = Record(2, "b");
  ASSERT_TRUE(File()->Append({&next, 1}).ok());
  EXPECT_EQ(Lines().size(), 2u);
}

TEST_F(DeadLetterFileTest, IsRefusedToASecondRun) {
  const DeadLetterRecord record = Record(1, "a");
  auto first = File();
  ASSERT_TRUE(first->Append({&record, 1}).ok());
  const absl::Status status = File()->Append({&record, 1});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
}

TEST_F(DeadLetterFileTest, SaysWhatCannotBeOpened) {
  path_ = directory_ + "/missing/t.jsonl";
  const DeadLetterRecord record = Record(1, "a");
  EXPECT_EQ(File()->Append({&record, 1}).message(),
            "cannot open dead letter file " + path_ + ": No such file or directory");
  path_ = directory_;
  EXPECT_FALSE(File()->Append({&record, 1}).ok());
}

TEST_F(DeadLetterFileTest, AFullDiskIsAnErrorAndLeavesNothing) {
  path_ = "/dev/full";
  const DeadLetterRecord record = Record(1, "a");
  EXPECT_FALSE(File()->Append({&record, 1}).ok());
}

}  // namespace
}  // namespace bqcdc::checkpoint
