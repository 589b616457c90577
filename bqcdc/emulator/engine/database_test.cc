#include "bqcdc/emulator/engine/database.h"

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Delete;
using testing::Plain;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;
using ::testing::HasSubstr;

constexpr int64_t kMinuteUs = 60'000'000;

TableDriver::Options ManualApplies(std::optional<int64_t> max_staleness_us = std::nullopt) {
  TableDriver::Options options;
  options.max_staleness_us = max_staleness_us;
  options.database.background_apply = false;
  return options;
}

TEST(DatabaseTest, StoryOfAliceAndBob) {
  TableDriver table(ManualApplies());
  ASSERT_TRUE(table
                  .Append({Upsert(1, "Alice", "1"), Delete(1, "2"), Upsert(1, "Alice Restored", "3"),
                           Upsert(2, "Bob", "4")})
                  .ok());
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  // Late and repeated changes alter nothing, before and after an apply and a restart.
  ASSERT_TRUE(table.Append({Upsert(1, "late", "1"), Delete(1, "2"), Upsert(2, "Bob", "4")}).ok());
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  table.Apply();
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
}

}  // namespace
}  // namespace bqcdc::emulator::engine
