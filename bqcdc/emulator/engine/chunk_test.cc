#include "bqcdc/emulator/engine/chunk.h"

#include <string>
#include <vector>

#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using schema::Column;
using schema::ColumnMode;
using schema::ColumnType;

constexpr ColumnType kScalarTypes[] = {ColumnType::kBool,     ColumnType::kInt64,      ColumnType::kFloat64,
                                       ColumnType::kNumeric,  ColumnType::kBigNumeric, ColumnType::kString,
                                       ColumnType::kBytes,    ColumnType::kDate,       ColumnType::kDatetime,
                                       ColumnType::kTime,     ColumnType::kTimestamp,  ColumnType::kJson,
                                       ColumnType::kInterval, ColumnType::kGeography};

Column MakeColumn(std::string name, ColumnType type, ColumnMode mode = ColumnMode::kNullable) {
  Column column;
  column.name = std::move(name);
  column.type = type;
  column.mode = mode;
  return column;
}

// A value that differs for each seed; kept far from the ends of DuckDB's types.
void Write(VectorWriter writer, ColumnType type, size_t row, int seed) {
  switch (type) {
    case ColumnType::kBool:
      return writer.SetBool(row, seed % 2 == 1);
    case ColumnType::kInt64:
      return writer.SetInt64(row, int64_t{-5'000'000'000} * seed);
    case ColumnType::kFloat64:
      return writer.SetDouble(row, 0.1 * seed);
    case ColumnType::kNumeric:
      return writer.SetInt128(row, (static_cast<__int128>(seed) << 90) * -1);
    case ColumnType::kBigNumeric:
      return writer.SetBytes(row, std::string(32, static_cast<char>(seed)));
    case ColumnType::kBytes:
      return writer.SetBytes(row, std::string("\0\xFF", 2) + std::string(seed, 'b'));
    case ColumnType::kDate:
      return writer.SetInt32(row, 19'000 + seed);
    case ColumnType::kDatetime:
      return writer.SetInt64(row, 1'700'000'000'000'000 + seed);
    case ColumnType::kTime:
      return writer.SetInt64(row, 3'600'000'000 + seed);
    case ColumnType::kTimestamp:
      return writer.SetInt64(row, -62'135'596'800'000'000 + seed);
    case ColumnType::kInterval:
      return writer.SetInterval(row, {seed, -seed, 1'000'000LL * seed});
    default:
      return writer.SetBytes(row, "text " + std::string(seed, 'x'));
  }
}

void Expect(const VectorReader& reader, ColumnType type, size_t row, int seed) {
  ASSERT_FALSE(reader.IsNull(row));
  switch (type) {
    case ColumnType::kBool:
      EXPECT_EQ(reader.Bool(row), seed % 2 == 1);
      break;
    case ColumnType::kInt64:
      EXPECT_EQ(reader.Int64(row), int64_t{-5'000'000'000} * seed);
      break;
    case ColumnType::kFloat64:
      EXPECT_EQ(reader.Double(row), 0.1 * seed);
      break;
    case ColumnType::kNumeric:
      EXPECT_TRUE(reader.Int128(row) == (static_cast<__int128>(seed) << 90) * -1);
      break;
    case ColumnType::kBigNumeric:
      EXPECT_EQ(reader.Bytes(row), std::string(32, static_cast<char>(seed)));
      break;
    case ColumnType::kBytes:
      EXPECT_EQ(reader.Bytes(row), std::string("\0\xFF", 2) + std::string(seed, 'b'));
      break;
    case ColumnType::kDate:
      EXPECT_EQ(reader.Int32(row), 19'000 + seed);
      break;
    case ColumnType::kDatetime:
      EXPECT_EQ(reader.Int64(row), 1'700'000'000'000'000 + seed);
      break;
    case ColumnType::kTime:
      EXPECT_EQ(reader.Int64(row), 3'600'000'000 + seed);
      break;
    case ColumnType::kTimestamp:
      EXPECT_EQ(reader.Int64(row), -62'135'596'800'000'000 + seed);
      break;
    case ColumnType::kInterval: {
      const IntervalValue value = reader.Interval(row);
      EXPECT_EQ(value.months, seed);
      EXPECT_EQ(value.days, -seed);
      EXPECT_EQ(value.micros, 1'000'000LL * seed);
      break;
    }
    default:
      EXPECT_EQ(reader.Bytes(row), "text " + std::string(seed, 'x'));
  }
}

// Of each type a plain column, a repeated one, and one inside of a repeated STRUCT inside of a STRUCT.
std::vector<Column> EveryColumn() {
  std::vector<Column> columns;
  Column inner = MakeColumn("inner", ColumnType::kStruct, ColumnMode::kRepeated);
  for (const ColumnType type : kScalarTypes) {
    const std::string name(schema::SqlName(type));
    columns.push_back(MakeColumn(name, type));
    columns.push_back(MakeColumn(name + "_list", type, ColumnMode::kRepeated));
    inner.fields.push_back(MakeColumn(name, type));
    inner.fields.push_back(MakeColumn(name + "_list", type, ColumnMode::kRepeated));
  }
  Column outer = MakeColumn("outer", ColumnType::kStruct);
  outer.fields = {inner};
  columns.push_back(outer);
  return columns;
}

void WriteList(VectorWriter writer, ColumnType type, size_t row, int length) {
  const size_t first = writer.StartList(row, length);
  VectorWriter elements = writer.Elements();
  for (int i = 0; i < length; ++i) Write(elements, type, first + i, i + 1);
}

void ExpectList(const VectorReader& reader, ColumnType type, size_t row, int length) {
  const auto entry = reader.List(row);
  ASSERT_EQ(entry.length, static_cast<size_t>(length));
  for (int i = 0; i < length; ++i) Expect(reader.Elements(), type, entry.offset + i, i + 1);
}

// Row `row` holds values of seed row + 1 and lists of `row` elements; the last row is NULL throughout.
Chunk MakeChunk(const std::vector<Column>& columns, int rows) {
  Chunk chunk(columns, /*change_columns=*/true);
  size_t c = 0;
  for (const ColumnType type : kScalarTypes) {
    for (int row = 0; row < rows; ++row) {
      Write(chunk.Writer(c), type, row, row + 1);
      WriteList(chunk.Writer(c + 1), type, row, row);
    }
    chunk.Writer(c).SetNull(rows);
    chunk.Writer(c + 1).StartList(rows, 0);
    c += 2;
  }
  VectorWriter inner = chunk.Writer(c).Field(0);
  for (int row = 0; row < rows; ++row) {
    const size_t first = inner.StartList(row, row);
    for (int i = 0; i < row; ++i) {
      size_t field = 0;
      for (const ColumnType type : kScalarTypes) {
        Write(inner.Elements().Field(field++), type, first + i, i + 1);
        WriteList(inner.Elements().Field(field++), type, first + i, i);
      }
    }
  }
  chunk.Writer(c).SetNull(rows);
  inner.StartList(rows, 0);
  for (int row = 0; row <= rows; ++row) {
    chunk.Writer(c + 1).SetUint8(row, 0);
    chunk.Writer(c + 2).SetNull(row);
    chunk.Writer(c + 3).SetNull(row);
  }
  chunk.SetRowCount(rows + 1);
  return chunk;
}

void ExpectChunk(const Chunk& chunk, int rows) {
  ASSERT_EQ(chunk.row_count(), static_cast<size_t>(rows + 1));
  size_t c = 0;
  for (const ColumnType type : kScalarTypes) {
    SCOPED_TRACE(schema::SqlName(type));
    for (int row = 0; row < rows; ++row) {
      Expect(chunk.Reader(c), type, row, row + 1);
      ExpectList(chunk.Reader(c + 1), type, row, row);
    }
    EXPECT_TRUE(chunk.Reader(c).IsNull(rows));
    EXPECT_EQ(chunk.Reader(c + 1).List(rows).length, 0u);
    c += 2;
  }
  const VectorReader inner = chunk.Reader(c).Field(0);
  for (int row = 0; row < rows; ++row) {
    const auto entry = inner.List(row);
    ASSERT_EQ(entry.length, static_cast<size_t>(row));
    for (int i = 0; i < row; ++i) {
      size_t field = 0;
      for (const ColumnType type : kScalarTypes) {
        Expect(inner.Elements().Field(field++), type, entry.offset + i, i + 1);
        ExpectList(inner.Elements().Field(field++), type, entry.offset + i, i);
      }
    }
  }
  EXPECT_TRUE(chunk.Reader(c).IsNull(rows));
}

TEST(ChunkTest, HoldsEveryTypeNested) {
  const Chunk chunk = MakeChunk(EveryColumn(), 5);
  ExpectChunk(chunk, 5);
}

TEST(ChunkTest, EveryTypeSurvivesTheStore) {
  testing::TableDriver::Options options = testing::TableDriver::ManualApplies();
  testing::TableDriver driver(options);
  catalog::Table table;
  table.id = {"p", "d", "every"};
  table.schema.columns = EveryColumn();
  auto created = driver.database().CreateTable(table, false);
  ASSERT_TRUE(created.ok()) << created.status();
  AppendBatch batch;
  batch.table_uid = created->uid;
  batch.schema_version = created->schema_version;
  batch.chunks.push_back(MakeChunk(created->schema.columns, 5));
  ASSERT_TRUE(driver.AppendBatchAndWait(std::move(batch)).ok());
  for (const char* when : {"pending", "restarted", "applied", "restarted again"}) {
    SCOPED_TRACE(when);
    if (std::string_view(when).starts_with("restarted")) driver.Restart();
    if (std::string_view(when) == "applied") {
      ASSERT_TRUE(driver.database().Apply(std::nullopt).ok());
    }
    auto session = driver.database().BeginRead();
    ASSERT_TRUE(session.ok());
    auto relation = (*session)->RelationSql(*created);
    ASSERT_TRUE(relation.ok());
    auto result = (*session)->Execute("SELECT * FROM " + *relation);
    ASSERT_TRUE(result.ok()) << result.status();
    auto chunk = (*result)->Next();
    ASSERT_TRUE(chunk.ok() && chunk->has_value());
    ExpectChunk(**chunk, 5);
  }
}

}  // namespace
}  // namespace bqcdc::emulator::engine
