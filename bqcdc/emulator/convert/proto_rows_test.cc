#include "bqcdc/emulator/convert/proto_rows.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "bqcdc/emulator/convert/testing/wire_bytes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace convert::testing;  // NOLINT: the words of these tests

struct CellCase {
  std::string name;
  std::string column;    // "TYPE", the column is called c
  std::string field;     // of the descriptor, besides name and number
  std::string bytes;     // of the row; the field has number 1
  std::string expected;  // CellText(), or "!" and the row's message
  std::string nested;    // nested types of the descriptor
};

std::shared_ptr<const WriterPlan> Compile(const schema::TableSchema& table, const std::string& descriptor) {
  auto plan = CompileWriterSchema(Descriptor(descriptor), table);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *plan : nullptr;
}

DecodedRows Decode(const WriterPlan& plan, const std::vector<std::string>& rows,
                   const DecodeInput& input = {}) {
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  auto decoded = DecodeRows(plan, views, input);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return *std::move(decoded);
}

std::string Cell(const WriterPlan& plan, const DecodedRows& rows, size_t column, size_t row = 0) {
  if (!rows.faults.empty()) return "!" + rows.faults[0].message;
  return CellText(plan.schema.columns[column], rows.chunks[row / 2048].Reader(column), row % 2048);
}

class CellTest : public ::testing::TestWithParam<CellCase> {};

TEST_P(CellTest, Decodes) {
  const CellCase& test = GetParam();
  schema::TableSchema table;
  table.columns = {MakeColumn("c " + test.column)};
  const auto plan = Compile(
      table, absl::StrCat("name: 'Row' field { name: 'c' number: 1 ", test.field, " } ", test.nested));
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(Cell(*plan, Decode(*plan, {test.bytes}), 0), test.expected);
}

const std::string kInt32 = "type: TYPE_INT32", kInt64 = "type: TYPE_INT64", kUint32 = "type: TYPE_UINT32",
                  kUint64 = "type: TYPE_UINT64", kBool = "type: TYPE_BOOL", kString = "type: TYPE_STRING",
                  kBytes = "type: TYPE_BYTES", kDouble = "type: TYPE_DOUBLE", kFloat = "type: TYPE_FLOAT",
                  kMessage = "type: TYPE_MESSAGE type_name: 'M'", kEnum = "type: TYPE_ENUM type_name: 'E'";
std::string Wrapper(const std::string& type) {
  return absl::StrCat("nested_type { name: 'M' field { name: 'value' number: 1 ", type, " } }");
}
const std::string kSeconds =
    "nested_type { name: 'M' field { name: 'seconds' number: 1 type: TYPE_INT64 } field { name: 'nanos' "
    "number: 2 "
    "type: TYPE_INT32 } }";
std::string RangeOf(const std::string& start, const std::string& end) {
  return absl::StrCat("nested_type { name: 'M' field { name: 'start' number: 1 type: ", start,
                      " } field { name: 'END' number: 2 type: ", end, " } }");
}
const std::string kEnumE =
    "enum_type { name: 'E' value { name: 'ZERO' number: 0 } value { name: 'MINUS' number: -2 } }";

