#include "bqcdc/emulator/convert/arrow/arrow_rows.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/emulator/convert/arrow/arrow_batch.h"
#include "bqcdc/emulator/convert/arrow/arrow_schema.h"
#include "bqcdc/emulator/convert/field_conflict.h"
#include "bqcdc/emulator/convert/testing/arrow_fixture.h"
#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace convert::testing;  // NOLINT: the words of these tests
using ipc::DateUnit;
using ipc::IntervalUnit;
using ipc::Precision;
using ipc::TimeUnit;
using ipc::Type;

schema::TableSchema TableOf(const std::vector<schema::Column>& columns) { return {columns, {}}; }

// Every cell of the only column, or "!" and the error of schema, batch or row.
std::vector<std::string> Decode(const schema::Column& column, const ArrowField& field,
                                const ArrowArray& array) {
  const auto plan = CompileArrowSchema(SchemaMessage({field}), TableOf({column}));
  if (!plan.ok()) return {"!" + std::string(plan.status().message())};
  const std::string message = BatchMessage(array.length, {array});
  const auto batch = ArrowBatch::Open(message, **plan);
  if (!batch.ok()) return {"!" + std::string(batch.status().message())};
  const auto rows = DecodeArrowRows(**plan, *batch, {});
  if (!rows.ok()) return {"!" + std::string(rows.status().message())};
  std::vector<std::string> cells;
  for (const RowFault& fault : rows->faults) cells.push_back("!" + fault.message);
  if (!cells.empty()) return cells;
  for (size_t row = 0; row < batch->row_count(); ++row) {
    cells.push_back(CellText(column, rows->chunks[row / 2048].Reader(0), row % 2048));
  }
  return cells;
}

struct ArrayCase {
  std::string name;
  std::string column;  // "TYPE", the column is called c
  ArrowField field;
  ArrowArray array;
  std::vector<std::string> expected;  // as Decode() gives them
};

class ArrowArrayTest : public ::testing::TestWithParam<ArrayCase> {};

TEST_P(ArrowArrayTest, Decodes) {
  const ArrayCase& test = GetParam();
  EXPECT_EQ(Decode(MakeColumn("c " + test.column), test.field, test.array), test.expected);
}

std::string Name(const ::testing::TestParamInfo<ArrayCase>& info) { return info.param.name; }

struct DayTime {
  int32_t days, millis;
};
struct MonthDayNano {
  int32_t months, days;
  int64_t nanos;
};
struct Decimal256 {
  int64_t limbs[4];  // least significant first
};

