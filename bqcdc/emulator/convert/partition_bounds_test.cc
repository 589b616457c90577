#include "bqcdc/emulator/convert/partition_bounds.h"

#include <vector>

#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kToday = 20'000;  // days since 1970-01-01
constexpr int64_t kMicrosPerDay = int64_t{24} * 3600 * 1'000'000;

catalog::Table TableOf(const std::string& column) {
  catalog::Table table;
  table.id = {"p", "d", "t"};
  table.schema.columns = {testing::MakeColumn("id INT64"), testing::MakeColumn(column)};
  table.time_partitioning.emplace();
  table.time_partitioning->field = "Ends";  // names of columns have no case
  return table;
}

absl::Time Noon() { return absl::FromUnixMicros(kToday * kMicrosPerDay + kMicrosPerDay / 2); }

TEST(PartitionBoundsTest, OnlyTablesPartitionedByAColumnOfTimeHaveThem) {
  catalog::Table table = TableOf("ends DATE");
  EXPECT_TRUE(PartitionBounds::Of(table, Noon()).has_value());
  table.time_partitioning->field.clear();
  EXPECT_FALSE(PartitionBounds::Of(table, Noon()).has_value());
  table.time_partitioning.reset();
  EXPECT_FALSE(PartitionBounds::Of(table, Noon()).has_value());
}

TEST(PartitionBoundsTest, DatesAreTakenTenYearsBackAndOneAhead) {
  const auto bounds = PartitionBounds::Of(TableOf("ends DATE"), Noon());
  ASSERT_TRUE(bounds.has_value());
  ASSERT_EQ(bounds->column(), 1u);
  engine::Chunk chunk({testing::MakeColumn("ends DATE")}, false);
  const std::vector<int64_t> days = {kToday - 3651, kToday - 3650, kToday + 366, kToday + 367};
  chunk.SetRowCount(5);
  engine::VectorWriter writer = chunk.Writer(0);
  for (size_t row = 0; row < days.size(); ++row) writer.SetInt32(row, static_cast<int32_t>(days[row]));
  writer.SetNull(4);
  const engine::VectorReader values = chunk.Reader(0);
  EXPECT_EQ(
      bounds->FaultOf(values, 0),
      "Value 16349 for field ends of the destination table p:d.t is outside the allowed bounds. You can only "
      "stream to date range within 3650 days in the past and 366 days in the future relative to the current "
      "date.");
  EXPECT_EQ(bounds->FaultOf(values, 1), std::nullopt);
  EXPECT_EQ(bounds->FaultOf(values, 2), std::nullopt);
  EXPECT_TRUE(bounds->FaultOf(values, 3).has_value());
  EXPECT_EQ(bounds->FaultOf(values, 4), std::nullopt);
}

TEST(PartitionBoundsTest, TimestampsAndDatetimesCountByTheirDay) {
  for (const char* column : {"ends TIMESTAMP", "ends DATETIME"}) {
    const auto bounds = PartitionBounds::Of(TableOf(column), Noon());
    ASSERT_TRUE(bounds.has_value());
    engine::Chunk chunk({testing::MakeColumn(column)}, false);
    chunk.SetRowCount(4);
    engine::VectorWriter writer = chunk.Writer(0);
    writer.SetInt64(0, (kToday - 3650) * kMicrosPerDay - 1);
    writer.SetInt64(1, (kToday - 3650) * kMicrosPerDay);
    writer.SetInt64(2, (kToday + 367) * kMicrosPerDay - 1);
    writer.SetInt64(3, (kToday + 367) * kMicrosPerDay);
    const engine::VectorReader values = chunk.Reader(0);
    EXPECT_TRUE(bounds->FaultOf(values, 0).has_value());
    EXPECT_EQ(bounds->FaultOf(values, 1), std::nullopt);
    EXPECT_EQ(bounds->FaultOf(values, 2), std::nullopt);
    EXPECT_TRUE(bounds->FaultOf(values, 3).has_value());
  }
}

TEST(PartitionBoundsTest, DaysBeforeTheEpochAreRoundedDown) {
  const auto bounds = PartitionBounds::Of(TableOf("ends TIMESTAMP"),
                                          absl::FromUnixMicros(-10 * kMicrosPerDay - 1));  // day -11
  engine::Chunk chunk({testing::MakeColumn("ends TIMESTAMP")}, false);
  chunk.SetRowCount(2);
  engine::VectorWriter writer = chunk.Writer(0);
  writer.SetInt64(0, (-11 - 3650) * kMicrosPerDay);
  writer.SetInt64(1, (-11 - 3650) * kMicrosPerDay - 1);
  EXPECT_EQ(bounds->FaultOf(chunk.Reader(0), 0), std::nullopt);
  EXPECT_THAT(bounds->FaultOf(chunk.Reader(0), 1).value_or(""), HasSubstr("outside the allowed bounds"));
}

}  // namespace
}  // namespace bqcdc::emulator::convert