INSTANTIATE_TEST_SUITE_P(
    Bool, CellTest,
    ::testing::Values(CellCase{"bool", "BOOL", kBool, VarintField(1, 1), "true", ""},
                      CellCase{"false", "BOOL", kBool, VarintField(1, 0), "false", ""},
                      CellCase{"wide", "BOOL", kBool, VarintField(1, 1ULL << 40), "true", ""},
                      CellCase{"int32", "BOOL", kInt32, SignedField(1, -1), "true", ""},
                      CellCase{"int64", "BOOL", kInt64, VarintField(1, 7), "true", ""},
                      CellCase{"uint32", "BOOL", kUint32, VarintField(1, 0), "false", ""},
                      CellCase{"uint64", "BOOL", kUint64, VarintField(1, 1), "true", ""},
                      CellCase{"wrapper", "BOOL", kMessage, BytesField(1, VarintField(1, 1)), "true",
                               Wrapper(kBool)},
                      CellCase{"empty_wrapper", "BOOL", kMessage, BytesField(1, ""), "false", Wrapper(kBool)},
                      CellCase{"missing", "BOOL", kBool, "", "NULL", ""}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Int64, CellTest,
    ::testing::Values(
        CellCase{"int64", "INT64", kInt64, SignedField(1, INT64_MIN), "-9223372036854775808", ""},
        CellCase{"int32", "INT64", kInt32, SignedField(1, -5), "-5", ""},
        CellCase{"int32_cut", "INT64", kInt32, VarintField(1, (1ULL << 32) + 3), "3", ""},
        CellCase{"uint32", "INT64", kUint32, VarintField(1, 4294967295u), "4294967295", ""},
        CellCase{"sint32", "INT64", "type: TYPE_SINT32", VarintField(1, 3), "-2", ""},
        CellCase{"sint64", "INT64", "type: TYPE_SINT64", VarintField(1, ~0ULL), "-9223372036854775808", ""},
        CellCase{"fixed32", "INT64", "type: TYPE_FIXED32", Fixed32Field(1, 4294967295u), "4294967295", ""},
        CellCase{"sfixed32", "INT64", "type: TYPE_SFIXED32", Fixed32Field(1, 4294967295u), "-1", ""},
        CellCase{"sfixed64", "INT64", "type: TYPE_SFIXED64", Fixed64Field(1, ~0ULL), "-1", ""},
        CellCase{"enum_number", "INT64", kEnum, SignedField(1, -2), "-2", kEnumE},
        CellCase{"int64_wrapper", "INT64", kMessage, BytesField(1, SignedField(1, -9)), "-9",
                 Wrapper(kInt64)},
        CellCase{"int32_wrapper", "INT64", kMessage, BytesField(1, SignedField(1, -9)), "-9",
                 Wrapper(kInt32)},
        CellCase{"uint32_wrapper", "INT64", kMessage, BytesField(1, VarintField(1, 9)), "9",
                 Wrapper(kUint32)},
        CellCase{"wrapper_merged", "INT64", kMessage, BytesField(1, VarintField(1, 9)) + BytesField(1, ""),
                 "9", Wrapper(kInt64)},
        CellCase{"wrapper_last_wins", "INT64", kMessage,
                 BytesField(1, VarintField(1, 9)) + BytesField(1, VarintField(1, 8)), "8", Wrapper(kInt64)},
        CellCase{"last_wins", "INT64", kInt64, VarintField(1, 1) + VarintField(1, 2), "2", ""},
        CellCase{"unknown_fields", "INT64", kInt64,
                 VarintField(7, 1) + BytesField(8, "x") + Fixed32Field(9, 1) + Fixed64Field(10, 1) +
                     GroupField(11, VarintField(1, 1)) + VarintField(1, 4) + VarintField(3000, 1),
                 "4", ""},
        CellCase{"other_wire_type", "INT64", kInt64, BytesField(1, "x"), "NULL", ""}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Float64, CellTest,
    ::testing::Values(CellCase{"double", "FLOAT64", kDouble, DoubleField(1, -1.5), "-1.5", ""},
                      CellCase{"float", "FLOAT64", kFloat, FloatField(1, 0.25f), "0.25", ""},
                      CellCase{"nan", "FLOAT64", kDouble, DoubleField(1, std::nan("")), "nan", ""},
                      CellCase{"infinity", "FLOAT64", kFloat, FloatField(1, -INFINITY), "-inf", ""},
                      CellCase{"double_wrapper", "FLOAT64", kMessage, BytesField(1, DoubleField(1, 2)), "2",
                               Wrapper(kDouble)},
                      CellCase{"float_wrapper", "FLOAT64", kMessage, BytesField(1, FloatField(1, 2)), "2",
                               Wrapper(kFloat)}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Text, CellTest,
    ::testing::Values(
        CellCase{"string", "STRING", kString, BytesField(1, "grüße"), "\"grüße\"", ""},
        CellCase{"empty", "STRING", kString, BytesField(1, ""), "\"\"", ""},
        CellCase{"enum_name", "STRING", kEnum, SignedField(1, -2), "\"MINUS\"", kEnumE},
        CellCase{"enum_name_too_long", "STRING(3)", kEnum, SignedField(1, -2),
                 "!Field c: STRING(3) has maximum length 3 but got a value with length 5 on field c.",
                 kEnumE},
        CellCase{"enum_unknown", "STRING", kEnum, VarintField(1, 99), "NULL", kEnumE},
        CellCase{"wrapper", "STRING", kMessage, BytesField(1, BytesField(1, "a")), "\"a\"", Wrapper(kString)},
        CellCase{"not_utf8", "STRING", kString, BytesField(1, "a\xff"),
                 "!STRING field value is not valid UTF-8 on field c.", ""},
        CellCase{"surrogate", "STRING", kString, BytesField(1, "\xed\xa0\x80"),
                 "!STRING field value is not valid UTF-8 on field c.", ""},
        CellCase{"max_length", "STRING(3)", kString, BytesField(1, "äöü"), "\"äöü\"", ""},
        CellCase{"too_long", "STRING(10)", kString, BytesField(1, "twelve bytes"),
                 "!Field c: STRING(10) has maximum length 10 but got a value with length 12 on field c.", ""},
        CellCase{"bytes", "BYTES", kBytes, BytesField(1, std::string("\0\xff", 2)), "x'00ff'", ""},
        CellCase{"bytes_string", "BYTES", kString, BytesField(1, "\xff"), "x'ff'", ""},
        CellCase{"bytes_wrapper", "BYTES", kMessage, BytesField(1, BytesField(1, "a")), "x'61'",
                 Wrapper(kBytes)},
        CellCase{"bytes_too_long", "BYTES(1)", kBytes, BytesField(1, "ab"),
                 "!Field c: BYTES(1) has maximum length 1 but got a value with length 2 on field c.", ""},
        CellCase{"json", "JSON", kString, BytesField(1, R"({"a":[1,null]})"), R"("{"a":[1,null]}")", ""},
        CellCase{"json_is_kept_in_canonical_form", "JSON", kString,
                 BytesField(1, R"({"b": [1.50, null], "a": 2, "a": 3})"), R"("{"a":2,"b":[1.5,null]}")", ""},
        CellCase{"json_number_is_rounded", "JSON", kString, BytesField(1, "36893488147419103233"),
                 R"("3.6893488147419103e+19")", ""},
        CellCase{"json_number_beyond_float64", "JSON", kString, BytesField(1, "[1e400]"),
                 "!JSON field value is out of range: [1e400] on field c.", ""},
        CellCase{"bad_json", "JSON", kString, BytesField(1, "{"),
                 "!Field value is not valid JSON on field c.", ""}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Time, CellTest,
    ::testing::Values(
        CellCase{"date_int32", "DATE", kInt32, SignedField(1, -719162), "0001-01-01", ""},
        CellCase{"date_int64", "DATE", kInt64, VarintField(1, 2932896), "9999-12-31", ""},
        CellCase{"date_string", "DATE", kString, BytesField(1, "2024-02-29"), "2024-02-29", ""},
        CellCase{"date_range", "DATE", kInt32, VarintField(1, 2932897),
                 "!Date field value is out of range: 2932897 on field c.", ""},
        CellCase{"date_text", "DATE", kString, BytesField(1, "2023-02-29"),
                 "!Date field value is out of range: 2023-02-29 on field c.", ""},
        CellCase{"time_packed", "TIME", kInt64, VarintField(1, 53880818196), "12:34:56.789012", ""},
        CellCase{"time_packed_max", "TIME", kInt64, VarintField(1, 102806536767), "23:59:59.999999", ""},
        CellCase{"time_bits", "TIME", kInt64, VarintField(1, 0x2000000000),
                 "!Time field value is out of range: 137438953472 on field c.", ""},
        CellCase{"time_string", "TIME", kString, BytesField(1, "01:02:03.5"), "01:02:03.500", ""},
        CellCase{"datetime_packed_min", "DATETIME", kInt64, VarintField(1, 74904229642240),
                 "0001-01-01 00:00:00", ""},
        CellCase{"datetime_packed", "DATETIME", kInt64, VarintField(1, 142439173919083028),
                 "2024-02-29 12:34:56.789012", ""},
        CellCase{"datetime_packed_max", "DATETIME", kInt64, VarintField(1, 703674213004689983),
                 "9999-12-31 23:59:59.999999", ""},
        CellCase{"datetime_month_13", "DATETIME", kInt64,
                 VarintField(1, (((2024LL << 26) + (13 << 22) + (1 << 17)) << 20)),
                 "!Datetime field value is out of range: 142483650259189760 on field c.", ""},
        CellCase{"time_second_60", "TIME", kInt64, VarintField(1, 60LL << 20),
                 "!Time field value is out of range: 62914560 on field c.", ""},
        CellCase{"datetime_string", "DATETIME", kString, BytesField(1, "2024-01-31T01:02:03"),
                 "2024-01-31 01:02:03", ""},
        CellCase{"timestamp", "TIMESTAMP", kInt64, VarintField(1, 253402300799999999),
                 "9999-12-31 23:59:59.999999+00", ""},
        CellCase{"timestamp_int32", "TIMESTAMP", kInt32, SignedField(1, -1), "1969-12-31 23:59:59.999999+00",
                 ""},
        CellCase{"timestamp_uint32", "TIMESTAMP", kUint32, VarintField(1, 4000000000u),
                 "1970-01-01 01:06:40+00", ""},
        CellCase{"timestamp_range", "TIMESTAMP", kInt64, SignedField(1, INT64_MIN),
                 "!Timestamp field value is out of range: -9223372036854775808 on field c.", ""},
        CellCase{"timestamp_text_of_picoseconds", "TIMESTAMP(12)", kString,
                 BytesField(1, "2024-01-31 01:02:03.5+00"), "2024-01-31 01:02:03.500+00", ""},
        CellCase{"timestamp_picoseconds", "TIMESTAMP(12)", kString,
                 BytesField(1, "1969-12-31T23:59:59.999999999999Z"), "1969-12-31 23:59:59.999999999999+00",
                 ""},
        CellCase{"timestamp_picoseconds_micros", "TIMESTAMP(12)", kInt64, SignedField(1, -1),
                 "1969-12-31 23:59:59.999999+00", ""},
        CellCase{"timestamp_picoseconds_nanos", "TIMESTAMP(12)", kMessage,
                 BytesField(1, SignedField(1, -1) + VarintField(2, 999999999)),
                 "1969-12-31 23:59:59.999999999000+00", kSeconds},
        CellCase{"timestamp_picoseconds_digits", "TIMESTAMP(12)", kString,
                 BytesField(1, "2024-01-31 01:02:03.1234567890123+00"),
                 "!Timestamp field value has more than 12 fractional digits: 2024-01-31 "
                 "01:02:03.1234567890123+00 on field c.",
                 ""},
        CellCase{"timestamp_picoseconds_list", "ARRAY<TIMESTAMP(12)>", kString + " label: LABEL_REPEATED",
                 BytesField(1, "1970-01-01 00:00:00.000000000001+00"),
                 "[1970-01-01 00:00:00.000000000001+00]", ""},
        CellCase{"interval_text", "INTERVAL", kString, BytesField(1, "1-2 3 4:5:6.5"), "1-2 3 4:5:6.500", ""},
        CellCase{"interval_duration", "INTERVAL", kMessage,
                 BytesField(1, SignedField(1, -1) + SignedField(2, -500000000)), "0-0 0 -0:0:1.500",
                 kSeconds},
        CellCase{"geography", "GEOGRAPHY", kString, BytesField(1, "Point( 1  2.0 )"), "\"POINT(1 2)\"", ""},
        CellCase{"geography_geo_json", "GEOGRAPHY", kString,
                 BytesField(1, R"({"type":"LineString","coordinates":[[0,0],[1,1]]})"),
                 "\"LINESTRING(0 0, 1 1)\"", ""},
        CellCase{"geography_text", "GEOGRAPHY", kString, BytesField(1, "POINT(1)"),
                 "!Invalid GEOGRAPHY value: 'POINT(1)' on field c.", ""},
        CellCase{"geography_latitude", "GEOGRAPHY", kString, BytesField(1, "POINT(1 91)"),
                 "!Geography field value is out of range: POINT(1 91) on field c.", ""},
        CellCase{"range_date", "RANGE<DATE>", kMessage,
                 BytesField(1, VarintField(1, 19723) + BytesField(2, "2024-02-01")),
                 "[2024-01-01, 2024-02-01)", RangeOf("TYPE_INT32", "TYPE_STRING")},
        CellCase{"range_datetime", "RANGE<DATETIME>", kMessage,
                 BytesField(1, VarintField(2, 142439173919083028)), "[UNBOUNDED, 2024-02-29 12:34:56.789012)",
                 RangeOf("TYPE_INT64", "TYPE_INT64")},
        CellCase{"range_timestamp", "RANGE<TIMESTAMP>", kMessage, BytesField(1, VarintField(1, 1000000)),
                 "[1970-01-01 00:00:01+00, UNBOUNDED)", RangeOf("TYPE_INT64", "TYPE_INT64")},
        CellCase{"range_open", "RANGE<DATE>", kMessage, BytesField(1, ""), "[UNBOUNDED, UNBOUNDED)",
                 RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"range_merged", "RANGE<DATE>", kMessage,
                 BytesField(1, VarintField(1, 0)) + BytesField(1, VarintField(2, 1)),
                 "[1970-01-01, 1970-01-02)", RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"range_unset", "RANGE<DATE>", kMessage, "", "NULL", RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"range_empty", "RANGE<DATE>", kMessage, BytesField(1, VarintField(1, 5) + VarintField(2, 5)),
                 "!Range start element must be smaller than range end element on field c.",
                 RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"range_end_out", "RANGE<DATE>", kMessage, BytesField(1, VarintField(2, 2932897)),
                 "!Date field value is out of range: 2932897 on field c.end.",
                 RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"range_bad_message", "RANGE<DATE>", kMessage, BytesField(1, "\xff"),
                 "!The bytes of field c are not a valid protobuf message.",
                 RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"timestamp_message", "TIMESTAMP", kMessage,
                 BytesField(1, SignedField(1, -1) + VarintField(2, 999999999)),
                 "1969-12-31 23:59:59.999999+00", kSeconds},
        CellCase{"timestamp_message_merged", "TIMESTAMP", kMessage,
                 BytesField(1, VarintField(1, 60)) + BytesField(1, VarintField(2, 1000)),
                 "1970-01-01 00:01:00.000001+00", kSeconds},
        CellCase{"timestamp_message_nanos", "TIMESTAMP", kMessage, BytesField(1, SignedField(2, -1)),
                 "!Timestamp field value is out of range: seconds: 0 nanos: -1 on field c.", kSeconds}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Decimal, CellTest,
    ::testing::Values(
        CellCase{"int32", "NUMERIC", kInt32, SignedField(1, -3), "-3", ""},
        CellCase{"int64", "NUMERIC", kInt64, SignedField(1, INT64_MIN), "-9223372036854775808", ""},
        CellCase{"uint32", "NUMERIC", kUint32, VarintField(1, 4294967295u), "4294967295", ""},
        CellCase{"float", "NUMERIC", kFloat, FloatField(1, -0.25f), "-0.25", ""},
        CellCase{"uint64", "NUMERIC", kUint64, VarintField(1, ~0ULL), "18446744073709551615", ""},
        CellCase{"double", "NUMERIC", kDouble, DoubleField(1, 0.5), "0.5", ""},
        CellCase{"nan", "NUMERIC", kDouble, DoubleField(1, std::nan("")),
                 "!Numeric field value is out of range: nan on field c.", ""},
        CellCase{"string", "NUMERIC", kString, BytesField(1, "123.456"), "123.456", ""},
        CellCase{"string_rounded", "NUMERIC", kString, BytesField(1, "0.0000000005"), "0.000000001", ""},
        CellCase{"string_bad", "NUMERIC", kString, BytesField(1, "1,5"),
                 "!Invalid NUMERIC value: '1,5' on field c.", ""},
        CellCase{"zero", "NUMERIC", kBytes, BytesField(1, Hex("00")), "0", ""},
        CellCase{"one", "NUMERIC", kBytes, BytesField(1, Hex("00ca9a3b")), "1", ""},
        CellCase{"minus_one", "NUMERIC", kBytes, BytesField(1, Hex("003665c4")), "-1", ""},
        CellCase{"fraction", "NUMERIC", kBytes, BytesField(1, Hex("00108dbe1c")), "123.456", ""},
        CellCase{"smallest", "NUMERIC", kBytes, BytesField(1, Hex("01")), "0.000000001", ""},
        CellCase{"max", "NUMERIC", kBytes, BytesField(1, Hex("ffffffff3f228a097ac4865aa84c3b4b")),
                 "99999999999999999999999999999.999999999", ""},
        CellCase{"min", "NUMERIC", kBytes, BytesField(1, Hex("01000000c0dd75f6853b79a557b3c4b4")),
                 "-99999999999999999999999999999.999999999", ""},
        CellCase{"padded", "NUMERIC", kBytes, BytesField(1, Hex("00ca9a3b00000000000000000000")), "1", ""},
        CellCase{"empty", "NUMERIC", kBytes, BytesField(1, ""), "!Invalid numeric encoding on field c.", ""},
        CellCase{"too_wide", "NUMERIC", kBytes, BytesField(1, std::string(17, '\0')),
                 "!Invalid numeric encoding on field c.", ""},
        CellCase{"bytes_wrapper", "NUMERIC", kMessage, BytesField(1, BytesField(1, Hex("01"))), "0.000000001",
                 Wrapper(kBytes)},
        CellCase{
            "precision", "NUMERIC(4, 2)", kString, BytesField(1, "123.45"),
            "!Field c: NUMERIC(4, 2) has precision 4 and scale 2 but got a value that is not in range of "
            "[-99.99, 99.99] on field c.",
            ""},
        CellCase{"big_one", "BIGNUMERIC", kBytes, BytesField(1, Hex("0000000040228a097ac4865aa84c3b4b")), "1",
                 ""},
        CellCase{"big_max", "BIGNUMERIC", kBytes, BytesField(1, std::string(31, '\xff') + "\x7f"),
                 "578960446186580977117854925043439539266.34992332820282019728792003956564819967", ""},
        CellCase{"big_min", "BIGNUMERIC", kBytes, BytesField(1, std::string(31, '\0') + "\x80"),
                 "-578960446186580977117854925043439539266.34992332820282019728792003956564819968", ""},
        CellCase{"big_string", "BIGNUMERIC", kString, BytesField(1, "-1e-38"),
                 "-0.00000000000000000000000000000000000001", ""},
        CellCase{"big_int32", "BIGNUMERIC", kInt32, SignedField(1, -3), "-3", ""},
        CellCase{"big_uint32", "BIGNUMERIC", kUint32, VarintField(1, 4294967295u), "4294967295", ""},
        CellCase{"big_uint64", "BIGNUMERIC", kUint64, VarintField(1, ~0ULL), "18446744073709551615", ""},
        CellCase{"big_double", "BIGNUMERIC", kDouble, DoubleField(1, -0.5), "-0.5", ""},
        CellCase{"big_float", "BIGNUMERIC", kFloat, FloatField(1, 0.25f), "0.25", ""},
        CellCase{"big_bytes_wrapper", "BIGNUMERIC", kMessage,
                 BytesField(1, BytesField(1, Hex("0000000040228a097ac4865aa84c3b4b"))), "1", Wrapper(kBytes)},
        CellCase{"big_empty", "BIGNUMERIC", kBytes, BytesField(1, ""),
                 "!Invalid bignumeric encoding on field c.", ""},
        CellCase{
            "big_precision", "BIGNUMERIC(4, 2)", kString, BytesField(1, "123.45"),
            "!Field c: BIGNUMERIC(4, 2) has precision 4 and scale 2 but got a value that is not in range of "
            "[-99.99, 99.99] on field c.",
            ""},
        CellCase{"big_int64", "BIGNUMERIC", kInt64, SignedField(1, INT64_MIN), "-9223372036854775808", ""}),
    [](const auto& info) { return info.param.name; });

const std::string kRepeated = " label: LABEL_REPEATED ";

INSTANTIATE_TEST_SUITE_P(
    Repeated, CellTest,
    ::testing::Values(
        CellCase{"ranges", "ARRAY<RANGE<DATE>>", kMessage + kRepeated,
                 BytesField(1, VarintField(1, 0)) + BytesField(1, VarintField(2, 1)),
                 "[[1970-01-01, UNBOUNDED), [UNBOUNDED, 1970-01-02)]", RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"intervals", "ARRAY<INTERVAL>", kString + kRepeated,
                 BytesField(1, "0-0 1 0:0:0") + BytesField(1, "4:0:0"), "[0-0 1 0:0:0, 0-0 0 4:0:0]", ""},
        CellCase{"geographies", "ARRAY<GEOGRAPHY>", kString + kRepeated,
                 BytesField(1, "POINT(1 2)") + BytesField(1, "POINT EMPTY"),
                 "[\"POINT(1 2)\", \"GEOMETRYCOLLECTION EMPTY\"]", ""},
        CellCase{"range_in_list", "ARRAY<RANGE<DATE>>", kMessage + kRepeated,
                 BytesField(1, "") + BytesField(1, VarintField(1, 1) + VarintField(2, 0)),
                 "!Range start element must be smaller than range end element on field c[1].",
                 RangeOf("TYPE_INT32", "TYPE_INT32")},
        CellCase{"unset", "ARRAY<INT64>", kInt64 + kRepeated, "", "[]", ""},
        CellCase{"unpacked", "ARRAY<INT64>", kInt64 + kRepeated, VarintField(1, 1) + VarintField(1, 2),
                 "[1, 2]", ""},
        CellCase{"packed", "ARRAY<INT64>", kInt64 + kRepeated, BytesField(1, Varint(1) + Varint(300)),
                 "[1, 300]", ""},
        CellCase{"both", "ARRAY<INT64>", kInt64 + kRepeated,
                 BytesField(1, Varint(1) + Varint(2)) + VarintField(1, 3) + BytesField(1, ""), "[1, 2, 3]",
                 ""},
        CellCase{"packed_double", "ARRAY<FLOAT64>", kDouble + kRepeated,
                 BytesField(1, Little(std::bit_cast<uint64_t>(1.5), 8)), "[1.5]", ""},
        CellCase{"strings", "ARRAY<STRING>", kString + kRepeated, BytesField(1, "a") + BytesField(1, ""),
                 "[\"a\", \"\"]", ""},
        CellCase{"wrappers", "ARRAY<STRING>", kMessage + kRepeated,
                 BytesField(1, BytesField(1, "a")) + BytesField(1, ""), "[\"a\", \"\"]", Wrapper(kString)},
        CellCase{"enums", "ARRAY<STRING>", kEnum + kRepeated, BytesField(1, Varint(0) + Varint(9)),
                 "[\"ZERO\"]", kEnumE},
        CellCase{"bad_element", "ARRAY<DATE>", kInt32 + kRepeated, BytesField(1, Varint(0) + Varint(9999999)),
                 "!Date field value is out of range: 9999999 on field c[1].", ""}),
    [](const auto& info) { return info.param.name; });

constexpr char kMalformed[] = "!The row is not a valid serialized protobuf message.";
INSTANTIATE_TEST_SUITE_P(
    Hostile, CellTest,
    ::testing::Values(
        CellCase{"cut_tag", "INT64", kInt64, "\x80", kMalformed, ""},
        CellCase{"cut_varint", "INT64", kInt64, "\x08\x80", kMalformed, ""},
        CellCase{"long_varint", "INT64", kInt64, "\x08" + std::string(11, '\x80'), kMalformed, ""},
        CellCase{"cut_string", "STRING", kString,
                 "\x0a\x05"
                 "ab",
                 kMalformed, ""},
        CellCase{"huge_length", "STRING", kString, "\x0a" + Varint(~0ULL), kMalformed, ""},
        CellCase{"field_zero", "INT64", kInt64, std::string("\0\0", 2), kMalformed, ""},
        CellCase{"wire_type_7", "INT64", kInt64, "\x0f", kMalformed, ""},
        CellCase{"stray_group_end", "INT64", kInt64, "\x0c", kMalformed, ""},
        CellCase{"open_group", "INT64", kInt64, Tag(5, 3), kMalformed, ""},
        CellCase{"deep_groups", "INT64", kInt64, std::string(1000, '\x2b') + std::string(1000, '\x2c'),
                 kMalformed, ""},
        CellCase{"cut_packed", "ARRAY<INT64>", kInt64 + kRepeated, "\x0a\x01\x80", kMalformed, ""},
        CellCase{"bad_wrapper", "INT64", kMessage, BytesField(1, "\x08"),
                 "!The bytes of field c are not a valid protobuf message.", Wrapper(kInt64)},
        // Put together the parts are a message; each alone is none.
        CellCase{"wrapper_in_cut_parts", "INT64", kMessage, BytesField(1, "\x08") + BytesField(1, "\x05"),
                 "!The bytes of field c are not a valid protobuf message.", Wrapper(kInt64)},
        // As protobuf reads tags: the fifth byte's upper bits do not count, a sixth byte is too much.
        CellCase{"wide_tag", "INT64", kInt64, "\x88\x80\x80\x80\x70\x05", "5", ""},
        CellCase{"long_tag", "INT64", kInt64, std::string("\x88\x80\x80\x80\x80\x00\x05", 7), kMalformed,
                 ""}),
    [](const auto& info) { return info.param.name; });

// A row of a nested table: STRUCT with a REQUIRED field, repeated STRUCTs, a group.
class NestedTest : public ::testing::Test {
 protected:
  NestedTest() {
    using schema::ColumnMode;
    table_.columns = {
        MakeStruct("s", {MakeColumn("a INT64"), MakeColumn("b STRING REQUIRED")}),
        MakeStruct("r", {MakeColumn("x INT64"), MakeColumn("y ARRAY<STRING>")}, ColumnMode::kRepeated)};
    plan_ = Compile(table_, R"(name: 'Row'
        field { name: 'S' number: 1 type: TYPE_MESSAGE type_name: 'T' }
        field { name: 'r' number: 2 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: 'U' }
        nested_type { name: 'T' field { name: 'a' number: 1 type: TYPE_INT64 } field { name: 'b' number: 2 type: TYPE_STRING } }
        nested_type { name: 'U' field { name: 'x' number: 1 type: TYPE_INT64 }
          field { name: 'y' number: 2 label: LABEL_REPEATED type: TYPE_STRING } })");
  }
  std::string Column(const std::string& row, size_t column) {
    return Cell(*plan_, Decode(*plan_, {row}), column);
  }

  schema::TableSchema table_;
  std::shared_ptr<const WriterPlan> plan_;
};

TEST_F(NestedTest, ReadsStructsAndLists) {
  const std::string row = BytesField(1, VarintField(1, 5) + BytesField(2, "five")) +
                          BytesField(2, VarintField(1, 1) + BytesField(2, "a") + BytesField(2, "b")) +
                          BytesField(2, "");
  EXPECT_EQ(Column(row, 0), "{a: 5, b: \"five\"}");
  EXPECT_EQ(Column(row, 1), "[{x: 1, y: [\"a\", \"b\"]}, {x: NULL, y: []}]");
  EXPECT_EQ(Column("", 0), "NULL");
  EXPECT_EQ(Column("", 1), "[]");
}

TEST_F(NestedTest, MergesPartsOfAMessage) {
  EXPECT_EQ(
      Column(BytesField(1, VarintField(1, 5)) + BytesField(1, BytesField(2, "b") + VarintField(1, 6)), 0),
      "{a: 6, b: \"b\"}");
}

TEST_F(NestedTest, NamesThePathOfAFault) {
  EXPECT_EQ(Column(BytesField(1, VarintField(1, 5)), 0), "!Required field s.b is missing.");
  EXPECT_EQ(Column(BytesField(2, BytesField(2, "ok") + BytesField(2, "\xff")), 1),
            "!STRING field value is not valid UTF-8 on field r[0].y[1].");
  EXPECT_EQ(Column(BytesField(1, "\x08"), 0), "!The bytes of field s are not a valid protobuf message.");
}

TEST(GroupTest, FillsAStruct) {
  schema::TableSchema table;
  table.columns = {MakeStruct("g", {MakeColumn("a INT64")})};
  const auto plan =
      Compile(table, R"(name: 'Row' field { name: 'g' number: 1 type: TYPE_GROUP type_name: 'G' }
      nested_type { name: 'G' field { name: 'a' number: 3 type: TYPE_INT64 } })");
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(Cell(*plan, Decode(*plan, {GroupField(1, VarintField(3, 4))}), 0), "{a: 4}");
}

// A keyed table whose message has both pseudo-columns (numbers 8 and 9).
class ChangeTest : public ::testing::Test {
 protected:
  ChangeTest() { Use("type: TYPE_STRING"); }

  void Use(const std::string& sequence_type) {
    table_.columns = {MakeColumn("id INT64 REQUIRED"), MakeColumn("name STRING REQUIRED"),
                      MakeColumn("note STRING")};
    table_.primary_key = {"id"};
    plan_ = Compile(table_, absl::StrCat(R"(name: 'Row'
        field { name: 'id' number: 1 type: TYPE_INT64 } field { name: 'name' number: 2 type: TYPE_STRING }
        field { name: 'note' number: 3 type: TYPE_STRING }
        field { name: '_change_type' number: 8 type: TYPE_STRING }
        field { name: '_change_Sequence_NUMBER' number: 9 )",
                                         sequence_type, " }"));
  }
  static std::string Type(const std::string& text) { return BytesField(8, text); }
  engine::VectorReader Change(const DecodedRows& rows, engine::ChangeColumn column) {
    return rows.chunks[0].Reader(table_.columns.size() + static_cast<size_t>(column));
  }

  schema::TableSchema table_;
  std::shared_ptr<const WriterPlan> plan_;
};

TEST_F(ChangeTest, ReadsKindsAndOperations) {
  const std::string values = VarintField(1, 1) + BytesField(2, "n");
  const DecodedRows rows = Decode(
      *plan_, {values + Type("UPSERT"), VarintField(1, 2) + Type("DELETE"), values + Type("INSERT"), values});
  ASSERT_THAT(rows.faults, IsEmpty());
  EXPECT_THAT(rows.kinds, ElementsAre(ChangeKind::kUpsert, ChangeKind::kDelete, ChangeKind::kInsert,
                                      ChangeKind::kUnspecified));
  const engine::VectorReader operation = Change(rows, engine::ChangeColumn::kOperation);
  EXPECT_EQ(operation.Uint8(0), 1);
  EXPECT_EQ(operation.Uint8(1), 2);
  EXPECT_EQ(operation.Uint8(2), 0);
  EXPECT_EQ(operation.Uint8(3), 0);
}

TEST_F(ChangeTest, ADeleteNeedsItsKeyAloneAndLooksAtNothingElse) {
  const DecodedRows rows = Decode(*plan_, {VarintField(1, 2) + BytesField(2, "\xff") + Type("DELETE")});
  ASSERT_THAT(rows.faults, IsEmpty());
  EXPECT_EQ(Cell(*plan_, rows, 0), "2");
  EXPECT_EQ(Cell(*plan_, rows, 1), "NULL");
  EXPECT_EQ(Cell(*plan_, Decode(*plan_, {Type("DELETE")}), 0), "!Required field id is missing.");
}

TEST_F(ChangeTest, ListsEveryBadRow) {
  const std::string good = VarintField(1, 1) + BytesField(2, "n") + Type("UPSERT");
  const DecodedRows rows = Decode(*plan_, {good, VarintField(1, 1) + Type("UPSERT"), good + Type("upsert"),
                                           good + Type(""), "\x08", good});
  ASSERT_THAT(rows.faults, SizeIs(4));
  EXPECT_EQ(rows.faults[0].index, 1);
  EXPECT_EQ(rows.faults[0].message, "Required field name is missing.");
  EXPECT_EQ(rows.faults[1].message, "The given value is not a valid CHANGE_TYPE: upsert");
  EXPECT_EQ(rows.faults[2].message, "The given value is not a valid CHANGE_TYPE: ");
  EXPECT_EQ(rows.faults[3].index, 4);
}

TEST_F(ChangeTest, ReadsSequenceNumbers) {
  const std::string row = VarintField(1, 1) + BytesField(2, "n") + Type("UPSERT");
  const DecodedRows rows = Decode(*plan_, {row + BytesField(9, "1/2/a/F"), row, row + BytesField(9, "77")});
  ASSERT_THAT(rows.faults, IsEmpty());
  const engine::VectorReader high = Change(rows, engine::ChangeColumn::kSequenceHigh);
  const engine::VectorReader low = Change(rows, engine::ChangeColumn::kSequenceLow);
  EXPECT_TRUE(high.Uint128(0) == ((static_cast<unsigned __int128>(1) << 64) | 2));
  EXPECT_TRUE(low.Uint128(0) == ((static_cast<unsigned __int128>(10) << 64) | 15));
  EXPECT_TRUE(high.IsNull(1));
  EXPECT_TRUE(high.Uint128(2) == static_cast<unsigned __int128>(0x77) << 64);
}

TEST_F(ChangeTest, RefusesBadSequenceNumbers) {
  const std::string row = VarintField(1, 1) + BytesField(2, "n") + Type("UPSERT");
  for (const std::string text : {"", "g", "1/", "/1", "1/2/3/4/5", "0x1", "-1", "12345678901234567"}) {
    EXPECT_EQ(Cell(*plan_, Decode(*plan_, {row + BytesField(9, text)}), 0),
              "!The given value is not a valid CHANGE_SEQUENCE_NUMBER: " + text);
  }
}

TEST_F(ChangeTest, TakesIntegersAsSequenceNumbers) {
  const std::string row = VarintField(1, 1) + BytesField(2, "n") + Type("UPSERT");
  Use("type: TYPE_INT64");
  const DecodedRows rows = Decode(*plan_, {row + VarintField(9, 7)});
  EXPECT_TRUE(Change(rows, engine::ChangeColumn::kSequenceHigh).Uint128(0) ==
              static_cast<unsigned __int128>(7) << 64);
  EXPECT_EQ(Cell(*plan_, Decode(*plan_, {row + SignedField(9, -7)}), 0),
            "!The given value is not a valid CHANGE_SEQUENCE_NUMBER: -7");
  Use("type: TYPE_UINT64");
  const DecodedRows wide = Decode(*plan_, {row + VarintField(9, ~0ULL)});
  EXPECT_TRUE(Change(wide, engine::ChangeColumn::kSequenceHigh).Uint128(0) ==
              static_cast<unsigned __int128>(~0ULL) << 64);
}

TEST(ManyRowsTest, FillsSeveralChunks) {
  schema::TableSchema table;
  table.columns = {MakeColumn("c INT64")};
  const auto plan = Compile(table, "name: 'Row' field { name: 'c' number: 1 type: TYPE_INT64 }");
  std::vector<std::string> rows;
  for (uint64_t i = 0; i < 5000; ++i) rows.push_back(VarintField(1, i));
  const DecodedRows decoded = Decode(*plan, rows);
  ASSERT_THAT(decoded.chunks, SizeIs(3));
  EXPECT_EQ(decoded.chunks[2].row_count(), 5000u - 4096u);
  EXPECT_EQ(Cell(*plan, decoded, 0, 4999), "4999");
}

TEST(ManyRowsTest, CutsAListOfBadRowsForSize) {
  schema::TableSchema table;
  table.columns = {MakeColumn("c INT64 REQUIRED")};
  const auto plan = Compile(table, "name: 'Row' field { name: 'c' number: 1 type: TYPE_INT64 }");
  const DecodedRows decoded = Decode(*plan, std::vector<std::string>(100'000));
  EXPECT_TRUE(decoded.faults_cut);
  EXPECT_LT(decoded.faults.size(), 100'000u);
  EXPECT_GT(decoded.faults.size(), 1'000u);
}

// Columns a (in the message) and b (not in it), both with a default of "d<row>".
class DefaultTest : public ::testing::Test {
 protected:
  DefaultTest() {
    for (const char* declaration : {"a STRING", "b STRING REQUIRED", "n STRING"}) {
      table_.columns.push_back(MakeColumn(declaration));
    }
    table_.columns[0].default_value_expression = "'d'";
    table_.columns[1].default_value_expression = "'d'";
    plan_ = Compile(table_, "name: 'Row' field { name: 'a' number: 1 type: TYPE_STRING }");
    input_.evaluate_default = [](const schema::Column& column,
                                 size_t rows) -> absl::StatusOr<std::vector<engine::Chunk>> {
      std::vector<engine::Chunk> chunks;
      schema::Column nullable = column;
      nullable.mode = schema::ColumnMode::kNullable;
      for (size_t first = 0; first < rows; first += 2048) {
        engine::Chunk& chunk = chunks.emplace_back(std::vector<schema::Column>{nullable}, false);
        const size_t count = std::min<size_t>(2048, rows - first);
        engine::VectorWriter writer = chunk.Writer(0);
        for (size_t i = 0; i < count; ++i) writer.SetBytes(i, absl::StrCat("d", first + i));
        chunk.SetRowCount(count);
      }
      return chunks;
    };
  }
  schema::TableSchema table_;
  std::shared_ptr<const WriterPlan> plan_;
  DecodeInput input_;
};

TEST_F(DefaultTest, ColumnsOutsideOfTheMessageGetTheirs) {
  const DecodedRows rows = Decode(*plan_, {BytesField(1, "x"), ""}, input_);
  EXPECT_EQ(Cell(*plan_, rows, 0, 0), "\"x\"");
  EXPECT_EQ(Cell(*plan_, rows, 0, 1), "NULL");  // in the message, unset, and the request does not ask
  EXPECT_EQ(Cell(*plan_, rows, 1, 0), "\"d0\"");
  EXPECT_EQ(Cell(*plan_, rows, 1, 1), "\"d1\"");
  EXPECT_EQ(Cell(*plan_, rows, 2, 1), "NULL");
}

TEST_F(DefaultTest, MissingValuesBecomeDefaultsWhereTheRequestAsks) {
  input_.default_when_missing = {true, true, true};
  std::vector<std::string> rows(3000);
  rows[1] = BytesField(1, "");
  const DecodedRows decoded = Decode(*plan_, rows, input_);
  EXPECT_EQ(Cell(*plan_, decoded, 0, 0), "\"d0\"");
  EXPECT_EQ(Cell(*plan_, decoded, 0, 1), "\"\"");
  EXPECT_EQ(Cell(*plan_, decoded, 0, 2999), "\"d2999\"");
}

// Elements without a byte in them take memory all the same, and so do the fields of a STRUCT that is not
// there.
TEST(CellLimitTest, CountsElementsAndFields) {
  constexpr size_t kFields = 999;
  std::vector<schema::Column> fields;
  for (size_t i = 0; i < kFields; ++i) fields.push_back(MakeColumn(absl::StrCat("f", i, " INT64")));
  schema::TableSchema table;
  table.columns = {MakeStruct("c", fields, schema::ColumnMode::kRepeated)};
  const auto plan =
      Compile(table, absl::StrCat("name: 'Row' field { name: 'c' number: 1 label: LABEL_REPEATED ", kMessage,
                                  " } nested_type { name: 'M' }"));
  ASSERT_NE(plan, nullptr);
  std::string row;
  for (size_t i = 0; i <= kRequestCellsMax / (kFields + 1); ++i) row += BytesField(1, "");
  const std::string_view rows[] = {row};
  EXPECT_EQ(DecodeRows(*plan, rows, {}).status().message(),
            "AppendRows request too large: ARRAYs up to column c of row 0, limit 67108864 cells");

  table.columns[0].mode = schema::ColumnMode::kNullable;
  const auto once = Compile(table, absl::StrCat("name: 'Row' field { name: 'c' number: 1 ", kMessage,
                                                " } nested_type { name: 'M' }"));
  ASSERT_NE(once, nullptr);
  const std::vector<std::string_view> many(kRequestCellsMax / kFields);
  EXPECT_EQ(DecodeRows(*once, many, {}).status().message(),
            "AppendRows request too large: 67176 rows of 1005 columns, limit 67108864 cells");
}

}  // namespace
}  // namespace bqcdc::emulator::convert