const std::vector<ArrayCase> kScalars = {
    {"bool", "BOOL", PlainField("c", Type::Bool), BoolArray({true, false, true}), {"true", "false", "true"}},
    {"int8", "INT64", IntField("c", 8), FixedArray<int8_t>({-128, 127}), {"-128", "127"}},
    {"int16", "INT64", IntField("c", 16), FixedArray<int16_t>({-32768}), {"-32768"}},
    {"int32", "INT64", IntField("c", 32), FixedArray<int32_t>({INT32_MIN}), {"-2147483648"}},
    {"int64", "INT64", IntField("c", 64), FixedArray<int64_t>({INT64_MIN}), {"-9223372036854775808"}},
    {"nulls",
     "INT64",
     IntField("c", 64),
     FixedArray<int64_t>({1, 2, 3}, {true, false, true}),
     {"1", "NULL", "3"}},
    {"uint8", "INT64", IntField("c", 8, false), FixedArray<uint8_t>({255}), {"255"}},
    {"uint16", "INT64", IntField("c", 16, false), FixedArray<uint16_t>({65535}), {"65535"}},
    {"uint32", "INT64", IntField("c", 32, false), FixedArray<uint32_t>({4294967295u}), {"4294967295"}},
    {"uint64", "INT64", IntField("c", 64, false), FixedArray<uint64_t>({INT64_MAX}), {"9223372036854775807"}},
    {"uint64_beyond",
     "INT64",
     IntField("c", 64, false),
     FixedArray<uint64_t>({1ULL << 63}),
     {"!INT64 field value is out of range: 9223372036854775808 on field c."}},
    {"float", "FLOAT64", FloatField("c", Precision::SINGLE), FixedArray<float>({0.25f}), {"0.25"}},
    {"double", "FLOAT64", FloatField("c", Precision::DOUBLE), FixedArray<double>({-1.5}), {"-1.5"}},
    {"string",
     "STRING",
     PlainField("c", Type::Utf8),
     TextArray({"grüße", std::nullopt, ""}),
     {"\"grüße\"", "NULL", "\"\""}},
    {"string_not_utf8",
     "STRING",
     PlainField("c", Type::Utf8),
     TextArray({"a\xff"}),
     {"!STRING field value is not valid UTF-8 on field c."}},
    {"string_too_long",
     "STRING(2)",
     PlainField("c", Type::Utf8),
     TextArray({"abc"}),
     {"!Field c: STRING(2) has maximum length 2 but got a value with length 3 on field c."}},
    {"bytes", "BYTES", PlainField("c", Type::Binary), TextArray({"\xff"}), {"x'ff'"}},
    {"json",
     "JSON",
     PlainField("c", Type::Utf8),
     TextArray({"{\"b\": 1}", "{"}),
     {"!Field value is not valid JSON on field c."}},
    {"geography", "GEOGRAPHY", PlainField("c", Type::Utf8), TextArray({"POINT(1 2)"}), {"\"POINT(1 2)\""}},
    {"date",
     "DATE",
     DateField("c", DateUnit::DAY),
     FixedArray<int32_t>({-719162, 2932896}),
     {"0001-01-01", "9999-12-31"}},
    {"date_beyond",
     "DATE",
     DateField("c", DateUnit::DAY),
     FixedArray<int32_t>({2932897}),
     {"!Date field value is out of range: 2932897 on field c."}},
    {"date_int32", "DATE", IntField("c", 32), FixedArray<int32_t>({0}), {"1970-01-01"}},
    {"date_text", "DATE", PlainField("c", Type::Utf8), TextArray({"2024-02-29"}), {"2024-02-29"}},
    {"datetime",
     "DATETIME",
     TimestampField("c", TimeUnit::MICROSECOND),
     FixedArray<int64_t>({1, -62135596800000000}),
     {"1970-01-01 00:00:00.000001", "0001-01-01 00:00:00"}},
    {"datetime_beyond",
     "DATETIME",
     TimestampField("c", TimeUnit::MICROSECOND),
     FixedArray<int64_t>({INT64_MAX}),
     {"!Datetime field value is out of range: 9223372036854775807 on field c."}},
    {"time",
     "TIME",
     TimeField("c", TimeUnit::MICROSECOND, 64),
     FixedArray<int64_t>({86399999999}),
     {"23:59:59.999999"}},
    {"time_beyond",
     "TIME",
     TimeField("c", TimeUnit::MICROSECOND, 64),
     FixedArray<int64_t>({86400000000}),
     {"!Time field value is out of range: 86400000000 on field c."}},
    {"timestamp",
     "TIMESTAMP",
     TimestampField("c", TimeUnit::MICROSECOND, "UTC"),
     FixedArray<int64_t>({1700000000000001}),
     {"2023-11-14 22:13:20.000001+00"}},
    {"timestamp_without_zone",
     "TIMESTAMP",
     TimestampField("c", TimeUnit::MICROSECOND),
     FixedArray<int64_t>({0}),
     {"1970-01-01 00:00:00+00"}},
    {"timestamp_beyond",
     "TIMESTAMP",
     TimestampField("c", TimeUnit::MICROSECOND, "UTC"),
     FixedArray<int64_t>({253402300800000000}),
     {"!Timestamp field value is out of range: 253402300800000000 on field c."}},
    {"numeric",
     "NUMERIC",
     DecimalField("c", 128, 38, 9),
     FixedArray<__int128>({-1'500'000'000, 1}),
     {"-1.5", "0.000000001"}},
    {"numeric_of_less_scale",
     "NUMERIC",
     DecimalField("c", 128, 10, 2),
     FixedArray<__int128>({12345, -1, 0}),
     {"123.45", "-0.01", "0"}},
    {"numeric_of_thousands", "NUMERIC", DecimalField("c", 128, 10, -3), FixedArray<__int128>({7}), {"7000"}},
    {"numeric_beyond",
     "NUMERIC",
     DecimalField("c", 128, 38, 0),
     FixedArray<__int128>({static_cast<__int128>(10'000'000'000'000'000) * 10'000'000'000'000}),
     {"!Numeric field value is out of range: 100000000000000000000000000000 on field c."}},
    {"numeric_parameters",
     "NUMERIC(3, 1)",
     DecimalField("c", 128, 38, 9),
     FixedArray<__int128>({12'340'000'000}),
     {"12.3"}},
    {"bignumeric",
     "BIGNUMERIC",
     DecimalField("c", 256, 76, 38),
     FixedArray<Decimal256>({{{1, 0, 0, 0}}, {{-1, -1, -1, -1}}}),
     {"0.00000000000000000000000000000000000001", "-0.00000000000000000000000000000000000001"}},
    {"bignumeric_of_less_scale",
     "BIGNUMERIC",
     DecimalField("c", 256, 76, 3),
     FixedArray<Decimal256>({{{0, 1, 0, 0}}}),
     {"18446744073709551.616"}},
    {"bignumeric_beyond",
     "BIGNUMERIC",
     DecimalField("c", 256, 76, 37),
     FixedArray<Decimal256>({{{0, 0, 0, 1LL << 62}}}),
     {"!BigNumeric field value is out of range: "
      "289480223093290488558927462521719769633.17496166410141009864396001978282409984e1 on field c."}},
    {"interval_months",
     "INTERVAL",
     IntervalField("c", IntervalUnit::YEAR_MONTH),
     FixedArray<int32_t>({-14}),
     {"-1-2 0 0:0:0"}},
    {"interval_days",
     "INTERVAL",
     IntervalField("c", IntervalUnit::DAY_TIME),
     FixedArray<DayTime>({{3, -1500}}),
     {"0-0 3 -0:0:1.500"}},
    {"interval_nanos",
     "INTERVAL",
     IntervalField("c", IntervalUnit::MONTH_DAY_NANO),
     FixedArray<MonthDayNano>({{1, -2, 3'000'999}}),
     {"0-1 -2 0:0:0.003"}},
    {"interval_beyond",
     "INTERVAL",
     IntervalField("c", IntervalUnit::MONTH_DAY_NANO),
     FixedArray<MonthDayNano>({{120001, 0, 5}}),
     {"!Interval field value is out of range: months: 120001 days: 0 nanoseconds: 5 on field c."}},
    {"interval_text", "INTERVAL", PlainField("c", Type::Utf8), TextArray({"1-2 3 4:5:6"}), {"1-2 3 4:5:6"}},
};
INSTANTIATE_TEST_SUITE_P(Scalars, ArrowArrayTest, ::testing::ValuesIn(kScalars), Name);

const std::vector<ArrayCase> kLists = {
    {"list",
     "ARRAY<INT64>",
     ListField("c", IntField("item", 32)),
     ListArray({0, 2, 2, 3}, FixedArray<int32_t>({1, 2, 3})),
     {"[1, 2]", "[]", "[3]"}},
    {"list_from_the_middle",
     "ARRAY<STRING>",
     ListField("c", PlainField("item", Type::Utf8)),
     ListArray({1, 2}, TextArray({"a", "b", "c"})),
     {"[\"b\"]"}},
    {"list_that_is_null",
     "ARRAY<INT64>",
     ListField("c", IntField("item", 32)),
     ListArray({0, 0, 1}, FixedArray<int32_t>({1}), {false, true}),
     {"!Repeated field c is NULL; an empty list must stand for it."}},
    {"null_element",
     "ARRAY<INT64>",
     ListField("c", IntField("item", 32)),
     ListArray({0, 2}, FixedArray<int32_t>({1, 2}, {true, false})),
     {"!Array cannot have a null element on field c[1]."}},
    {"bad_element",
     "ARRAY<DATE>",
     ListField("c", IntField("item", 32)),
     ListArray({0, 2}, FixedArray<int32_t>({1, INT32_MAX})),
     {"!Date field value is out of range: 2147483647 on field c[1]."}},
    {"no_lists",
     "ARRAY<INT64>",
     ListField("c", IntField("item", 32)),
     {0, 0, {"", ""}, {FixedArray<int32_t>({})}},
     {}},
};
INSTANTIATE_TEST_SUITE_P(Lists, ArrowArrayTest, ::testing::ValuesIn(kLists), Name);

ArrowField RangeField(const ArrowField& start, const ArrowField& end) {
  return StructField("c", {start, end});
}
ArrowArray RangeArray(const ArrowArray& start, const ArrowArray& end) {
  return StructArray(start.length, {start, end});
}

const std::vector<ArrayCase> kRanges = {
    {"date_range",
     "RANGE<DATE>",
     RangeField(DateField("start", DateUnit::DAY), DateField("end", DateUnit::DAY)),
     RangeArray(FixedArray<int32_t>({0, 1}, {true, false}), FixedArray<int32_t>({1, 1})),
     {"[1970-01-01, 1970-01-02)", "[UNBOUNDED, 1970-01-02)"}},
    {"datetime_range",
     "RANGE<DATETIME>",
     RangeField(TimestampField("START", TimeUnit::MICROSECOND), TimestampField("End", TimeUnit::MICROSECOND)),
     RangeArray(FixedArray<int64_t>({0}), FixedArray<int64_t>({0})),
     {"!Range start element must be smaller than range end element on field c."}},
    {"range_of_int32",
     "RANGE<DATE>",
     RangeField(IntField("start", 32), IntField("end", 32)),
     RangeArray(FixedArray<int32_t>({0}), FixedArray<int32_t>({1})),
     {"!The Arrow field mismatched with BigQuery field at c.start, the Arrow field type int32, BigQuery "
      "field type DATE"}},
    {"range_without_end",
     "RANGE<DATE>",
     StructField("c", {DateField("start", DateUnit::DAY)}),
     StructArray(1, {FixedArray<int32_t>({0})}),
     {"!The Arrow field mismatched with BigQuery field at c, the Arrow field type struct<start: "
      "date32[day]>, BigQuery field "
      "type RANGE"}},
};
INSTANTIATE_TEST_SUITE_P(Ranges, ArrowArrayTest, ::testing::ValuesIn(kRanges), Name);

// What the service's page does not list is refused when the schema comes.
struct MismatchCase {
  std::string column;
  ArrowField field;
  std::string arrow_type;
  std::string column_type;
};
const std::vector<MismatchCase> kMismatches = {
    {"INT64", PlainField("c", Type::Utf8), "string", "INTEGER"},
    {"INT64", FloatField("c", Precision::DOUBLE), "double", "INTEGER"},
    {"STRING", PlainField("c", Type::LargeUtf8), "large_string", "STRING"},
    {"STRING", PlainField("c", static_cast<Type>(24)), "type 24", "STRING"},
    {"BYTES", PlainField("c", Type::Utf8), "string", "BYTES"},
    {"FLOAT64", FloatField("c", Precision::HALF), "halffloat", "FLOAT"},
    {"DATE", DateField("c", DateUnit::MILLISECOND), "date64[ms]", "DATE"},
    {"DATE", IntField("c", 64), "int64", "DATE"},
    {"TIME", TimeField("c", TimeUnit::NANOSECOND, 64), "time64[ns]", "TIME"},
    {"DATETIME", TimestampField("c", TimeUnit::MICROSECOND, "UTC"), "timestamp[us, tz=UTC]", "DATETIME"},
    {"TIMESTAMP", TimestampField("c", TimeUnit::NANOSECOND), "timestamp[ns]", "TIMESTAMP"},
    {"NUMERIC", DecimalField("c", 128, 38, 10), "decimal128(38, 10)", "NUMERIC"},
    {"NUMERIC", DecimalField("c", 256, 38, 9), "decimal256(38, 9)", "NUMERIC"},
    {"ARRAY<INT64>", IntField("c", 64), "int64", "REPEATED INTEGER"},
    {"INT64", ListField("c", IntField("item", 64)), "list<int64>", "INTEGER"},
    {"ARRAY<INT64>", ListField("c", ListField("item", IntField("item", 64))), "list<list<int64>>",
     "REPEATED INTEGER"},
    {"ARRAY<INT64>", PlainField("c", Type::List), "list<>", "REPEATED INTEGER"},
};

TEST(ArrowSchemaTest, RefusesTypesThatAColumnDoesNotTake) {
  for (const MismatchCase& test : kMismatches) {
    const auto plan =
        CompileArrowSchema(SchemaMessage({test.field}), TableOf({MakeColumn("c " + test.column)}));
    EXPECT_EQ(plan.status().message(),
              "The Arrow field mismatched with BigQuery field at c, the Arrow field type " + test.arrow_type +
                  ", BigQuery field type " + test.column_type);
    const auto conflict = FieldConflictOf(plan.status());
    ASSERT_TRUE(conflict.has_value());
    EXPECT_EQ(conflict->mismatched, "c");
  }
  ArrowField encoded = PlainField("c", Type::Utf8);
  encoded.dictionary = true;
  EXPECT_THAT(
      CompileArrowSchema(SchemaMessage({encoded}), TableOf({MakeColumn("c STRING")})).status().message(),
      HasSubstr("the Arrow field type dictionary"));
}

std::string SchemaError(const std::vector<ArrowField>& fields, const std::vector<schema::Column>& columns) {
  return std::string(CompileArrowSchema(SchemaMessage(fields), TableOf(columns)).status().message());
}

TEST(ArrowSchemaTest, JoinsFieldsToColumnsByName) {
  const std::vector<schema::Column> columns = {
      MakeColumn("a INT64 REQUIRED"), MakeColumn("ä STRING"),
      MakeStruct("s", {MakeColumn("x INT64"), MakeColumn("y INT64")})};
  EXPECT_EQ(SchemaError({PlainField("Ä", Type::Utf8)}, columns),
            "Input schema has more fields than BigQuery schema, extra fields: 'Ä'");
  EXPECT_EQ(
      SchemaError({IntField("A", 64), IntField("b", 64), StructField("S", {IntField("z", 8)})}, columns),
      "Input schema has more fields than BigQuery schema, extra fields: 'b,s.z'");
  EXPECT_EQ(SchemaError({PlainField("ä", Type::Utf8)}, columns),
            "The required field a is missing in the Arrow schema");
  EXPECT_EQ(SchemaError({IntField("a", 64), IntField("A", 64)}, columns),
            "Invalid Arrow schema: more than one field for column a");
  EXPECT_EQ(SchemaError({IntField("a", 64), PlainField("_change_type", Type::Utf8)}, columns),
            "Change data capture does not take rows in Arrow format (field _change_type); send them as "
            "protobuf rows");
  EXPECT_EQ(SchemaError({PlainField("a\xff", Type::Utf8)}, columns),
            "Invalid Arrow schema: a field's name is not UTF-8");
  EXPECT_EQ(SchemaError({IntField("A", 64), StructField("S", {IntField("Y", 8)})}, columns), "");
}

TEST(ArrowSchemaTest, RefusesWhatIsNoSchema) {
  const schema::TableSchema table = TableOf({MakeColumn("c INT64")});
  const auto error = [&](const std::string& bytes) {
    return std::string(CompileArrowSchema(bytes, table).status().message());
  };
  const std::string good = SchemaMessage({IntField("c", 64)});
  EXPECT_EQ(error(good), "");
  EXPECT_EQ(error(good.substr(4)), "") << "Arrow 0.14 and before wrote no continuation";
  EXPECT_EQ(error(good + std::string(8, '\0')), "") << "an end-of-stream marker";
  EXPECT_EQ(error(""), "Invalid Arrow schema: not an encapsulated IPC message");
  EXPECT_EQ(error(BatchMessage(0, {})), "Invalid Arrow schema: the message is not a Schema");
  EXPECT_EQ(error(SchemaMessage({}, ipc::Endianness::BIG)),
            "Invalid Arrow schema: only little-endian buffers are taken");
  for (size_t size = 0; size + 1 < good.size(); ++size) {
    EXPECT_THAT(error(good.substr(0, size)), HasSubstr("Invalid Arrow schema: ")) << size;
  }
}

class ArrowBatchTest : public ::testing::Test {
 protected:
  std::string Error(const std::string& bytes) {
    return std::string(ArrowBatch::Open(bytes, *plan_).status().message());
  }
  std::string Error(int64_t rows, const ArrowArray& list, const ArrowArray& text) {
    return Error(BatchMessage(rows, {list, text}));
  }

  const std::shared_ptr<const WriterPlan> plan_ =
      CompileArrowSchema(SchemaMessage({ListField("l", IntField("item", 32)), PlainField("t", Type::Utf8)}),
                         TableOf({MakeColumn("l ARRAY<INT64>"), MakeColumn("t STRING")}))
          .value();
  const ArrowArray list_ = ListArray({0, 1}, FixedArray<int32_t>({5}));
  const ArrowArray text_ = TextArray({"x"});
};

TEST_F(ArrowBatchTest, RefusesBuffersThatDoNotHoldTheRows) {
  EXPECT_EQ(Error(1, list_, text_), "");
  EXPECT_EQ(Error(2, list_, text_), "Invalid Arrow record batch: field l has 1 values where 2 are needed");
  EXPECT_EQ(Error(-1, list_, text_), "Invalid Arrow record batch: it has -1 rows");
  EXPECT_EQ(Error(int64_t{1} << 40, list_, text_), "Invalid Arrow record batch: it has 1099511627776 rows");

  ArrowArray list = list_;
  list.buffers[1].resize(4);
  EXPECT_EQ(Error(1, list, text_),
            "Invalid Arrow record batch: a buffer of field l has 4 bytes where 8 are needed");
  list = ListArray({1, 0}, FixedArray<int32_t>({5}));
  EXPECT_EQ(Error(1, list, text_), "Invalid Arrow record batch: the offsets of field l do not rise");
  list = ListArray({-1, 1}, FixedArray<int32_t>({5}));
  EXPECT_EQ(Error(1, list, text_), "Invalid Arrow record batch: the offsets of field l do not rise");
  list = ListArray({0, 2}, FixedArray<int32_t>({5}));
  EXPECT_EQ(Error(1, list, text_), "Invalid Arrow record batch: field l has 1 values where 2 are needed");
  list = list_;
  list.null_count = 1;  // without a bitmap
  EXPECT_EQ(Error(1, list, text_),
            "Invalid Arrow record batch: a buffer of field l has 0 bytes where 1 are needed");
  list = ListArray({0, INT32_MAX}, FixedArray<int32_t>({5}));
  EXPECT_EQ(Error(1, list, text_),
            "Invalid Arrow record batch: column l has 2147483647 elements, limit 67108864");

  ArrowArray text = text_;
  text.buffers[2].clear();
  EXPECT_EQ(Error(1, list_, text),
            "Invalid Arrow record batch: a buffer of field t has 0 bytes where 1 are needed");
}

TEST_F(ArrowBatchTest, RefusesBatchesOfAnotherSchema) {
  EXPECT_EQ(Error(BatchMessage(1, {list_})), "Invalid Arrow record batch: there is no node for field t");
  EXPECT_EQ(Error(BatchMessage(1, {list_, text_, text_})),
            "Invalid Arrow record batch: it has more fields than the writer schema");
  ArrowArray text = text_;
  text.buffers.pop_back();
  EXPECT_EQ(Error(1, list_, text), "Invalid Arrow record batch: there is no buffer for field t");
  EXPECT_EQ(Error(SchemaMessage({})),
            "Invalid Arrow record batch: the message is not a RecordBatch (the schema goes into "
            "writer_schema alone)");
  EXPECT_EQ(Error(BatchMessage(1, {list_, text_}, /*compressed=*/true)),
            "Invalid Arrow record batch: compressed buffers are not taken; write it without compression");
}

// Whatever the bytes are: the batch is refused, or its rows are read within the bytes and their memory
// bounded.
TEST_F(ArrowBatchTest, SurvivesMutations) {
  const uint64_t seed = base::TestSeed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const std::string good =
      BatchMessage(3, {ListArray({0, 1, 1, 3}, FixedArray<int32_t>({5, 6, 7}, {true, true, true})),
                       TextArray({"x", std::nullopt, "yz"})});
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(Error(good.substr(0, size)), HasSubstr("Invalid Arrow record batch: ")) << size;
  }
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (size_t i = random() % 4; i > 0; --i) bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto batch = ArrowBatch::Open(bytes, *plan_);
    if (!batch.ok()) continue;
    const auto rows = DecodeArrowRows(*plan_, *batch, {});
    if (rows.ok()) ++taken;
  }
  EXPECT_GT(taken, 100);
}

TEST(ArrowRowsTest, DecodesStructsAndListsOfThem) {
  const schema::Column column = MakeStruct(
      "c", {MakeColumn("a INT64"),
            MakeStruct("l", {MakeColumn("x STRING"), MakeColumn("y INT64")}, schema::ColumnMode::kRepeated)});
  const ArrowField field = StructField(
      "c", {ListField("l", StructField("item", {PlainField("x", Type::Utf8)})), IntField("a", 16)});
  const ArrowArray items = StructArray(3, {TextArray({"p", std::nullopt, "q"})});
  const ArrowArray array =
      StructArray(2, {ListArray({0, 2, 3}, items), FixedArray<int16_t>({7, 8}, {true, false})}, {});
  EXPECT_THAT(Decode(column, field, array),
              ElementsAre("{a: 7, l: [{x: \"p\", y: NULL}, {x: NULL, y: NULL}]}",
                          "{a: NULL, l: [{x: \"q\", y: NULL}]}"));
  const ArrowArray with_null = StructArray(2, array.children, {false, true});
  EXPECT_THAT(Decode(column, field, with_null), ElementsAre("NULL", "{a: NULL, l: [{x: \"q\", y: NULL}]}"));
  // A NULL struct is no element.
  const ArrowArray null_item = StructArray(3, {TextArray({"p", "r", "q"})}, {true, false, true});
  EXPECT_THAT(
      Decode(column, field, StructArray(2, {ListArray({0, 2, 3}, null_item), FixedArray<int16_t>({7, 8})})),
      ElementsAre("!Array cannot have a null element on field c.l[1]."));
}

TEST(ArrowRowsTest, NamesEveryBadRow) {
  const schema::TableSchema table = TableOf({MakeColumn("a INT64 REQUIRED"), MakeColumn("d DATE")});
  const auto plan = CompileArrowSchema(SchemaMessage({IntField("d", 32), IntField("a", 64)}), table).value();
  const std::string message = BatchMessage(4, {FixedArray<int32_t>({0, INT32_MAX, 0, 0}),
                                               FixedArray<int64_t>({1, 2, 3, 4}, {true, true, true, false})});
  const auto batch = ArrowBatch::Open(message, *plan);
  ASSERT_TRUE(batch.ok()) << batch.status();
  const auto rows = DecodeArrowRows(*plan, *batch, {});
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_THAT(rows->faults, SizeIs(2));
  EXPECT_EQ(rows->faults[0].index, 1);
  EXPECT_EQ(rows->faults[0].message, "Date field value is out of range: 2147483647 on field d.");
  EXPECT_EQ(rows->faults[1].index, 3);
  EXPECT_EQ(rows->faults[1].message, "Required field a is missing.");
}

// Rows that take no byte in the batch, and elements likewise, take memory all the same.
TEST(ArrowRowsTest, CountsCells) {
  const schema::Column wide =
      MakeStruct("c", {MakeColumn("a INT64"), MakeColumn("b INT64"), MakeColumn("d INT64")},
                 schema::ColumnMode::kRepeated);
  const int32_t many = 20'000'000;
  const ArrowArray elements = StructArray(many, {});
  EXPECT_THAT(
      Decode(wide, ListField("c", StructField("item", {})), ListArray({0, many}, elements)),
      ElementsAre("!AppendRows request too large: ARRAYs up to column c of row 0, limit 67108864 cells"));
  schema::Column once = wide;
  once.mode = schema::ColumnMode::kNullable;
  EXPECT_THAT(Decode(once, StructField("c", {}), StructArray(many, {})),
              ElementsAre("!AppendRows request too large: 20000000 rows of 9 columns, limit 67108864 cells"));
}

}  // namespace
}  // namespace bqcdc::emulator::convert
