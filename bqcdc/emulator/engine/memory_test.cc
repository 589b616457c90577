// What the memory of the store does not suffice for: refused in the service's words, and nothing else ends.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "bqcdc/emulator/errors.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Plain;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;

constexpr int64_t kMebibyte = 1024 * 1024;

TableDriver::Options WithMemory(int64_t bytes) {
  TableDriver::Options options = TableDriver::ManualApplies();
  options.database.memory_bytes_max = bytes;
  return options;
}

TEST(MemoryTest, AQueryThatNeedsMoreIsRefusedAndTheNextOneAnswered) {
  TableDriver table(WithMemory(128 * kMebibyte));
  ASSERT_TRUE(table.Append({Upsert(1, "Ann", "1")}).ok());
  {
    const auto session = table.database().BeginRead();
    ASSERT_TRUE(session.ok()) << session.status();
    // One value of 400 MB, which no disk can hold for it.
    const auto result = (*session)->Execute("SELECT string_agg(repeat('x', 1000), '') FROM range(400000)");
    const absl::Status status = result.ok() ? (*result)->Next().status() : result.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ(errors::ReasonOf(status), errors::kReasonResourcesExceeded);
    EXPECT_EQ(errors::HttpCodeOf(status), 400);
    EXPECT_TRUE(absl::StartsWith(status.message(), "Resources exceeded during query execution: "));
  }
  EXPECT_EQ(table.Rows(), "1=Ann");
}

TEST(MemoryTest, RowsThatNeedMoreAreRefusedAndTheNextOnesStored) {
  TableDriver table(WithMemory(64 * kMebibyte));
  std::vector<TestRow> rows;
  for (int i = 0; i < 2'000; ++i) rows.push_back(Plain(i, std::string(100'000, 'x')));
  const absl::Status status = table.Append(rows);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "send fewer of them at once"));
  ASSERT_TRUE(table.Append({Upsert(1, "Ann", "1")}).ok());
  EXPECT_EQ(table.Rows(), "1=Ann");
}

}  // namespace
}  // namespace bqcdc::emulator::engine
