#include "bqcdc/emulator/convert/json_rows.h"

#include "bqcdc/emulator/convert/json_text_writer.h"
#include "bqcdc/emulator/convert/result_size.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/numeric.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

using engine::Chunk;
using engine::VectorWriter;
using schema::Column;
using schema::ColumnMode;
using schema::ColumnType;

// One row of one column, written by `write`.
template <typename Write>
std::string Cell(Column column, Write write, TimestampFormat timestamps = TimestampFormat::kFloat64) {
  column.name = "c";
  const std::vector<Column> columns = {column};
  Chunk chunk(columns, false);
  VectorWriter writer = chunk.Writer(0);
  write(writer);
  chunk.SetRowCount(1);
  std::string out;
  const JsonRowWriter rows(columns, SelectAll(columns), timestamps);
  EXPECT_EQ(rows.AppendRows(chunk, 0, 1, 1'000'000, &out), 1u);
  // {"f":[{"v":…}]}
  return out.substr(11, out.size() - 14);
}

Column Of(ColumnType type) { return {.type = type}; }

int64_t Micros(std::string_view text) {
  int64_t micros = 0;
  EXPECT_EQ(values::ParseDatetime(text, &micros), values::ValueError::kNone);
  return micros;
}

TEST(JsonRowsTest, EveryType) {
  const auto integer = [](int64_t value) { return [value](VectorWriter& w) { w.SetInt64(0, value); }; };
  const auto bytes = [](std::string value) { return [value](VectorWriter& w) { w.SetBytes(0, value); }; };
  EXPECT_EQ(Cell(Of(ColumnType::kInt64), [](VectorWriter& w) { w.SetNull(0); }), "null");
  EXPECT_EQ(Cell(Of(ColumnType::kInt64), integer(INT64_MIN)), "\"-9223372036854775808\"");
  EXPECT_EQ(Cell(Of(ColumnType::kBool), [](VectorWriter& w) { w.SetBool(0, true); }), "\"true\"");
  EXPECT_EQ(Cell(Of(ColumnType::kBool), [](VectorWriter& w) { w.SetBool(0, false); }), "\"false\"");
  EXPECT_EQ(Cell(Of(ColumnType::kFloat64), [](VectorWriter& w) { w.SetDouble(0, 2.5); }), "\"2.5\"");
  EXPECT_EQ(Cell(Of(ColumnType::kString), bytes("a\"\\\n\x01 é")), "\"a\\\"\\\\\\n\\u0001 é\"");
  EXPECT_EQ(Cell(Of(ColumnType::kJson), bytes(R"({"a":1})")), R"("{\"a\":1}")");
  EXPECT_EQ(Cell(Of(ColumnType::kBytes), bytes(std::string("\x00\xff\x10", 3))), "\"AP8Q\"");
  EXPECT_EQ(Cell(Of(ColumnType::kDate), [](VectorWriter& w) { w.SetInt32(0, values::ToDate(2024, 2, 29)); }),
            "\"2024-02-29\"");
  EXPECT_EQ(Cell(Of(ColumnType::kTime), integer(45'296'789'012)), "\"12:34:56.789012\"");
  EXPECT_EQ(Cell(Of(ColumnType::kTime), integer(45'296'000'000)), "\"12:34:56\"");
  EXPECT_EQ(Cell(Of(ColumnType::kDatetime), integer(Micros("2024-02-29 12:34:56.5"))),
            "\"2024-02-29T12:34:56.500000\"");
  EXPECT_EQ(Cell(Of(ColumnType::kInterval),
                 [](VectorWriter& w) {
                   w.SetInterval(0, {14, 3, 900'000'000});
                 }),
            "\"1-2 3 0:15:0\"");
  values::Numeric numeric;
  ASSERT_EQ(values::Numeric::Parse("-1234.5600", &numeric), values::ValueError::kNone);
  EXPECT_EQ(Cell(Of(ColumnType::kNumeric), [&](VectorWriter& w) { w.SetInt128(0, numeric.unscaled()); }),
            "\"-1234.56\"");
  values::BigNumeric big;
  ASSERT_EQ(values::BigNumeric::Parse("1e-38", &big), values::ValueError::kNone);
  EXPECT_EQ(Cell(Of(ColumnType::kBigNumeric), bytes(big.ToBlob())),
            "\"0.00000000000000000000000000000000000001\"");
}

TEST(JsonRowsTest, Ranges) {
  Column column = Of(ColumnType::kRange);
  column.range_element_type = ColumnType::kDate;
  EXPECT_EQ(Cell(column,
                 [](VectorWriter& w) {
                   w.Field(0).SetInt32(0, 0);
                   w.Field(1).SetInt32(0, 31);
                 }),
            "\"[1970-01-01, 1970-02-01)\"");
  EXPECT_EQ(Cell(column,
                 [](VectorWriter& w) {
                   w.Field(0).SetUnbounded(0, ColumnType::kDate, true);
                   w.Field(1).SetUnbounded(0, ColumnType::kDate, false);
                 }),
            "\"[UNBOUNDED, UNBOUNDED)\"");
  column.range_element_type = ColumnType::kTimestamp;
  const auto from = [](VectorWriter& w) {
    w.Field(0).SetInt64(0, 1'705'321'996'000'000);
    w.Field(1).SetUnbounded(0, ColumnType::kTimestamp, false);
  };
  EXPECT_EQ(Cell(column, from), "\"[1.705321996E9, UNBOUNDED)\"");
  EXPECT_EQ(Cell(column, from, TimestampFormat::kInt64), "\"[1705321996000000, UNBOUNDED)\"");
}

TEST(JsonRowsTest, Picoseconds) {
  Column column = Of(ColumnType::kTimestamp);
  column.timestamp_precision = 12;
  const auto write = [](VectorWriter& w) {
    w.SetInt128(0, static_cast<__int128>(1'705'321'996'123'456) * 1'000'000 + 7);
  };
  EXPECT_EQ(Cell(column, write), "\"1.705321996123456E9\"");
  EXPECT_EQ(Cell(column, write, TimestampFormat::kInt64), "\"1705321996123456\"");
  EXPECT_EQ(Cell(column, write, TimestampFormat::kIso8601), "\"2024-01-15T12:33:16.123456000007Z\"");
}

TEST(JsonRowsTest, Timestamps) {
  const Column column = Of(ColumnType::kTimestamp);
  const auto write = [](VectorWriter& w) { w.SetInt64(0, 1'705'321'996'123'456); };
  EXPECT_EQ(Cell(column, write), "\"1.705321996123456E9\"");
  EXPECT_EQ(Cell(column, write, TimestampFormat::kInt64), "\"1705321996123456\"");
  EXPECT_EQ(Cell(column, write, TimestampFormat::kIso8601), "\"2024-01-15T12:33:16.123456Z\"");
}

TEST(JsonRowsTest, Nesting) {
  const Column list = {.type = ColumnType::kInt64, .mode = ColumnMode::kRepeated};
  EXPECT_EQ(Cell(list, [](VectorWriter& w) { w.SetNull(0); }), "[]");
  EXPECT_EQ(Cell(list,
                 [](VectorWriter& w) {
                   const size_t first = w.StartList(0, 2);
                   VectorWriter elements = w.Elements();
                   elements.SetInt64(first, 7);
                   elements.SetInt64(first + 1, 8);
                 }),
            R"([{"v":"7"},{"v":"8"}])");
  Column record = {.type = ColumnType::kStruct};
  record.fields = {{.name = "a", .type = ColumnType::kInt64}, {.name = "b", .type = ColumnType::kString}};
  const auto write_record = [](VectorWriter& w) {
    w.Field(0).SetInt64(0, 1);
    w.Field(1).SetBytes(0, "x");
  };
  EXPECT_EQ(Cell(record, write_record), R"({"f":[{"v":"1"},{"v":"x"}]})");
  record.mode = ColumnMode::kRepeated;
  EXPECT_EQ(Cell(record,
                 [](VectorWriter& w) {
                   const size_t first = w.StartList(0, 1);
                   VectorWriter elements = w.Elements();
                   elements.Field(0).SetNull(first);
                   elements.Field(1).SetBytes(first, "y");
                 }),
            R"([{"v":{"f":[{"v":null},{"v":"y"}]}}])");
}

TEST(JsonRowsTest, SelectionAndLimits) {
  Column record = {.name = "r", .type = ColumnType::kStruct};
  record.fields = {{.name = "a", .type = ColumnType::kInt64}, {.name = "b", .type = ColumnType::kInt64}};
  const std::vector<Column> columns = {{.name = "id", .type = ColumnType::kInt64}, record};
  Chunk chunk(columns, false);
  for (size_t row = 0; row < 10; ++row) {
    chunk.Writer(0).SetInt64(row, static_cast<int64_t>(row));
    chunk.Writer(1).Field(0).SetInt64(row, 100);
    chunk.Writer(1).Field(1).SetInt64(row, 200);
  }
  chunk.SetRowCount(10);
  const auto selection = SelectFields(columns, "R.b, id");
  ASSERT_TRUE(selection.ok());
  const JsonRowWriter rows(columns, *selection, TimestampFormat::kFloat64);
  std::string out;
  EXPECT_EQ(rows.AppendRows(chunk, 8, 2, 1'000'000, &out), 2u);
  EXPECT_EQ(out,
            R"({"f":[{"v":"8"},{"v":{"f":[{"v":"200"}]}}]},{"f":[{"v":"9"},{"v":{"f":[{"v":"200"}]}}]})");
  out.clear();
  EXPECT_EQ(rows.AppendRows(chunk, 0, 10, 60, &out), 2u) << "the row that reaches the limit is the last";
  EXPECT_EQ(ApplySelection(columns, *selection)[1].fields.size(), 1u);
  EXPECT_FALSE(SelectFields(columns, "nope").ok());
  EXPECT_FALSE(SelectFields(columns, "r.nope").ok());
  EXPECT_EQ(ResultBytes(columns, chunk), 10 * 16 * 4);
}

}  // namespace
}  // namespace bqcdc::emulator::convert
