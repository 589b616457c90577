#include "bqcdc/emulator/engine/checkpoint_journal.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/emulator/engine/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::HasSubstr;

constexpr size_t kHeaderBytes = 12288;
constexpr size_t kBlockBytes = 262144;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// The second half of a block is that of another write. DuckDB's checksum is the XOR of all words: equal ones
// would cancel each other.
std::string Torn(std::string file, int64_t block) {
  const size_t end = kHeaderBytes + static_cast<size_t>(block + 1) * kBlockBytes;
  for (uint64_t at = end - kBlockBytes / 2; at < end; at += sizeof at)
    std::memcpy(file.data() + at, &at, sizeof at);
  return file;
}

// A store with one table `seen(i)` in the delta file, whose metadata share a block.
class CheckpointJournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 1; i <= 3; ++i) {
      const auto store = Open();
      ASSERT_TRUE(store.ok()) << store.status();
      const auto connection = *(*store)->Connect();
      ASSERT_TRUE(connection->Run("CREATE TABLE IF NOT EXISTS delta.main.seen(i BIGINT)").ok());
      ASSERT_TRUE(connection->Run("INSERT INTO delta.main.seen SELECT * FROM range(1000)").ok());
    }
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    const auto note = [&](const Chunk& chunk) {
      for (size_t row = 0; row < chunk.row_count(); ++row) blocks_.push_back(chunk.Reader(0).Int64(row));
      return absl::OkStatus();
    };
    ASSERT_TRUE((*(*store)->Connect())
                    ->Read("SELECT block_id FROM pragma_metadata_info('delta') WHERE free_blocks > 0", note)
                    .ok());
    ASSERT_FALSE(blocks_.empty());
    whole_ = ReadFile(file());
  }

  absl::StatusOr<std::unique_ptr<Store>> Open() { return Store::Open(directory_.path(), 256 << 20, 1); }
  std::string file() const { return directory_.path() + "/delta.duckdb"; }
  std::string journal() const { return file() + ".journal"; }

  // -1: it cannot be opened.
  int64_t SeenRows() {
    const auto store = Open();
    if (!store.ok()) return -1;
    const auto rows = (*(*store)->Connect())->ReadInt64("SELECT count(*) FROM delta.main.seen");
    return rows.ok() ? rows->value_or(0) : -1;
  }

  base::TemporaryDirectory directory_;
  std::vector<int64_t> blocks_;
  std::string whole_;
};

TEST_F(CheckpointJournalTest, HalfABlockIsPutBack) {
  for (const int64_t block : blocks_) {
    WriteFile(file(), whole_);
    ASSERT_TRUE(CheckpointJournal(file()).Begin(blocks_).ok());
    const std::string kept = ReadFile(journal());
    WriteFile(file(), Torn(whole_, block));
    std::filesystem::remove(journal());
    EXPECT_EQ(SeenRows(), -1) << "block " << block << " does not matter";
    WriteFile(file(), Torn(whole_, block));
    WriteFile(journal(), kept);
    EXPECT_EQ(SeenRows(), 3000);
    EXPECT_FALSE(std::filesystem::exists(journal()));
  }
}

TEST_F(CheckpointJournalTest, ACheckpointThatIsDurableStays) {
  ASSERT_TRUE(CheckpointJournal(file()).Begin(blocks_).ok());
  const std::string kept = ReadFile(journal());
  {
    const auto store = Open();
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*(*store)->Connect())->Run("INSERT INTO delta.main.seen VALUES (1000)").ok());
  }
  WriteFile(journal(), kept);
  EXPECT_EQ(SeenRows(), 3001);
  EXPECT_FALSE(std::filesystem::exists(journal()));
}

// The file itself may not have any more what the checkpoint that failed wrote over.
TEST_F(CheckpointJournalTest, WhatAFailedCheckpointLeftIsKept) {
  CheckpointJournal checkpoint(file());
  ASSERT_TRUE(checkpoint.Begin(blocks_).ok());
  const std::string kept = ReadFile(journal());
  WriteFile(file(), Torn(whole_, blocks_[0]));
  ASSERT_TRUE(checkpoint.Begin(blocks_).ok());
  EXPECT_EQ(ReadFile(journal()), kept);
  EXPECT_EQ(SeenRows(), 3000);
}

TEST_F(CheckpointJournalTest, BlocksBeyondTheFileAreNotMissed) {
  ASSERT_TRUE(CheckpointJournal(file()).Begin({1'000'000}).ok());
  EXPECT_EQ(SeenRows(), 3000);
}

TEST_F(CheckpointJournalTest, AFileThatIsGoneGetsNothing) {
  ASSERT_TRUE(CheckpointJournal(file()).Begin(blocks_).ok());
  std::filesystem::remove(file());
  EXPECT_TRUE(CheckpointJournal(file()).RollBack().ok());
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_FALSE(std::filesystem::exists(journal()));
}

TEST_F(CheckpointJournalTest, WhatIsNoJournalIsRefused) {
  ASSERT_TRUE(CheckpointJournal(file()).Begin(blocks_).ok());
  const std::string kept = ReadFile(journal());
  for (const std::string& bytes :
       {std::string(), std::string("x"), kept.substr(0, kept.size() - 1), "x" + kept}) {
    WriteFile(journal(), bytes);
    const absl::Status refused = Open().status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.message()), HasSubstr(journal() + " is no journal of a checkpoint"));
  }
  EXPECT_EQ(ReadFile(file()), whole_);
}

}  // namespace
}  // namespace bqcdc::emulator::engine
