#include "bqcdc/checkpoint/dead_letter_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "bqcdc/checkpoint/dead_letter_file.h"

namespace bqcdc::checkpoint {
namespace {

class DeadLetterReaderTest : public testing::Test {
 protected:
  DeadLetterReaderTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dead-letter-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/dead.jsonl";
  }
  ~DeadLetterReaderTest() override { std::filesystem::remove_all(directory_); }

  void Append(std::uint64_t line, std::string_view row, std::string_view column = {}) {
    DeadLetterFile file({path_, "p.d.t", 1700000000123}, clock_);
    const DeadLetterRecord record = {
        "in.jsonl", {{1000, line, 1, 0}}, line, "null_key", "column id: is NULL", row, column};
    ASSERT_TRUE(file.Append({&record, 1}).ok());
  }
  std::vector<std::string> Lines() const {
    std::ifstream stream(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
  static std::vector<StoredDeadLetter> ReadAll(const DeadLetterReader& reader) {
    std::vector<StoredDeadLetter> records;
    const absl::Status status = reader.ForEach([&](std::size_t index, StoredDeadLetter record) {
      EXPECT_EQ(index, records.size());
      records.push_back(std::move(record));
      return absl::OkStatus();
    });
    EXPECT_TRUE(status.ok()) << status;
    return records;
  }

  base::ManualClock clock_{absl::FromUnixMicros(1700000001000002)};
  std::string directory_, path_;
};

TEST_F(DeadLetterReaderTest, ReadsWhatTheFileWrote) {
  Append(7, R"({"id":null})", "id");
  Append(8, "\xFF not UTF-8");
  const auto reader = DeadLetterReader::Open(path_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const std::vector<StoredDeadLetter> records = ReadAll(*reader);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].table, "p.d.t");
  EXPECT_EQ(records[0].table_creation_time_ms, 1700000000123);
  EXPECT_EQ(records[0].source, "in.jsonl");
  EXPECT_EQ(records[0].sequence.ToString(), "3E8/7/1/0");
  EXPECT_EQ(records[0].line, 7u);
  EXPECT_EQ(records[0].reason, "null_key");
  EXPECT_EQ(records[0].message, "column id: is NULL");
  EXPECT_EQ(records[0].column, "id");
  EXPECT_EQ(records[0].set_aside_at, clock_.Now());
  EXPECT_EQ(records[0].row, R"({"id":null})");
  EXPECT_EQ(records[1].row, "\xFF not UTF-8");
  EXPECT_EQ(records[1].column, "");
}

TEST_F(DeadLetterReaderTest, RecordsLeaveOrStayWithAnotherReason) {
  for (int line = 1; line <= 4; ++line) Append(static_cast<std::uint64_t>(line), "{}", "id");
  const std::vector<std::string> before = Lines();
  auto reader = DeadLetterReader::Open(path_);
  ASSERT_TRUE(reader.ok());
  const absl::Status status = reader->Rewrite([](std::size_t index) -> DeadLetterFate {
    if (index == 0) return {};
    if (index == 1) return {true, {}};
    if (index == 2) return {false, DeadLetterCause{"refused", "for another reason", "name"}};
    return {false, DeadLetterCause{"json_syntax", "the line is not valid JSON", ""}};
  });
  ASSERT_TRUE(status.ok()) << status;
  const std::vector<std::string> after = Lines();
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0], before[0]);
  auto want = nlohmann::json::parse(before[2]);
  want["reason"] = "refused";
  want["message"] = "for another reason";
  want["column"] = "name";
  EXPECT_EQ(nlohmann::json::parse(after[1]), want);
  want = nlohmann::json::parse(before[3]);
  want["reason"] = "json_syntax";
  want["message"] = "the line is not valid JSON";
  want.erase("column");
  EXPECT_EQ(nlohmann::json::parse(after[2]), want);
  // It is the same file to whoever appends next.
  EXPECT_EQ(ReadAll(*reader).size(), 3u);
}

TEST_F(DeadLetterReaderTest, ALineThatACrashCutOffIsNoRecord) {
  Append(1, "{}");
  std::ofstream(path_, std::ios::app) << R"({"format":1,"tab)";
  auto reader = DeadLetterReader::Open(path_);
  EXPECT_EQ(ReadAll(*reader).size(), 1u);
  ASSERT_TRUE(reader->Rewrite([](std::size_t) { return DeadLetterFate{}; }).ok());
  EXPECT_EQ(Lines().size(), 1u);
}

TEST_F(DeadLetterReaderTest, RefusesAnythingElse) {
  Append(1, "{}");
  std::ofstream(path_, std::ios::app) << "{\"id\":1}\n";
  const auto reader = DeadLetterReader::Open(path_);
  const auto take = [](std::size_t, const StoredDeadLetter&) { return absl::OkStatus(); };
  EXPECT_EQ(reader->ForEach(take).message(),
            "dead letter file " + path_ + " line 2 is no dead letter record; nothing was changed");
  std::ofstream(path_) << "{\"format\":2}\n";
  EXPECT_TRUE(absl::StrContains(reader->ForEach(take).message(), "line 1 has format 2"))
      << reader->ForEach(take);
}

TEST_F(DeadLetterReaderTest, NeedsTheFileForItself) {
  EXPECT_EQ(DeadLetterReader::Open(path_).status().message(),
            "cannot open dead letter file " + path_ + ": No such file or directory");
  Append(1, "{}");
  const auto first = DeadLetterReader::Open(path_);
  EXPECT_EQ(DeadLetterReader::Open(path_).status().message(),
            "dead letter file " + path_ + " is in use by another run; wait until that has ended");
}

}  // namespace
}  // namespace bqcdc::checkpoint
