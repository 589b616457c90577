#include "bqcdc/encode/json_row_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/schema/column_name_rules.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::encode {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    text += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

JsonRowEncoder EncoderFor(schema::TableSchema table, JsonRowEncoderOptions options = {}) {
  auto plan = EncodePlan::Create(table);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return JsonRowEncoder(*plan, options);
}

schema::TableSchema Inline(std::string_view text, std::vector<std::string> key = {"id"}) {
  auto columns = schema::ParseInlineSchema(text);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return {*columns, std::move(key)};
}

schema::TableSchema Json(std::string_view text, std::vector<std::string> key = {"id"}) {
  auto columns = schema::ColumnsFromJsonText(text);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return {*columns, std::move(key)};
}

constexpr values::SequenceNumber kAssigned = {{1, 2, 0, 0}};

// Encodes one line; the row's bytes, or the error's text after "! ".
std::string Encode(JsonRowEncoder* encoder, std::string_view line, EncodedRows* rows) {
  const OwnedLine owned(line);
  const size_t before = rows->row_count();
  const EncodeError error = encoder->EncodeLine(owned.line(), kAssigned, rows);
  if (error != EncodeError::kNone) {
    EXPECT_EQ(rows->row_count(), before);
    EXPECT_EQ(encoder->failure().error, error);
    return "! " + std::string(DescribeEncodeError(encoder->failure()).message());
  }
  EXPECT_EQ(rows->row_count(), before + 1);
  return std::string(rows->row(before));
}

std::string EncodeOne(const schema::TableSchema& table, std::string_view line) {
  JsonRowEncoder encoder = EncoderFor(table);
  EncodedRows rows;
  return Encode(&encoder, line, &rows);
}

TEST(JsonRowEncoder, BytesOfASmallRow) {
  const schema::TableSchema table = Inline("id:INT64,name:STRING");
  // 1: varint 5; 2: "Bob"; 3: "UPSERT"; 4: "1/2/0/0"
  EXPECT_EQ(Hex(EncodeOne(table, R"({"_CHANGE_TYPE":"UPSERT","id":5,"name":"Bob"})")),
            "0805"
            "1203426f62"
            "1a06555053455254"
            "2207312f322f302f30");
  EXPECT_EQ(Hex(EncodeOne(
                table, R"({"id":5,"name":"Bob","_CHANGE_TYPE":"DELETE","_CHANGE_SEQUENCE_NUMBER":"0ab/C"})")),
            "0805"
            "1a0644454c455445"
            "220841422f432f302f30");
}

// One column v of a type beside the key; its bytes are what stands between the key and _CHANGE_TYPE.
std::string EncodeValue(const std::string& column, const std::string& value) {
  const schema::TableSchema table = Json(R"([{"name":"id","type":"INT64"},{"name":"v",)" + column + "}]");
  const std::string row = EncodeOne(table, R"({"id":1,"v":)" + value + R"(,"_CHANGE_TYPE":"UPSERT"})");
  if (row.rfind("! ", 0) == 0) return row;
  const std::string tail =
      "1a06555053455254"
      "2207312f322f302f30";
  const std::string hex = Hex(row);
  EXPECT_EQ(hex.substr(0, 4), "0801");
  EXPECT_EQ(hex.substr(hex.size() - tail.size()), tail);
  return hex.substr(4, hex.size() - 4 - tail.size());
}

TEST(JsonRowEncoder, Values) {
  struct Case {
    const char* column;
    const char* value;
    const char* want;
  };
  const std::vector<Case> cases = {
      {R"("type":"BOOL")", "true", "1001"},
      {R"("type":"BOOL")", "false", "1000"},
      {R"("type":"BOOL")", R"("True")", "1001"},
      {R"("type":"INT64")", "0", "1000"},
      {R"("type":"INT64")", "-1", "10ffffffffffffffffff01"},
      {R"("type":"INT64")", "9223372036854775807", "10ffffffffffffffff7f"},
      {R"("type":"INT64")", R"("-9223372036854775808")", "1080808080808080808001"},
      {R"("type":"FLOAT64")", "1.5", "11000000000000f83f"},
      {R"("type":"FLOAT64")", "-0", "110000000000000080"},
      {R"("type":"FLOAT64")", "1e-400", "110000000000000000"},
      {R"("type":"FLOAT64")", R"("NaN")", "11000000000000f87f"},
      {R"("type":"FLOAT64")", R"("-Infinity")", "11000000000000f0ff"},
      {R"("type":"FLOAT64")", R"("2.5e1")", "110000000000003940"},
      {R"("type":"FLOAT64")", "9999999999999999999", "11003d9160e458e143"},
      {R"("type":"NUMERIC")", "123.456", "120500108dbe1c"},
      {R"("type":"NUMERIC")", "-9999999999999999999", "120c00ca9a2b9ffddac1a131b0df"},
      {R"("type":"NUMERIC")", R"("-1")", "1204003665c4"},
      {R"("type":"NUMERIC")", "99999999999999999999999999999.999999999",
       "1210ffffffff3f228a097ac4865aa84c3b4b"},
      {R"("type":"NUMERIC","precision":4,"scale":2)", "12.344", "1205007ec2df02"},
      {R"("type":"BIGNUMERIC")", "1", "12100000000040228a097ac4865aa84c3b4b"},
      {R"("type":"STRING")", R"("")", "1200"},
      {R"("type":"STRING")", R"("a\u00e9\n")", "120461c3a90a"},
      {R"("type":"STRING")", "12.50", "120531322e3530"},
      {R"("type":"STRING")", "true", "120474727565"},
      {R"("type":"STRING","maxLength":2)", R"("éé")", "1204c3a9c3a9"},
      {R"("type":"BYTES")", R"("AP8=")", "120200ff"},
      {R"("type":"BYTES")", R"("Zm9vL\/8")", "1205666f6f2fff"},
      {R"("type":"BYTES")", "[ 0 , -1,127,-128 ]", "120400ff7f80"},
      {R"("type":"BYTES")", "[]", "1200"},
      {R"("type":"BYTES","mode":"REPEATED")", R"(["AP8=",[1,2],[]])", "120200ff120201021200"},
      {R"("type":"DATE")", R"("1970-01-02")", "1001"},
      {R"("type":"DATE")", "-719162", "10c68dd4ffffffffffff01"},
      {R"("type":"DATETIME")", R"("2024-02-29T12:34:56.789012")", "109494b0dcc8f582fd01"},
      {R"("type":"DATETIME")", "142439173919083028", "109494b0dcc8f582fd01"},
      {R"("type":"TIME")", R"("12:34:56.789012")", "109494b0dcc801"},
      {R"("type":"TIME")", R"("12:34")", "10808080c0c801"},
      {R"("type":"TIMESTAMP")", "1000000.0", "10c0843d"},
      {R"("type":"TIMESTAMP")", "1e6", "10c0843d"},
      {R"("type":"TIMESTAMP")", R"("1970-01-01T00:00:01Z")", "10c0843d"},
      {R"("type":"TIMESTAMP")", "1000000", "10c0843d"},
      {R"("type":"TIMESTAMP")", R"("1000000")", "10c0843d"},
      {R"("type":"TIMESTAMP","timestampPrecision":12)", R"("1970-01-01 00:00:00.000000000001+00")",
       "1223313937302d30312d30312030303a30303a30302e3030303030303030303030312b3030"},
      {R"("type":"TIMESTAMP","timestampPrecision":12)", "-1000000",
       "1216313936392d31322d33312032333a35393a35392b3030"},
      {R"("type":"TIMESTAMP","timestampPrecision":12)", R"("1970/01/01 01:00+1")",
       "1216313937302d30312d30312030303a30303a30302b3030"},
      {R"("type":"JSON")", R"( {"a" : [1, "x"]} )", "12107b226122203a205b312c202278225d7d"},
      {R"("type":"JSON")", R"("{\"a\":1}")", "12077b2261223a317d"},
      {R"("type":"JSON")", "12345678901234567890123", "12173132333435363738393031323334353637383930313233"},
      {R"("type":"JSON")", R"("\"text\"")", "1206227465787422"},
      {R"("type":"INTERVAL")", R"("0-0 0 0:15:0")", "120c302d30203020303a31353a30"},
      {R"("type":"INTERVAL")", R"("PT15M")", "120c302d30203020303a31353a30"},
      {R"("type":"GEOGRAPHY")", R"~("POINT(1 2)")~", "120a504f494e542831203229"},
      {R"("type":"GEOGRAPHY")", R"({"type":"Point","coordinates":[1,2]})",
       "12247b2274797065223a22506f696e74222c22636f6f7264696e61746573223a5b312c325d7d"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", R"({"start":"1970-01-01","end":"1970-01-03"})",
       "120408001002"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", R"({"end":"1970-01-03"})", "12021002"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", R"~("[1970-01-01, UNBOUNDED)")~", "12020800"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", "{}", "1200"},
      {R"("type":"STRUCT","fields":[{"name":"a","type":"INT64"},{"name":"b","type":"STRING","mode":"REPEATED"}])",
       R"({"B":["x","y"],"a":7})",
       "1208120178120179"
       "0807"},
      {R"("type":"INT64","mode":"REPEATED")", "[1,2]", "10011002"},
      {R"("type":"INT64","mode":"REPEATED")", "[]", ""},
      {R"("type":"INT64","mode":"REPEATED")", "null", ""},
      {R"("type":"STRING")", "null", ""},
  };
  for (const Case& c : cases) EXPECT_EQ(EncodeValue(c.column, c.value), c.want) << c.column << " " << c.value;
}

// As many columns and levels as a table may have.
TEST(JsonRowEncoder, LargestTables) {
  constexpr size_t kColumns = 10'000;
  schema::TableSchema wide;
  std::string line = "{";
  for (size_t i = 0; i < kColumns; ++i) {
    wide.columns.push_back({.name = absl::StrCat("c", i), .type = schema::ColumnType::kInt64});
    absl::StrAppend(&line, "\"c", i, "\":", i % 100, ",");
  }
  wide.primary_key = {"c0"};
  const std::string row = EncodeOne(wide, line + R"("_CHANGE_TYPE":"UPSERT"})");
  // The last column's tag, number 10000, and value stand before _CHANGE_TYPE.
  EXPECT_NE(Hex(row).find("80f10463"
                          "8af10406555053455254"),
            std::string::npos);
  wide.columns.push_back({.name = "one_more", .type = schema::ColumnType::kInt64});
  EXPECT_FALSE(EncodePlan::Create(wide).ok());

  schema::Column deep{.name = "leaf", .type = schema::ColumnType::kInt64};
  std::string value = "7";
  std::string name = "leaf";
  for (int level = 0; level < schema::kStructDepthMax; ++level) {
    deep = {.name = "s", .type = schema::ColumnType::kStruct, .fields = {deep}};
    value = absl::StrCat("{\"", name, "\":", value, "}");
    name = "s";
  }
  schema::TableSchema nested = Inline("id:INT64");
  nested.columns.push_back(deep);
  const std::string nested_row =
      EncodeOne(nested, absl::StrCat(R"({"id":1,"s":)", value, R"(,"_CHANGE_TYPE":"UPSERT"})"));
  EXPECT_NE(Hex(nested_row).find("0a020807"), std::string::npos) << nested_row;
  nested.columns.back() = {.name = "s", .type = schema::ColumnType::kStruct, .fields = {deep}};
  EXPECT_FALSE(EncodePlan::Create(nested).ok());
}

std::string Varint(uint64_t value) {
  std::string hex;
  for (; value >= 0x80; value >>= 7) hex += absl::StrCat(absl::Hex(0x80 | (value & 0x7f), absl::kZeroPad2));
  return hex + absl::StrCat(absl::Hex(value, absl::kZeroPad2));
}

// Packed civil times and scaled integers as the service's own encoders write them.
TEST(JsonRowEncoder, DocumentedVectors) {
  struct Civil {
    const char* column;
    const char* text;
    uint64_t packed;
  };
  constexpr Civil kCivil[] = {
      {R"("type":"TIME")", R"("12:34:56.789012")", 53880818196},
      {R"("type":"TIME")", R"("23:59:59.999999")", 102806536767},
      {R"("type":"DATETIME")", R"("0001-01-01 00:00:00")", 74904229642240},
      {R"("type":"DATETIME")", R"("2024-02-29 12:34:56.789012")", 142439173919083028},
      {R"("type":"DATETIME")", R"("9999-12-31 23:59:59.999999")", 703674213004689983}};
  for (const Civil& c : kCivil) EXPECT_EQ(EncodeValue(c.column, c.text), "10" + Varint(c.packed)) << c.text;

  struct Decimal {
    const char* column;
    std::string text;
    std::string bytes;
  };
  const std::string numeric_max = "99999999999999999999999999999.999999999";
  const std::string big = "578960446186580977117854925043439539266.3499233282028201972879200395656481996";
  std::string ones, zeros;
  for (int i = 0; i < 31; ++i) ones += "ff", zeros += "00";
  const char* numeric = R"("type":"NUMERIC")";
  const char* bignumeric = R"("type":"BIGNUMERIC")";
  const Decimal decimals[] = {{numeric, "0", "00"},
                              {numeric, "1", "00ca9a3b"},
                              {numeric, "-1", "003665c4"},
                              {numeric, "123.456", "00108dbe1c"},
                              {numeric, "0.000000001", "01"},
                              {numeric, numeric_max, "ffffffff3f228a097ac4865aa84c3b4b"},
                              {numeric, "-" + numeric_max, "01000000c0dd75f6853b79a557b3c4b4"},
                              {bignumeric, "1", "0000000040228a097ac4865aa84c3b4b"},
                              {bignumeric, big + "7", ones + "7f"},
                              {bignumeric, "-" + big + "8", zeros + "80"}};
  for (const Decimal& d : decimals) {
    const std::string want = "12" + Varint(d.bytes.size() / 2) + d.bytes;
    EXPECT_EQ(EncodeValue(d.column, d.text), want) << d.text;
    EXPECT_EQ(EncodeValue(d.column, "\"" + d.text + "\""), want) << d.text;
  }
}

TEST(JsonRowEncoder, RefusedValuesNameColumnAndReasonButNotTheValue) {
  struct Case {
    const char* column;
    std::string value;
    const char* want;
  };
  const std::vector<Case> cases = {
      {R"("type":"BOOL")", "1", "column v: expected true or false"},
      {R"("type":"BOOL")", R"("yes")", "column v: the value is malformed, expected true or false"},
      {R"("type":"INT64")", "1.0", "expected an integer"},
      {R"("type":"INT64")", "true", "expected an integer"},
      {R"("type":"INT64")", "[1]", "expected an integer"},
      {R"("type":"INT64")", "9223372036854775808", "out of range"},
      {R"("type":"INT64")", R"(" 1")", "malformed"},
      {R"("type":"INT64")", "01", "not valid JSON (byte "},
      {R"("type":"FLOAT64")", "1e400", "out of range"},
      {R"("type":"FLOAT64")", R"~("nan(1)")~", "malformed"},
      {R"("type":"NUMERIC")", "1e29", "out of range"},
      {R"("type":"NUMERIC")", R"("1,5")", "malformed"},
      {R"("type":"NUMERIC","precision":4,"scale":2)", "99.995", "more digits than the column's precision"},
      {R"("type":"STRING")", "{}", "expected text"},
      {R"("type":"STRING")", R"("\ud800")", "half of a surrogate pair"},
      {R"("type":"STRING","maxLength":2)", R"("ééé")", "longer than the column's maximum"},
      {R"("type":"BYTES","maxLength":1)", R"("AAA=")", "longer than the column's maximum"},
      {R"("type":"BYTES")", R"("not base64!")", "not base64"},
      {R"("type":"BYTES")", "12", "expected base64 text, or an array of integers from -128 to 127"},
      {R"("type":"BYTES")", R"([1,"2"])", "expected base64 text, or an array of integers"},
      {R"("type":"BYTES")", "[1.5]", "expected base64 text, or an array of integers"},
      {R"("type":"BYTES")", "[null]", "expected base64 text, or an array of integers"},
      {R"("type":"BYTES")", "[128]", "out of range"},
      {R"("type":"BYTES")", "[-129]", "out of range"},
      {R"("type":"BYTES")", "[1,]", "not valid JSON"},
      {R"("type":"BYTES")", "[1 2]", "not valid JSON"},
      {R"("type":"BYTES")", "[1}", "not valid JSON"},
      {R"("type":"BYTES","maxLength":1)", "[0,0]", "longer than the column's maximum"},
      {R"("type":"BYTES","mode":"REPEATED")", "[[1,300]]", "column v[0]: the value is out of range"},
      {R"("type":"DATE")", R"("2023-02-29")", "out of range"},
      {R"("type":"DATE")", "2932897", "out of range"},
      {R"("type":"DATETIME")", "1700000000000000",
       "malformed, expected a date and time as text, or the packed integer of one from year 1000 on"},
      {R"("type":"DATETIME")", "70368744177663999", "malformed"},
      {R"("type":"DATETIME")", "70368744177664000", "out of range"},  // Month 0 of year 1000.
      {R"("type":"DATETIME")", "142439173919083028.0", "malformed"},
      {R"("type":"TIME")", "53880818196", "expected a time as text"},
      {R"("type":"TIME")", R"("12:34:56.1234567")", "fractional digits"},
      {R"("type":"TIMESTAMP")", "1.5", "expected a timestamp as text or a whole number of microseconds"},
      {R"("type":"TIMESTAMP")", "1e30", "out of range"},
      {R"("type":"TIMESTAMP","timestampPrecision":12)", "1.5", "malformed"},
      {R"("type":"TIMESTAMP","timestampPrecision":12)", "253402300800000000", "out of range"},
      {R"("type":"TIMESTAMP")", "253402300800000000", "out of range"},
      {R"("type":"TIMESTAMP")", R"("253402300800000000")", "out of range"},
      {R"("type":"TIMESTAMP")", R"("99999999999999999999")", "out of range"},
      {R"("type":"TIMESTAMP")", R"("2024-01-01 00:00:00 Nowhere/City")", "malformed"},
      {R"("type":"TIMESTAMP","timestampPrecision":12)", R"("1970-01-01 00:00:00.0000000000001+00")",
       "fractional digits"},
      {R"("type":"JSON")", R"("plain text")", "the text is not JSON, or nested deeper than 500 levels"},
      {R"("type":"JSON")", "{\"a\":01}", "not valid JSON"},
      {R"("type":"JSON")", "[1,{]}", "not valid JSON"},
      {R"("type":"JSON")", std::string(501, '[') + std::string(501, ']'), "nested deeper than 500 levels"},
      {R"("type":"JSON")", "\"" + std::string(501, '[') + std::string(501, ']') + "\"",
       "nested deeper than 500 levels"},
      {R"("type":"INTERVAL")", R"("15m")", "malformed"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", R"({"start":"1970-01-03","end":"1970-01-03"})",
       "out of range"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", R"("1970-01-01, 1970-01-03")", "malformed"},
      {R"("type":"RANGE","rangeElementType":{"type":"DATE"})", R"({"begin":"1970-01-01"})",
       "column v.begin: the table has no such column"},
      {R"("type":"STRUCT","fields":[{"name":"a","type":"INT64"}])", "7", "column v: expected an object"},
      {R"("type":"STRUCT","fields":[{"name":"a","type":"INT64"}])", R"({"a":1,"A":2})",
       "column v.a: the column is given twice"},
      {R"("type":"STRUCT","fields":[{"name":"a","type":"INT64","mode":"REQUIRED"}])", "{}",
       "column v.a: the REQUIRED column is absent or null"},
      {R"("type":"STRUCT","mode":"REPEATED","fields":[{"name":"a","type":"INT64","mode":"REPEATED"}])",
       R"([{"a":[1]},{"a":[1,2,"x"]}])", "column v[1].a[2]: the value is malformed, expected an integer"},
      {R"("type":"INT64","mode":"REPEATED")", "[1,null]", "column v[1]: null elements"},
      {R"("type":"INT64","mode":"REPEATED")", "1", "column v: the column is REPEATED: expected an array"},
      {R"("type":"STRUCT","mode":"REPEATED","fields":[{"name":"a","type":"INT64"}])", "{}",
       "column v: the column is REPEATED: expected an array"},
      {R"("type":"INT64","mode":"REQUIRED")", "null", "column v: the REQUIRED column is absent or null"},
  };
  for (const Case& c : cases) {
    const std::string got = EncodeValue(c.column, c.value);
    EXPECT_THAT(got, HasSubstr(c.want)) << c.column << " " << c.value;
    EXPECT_EQ(got.substr(0, 2), "! ") << c.column << " " << c.value;
  }
}

TEST(JsonRowEncoder, RefusedLines) {
  struct Case {
    const char* line;
    const char* want;
  };
  const schema::TableSchema table = Inline("id:INT64,name:STRING");
  for (const Case& c :
       {Case{"", "not valid JSON"},
        Case{"{", "not valid JSON (byte 2)"},
        Case{"[1]", "not a JSON object"},
        Case{"5", "not"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT"} x)", "not valid JSON (byte 34)"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT"}{})", "not valid JSON"},
        Case{R"({"id":1 "_CHANGE_TYPE":"UPSERT"})", "not valid JSON"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT",})", "not valid JSON (byte 33)"},
        Case{R"({"id":1,"name":"x,"_CHANGE_TYPE":"UPSERT"})", "not valid JSON"},
        Case{"{\"id\":1,\"name\":\"\xff\"}", "not valid UTF-8"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT","nome":1})", "column nome: the table has no such column"},
        Case{R"({"id":1,"_CHANGE_TYPE":"DELETE","nome":1})", "column nome: the table has no such column"},
        Case{R"({"id":1,"ID":1,"_CHANGE_TYPE":"UPSERT"})", "column id: the column is given twice"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT","_change_type":"UPSERT"})",
             "column _CHANGE_TYPE: the column is given twice"},
        Case{R"({"id":1})", "_CHANGE_TYPE is missing"},
        Case{R"({"id":1,"_CHANGE_TYPE":null})", "_CHANGE_TYPE is missing"},
        Case{R"({"id":1,"_CHANGE_TYPE":"INSERT"})", "INSERT is refused"},
        Case{R"({"id":1,"_CHANGE_TYPE":"upsert"})", "must be UPSERT or DELETE"},
        Case{R"({"id":1,"_CHANGE_TYPE":1})", "must be UPSERT or DELETE"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT","_CHANGE_SEQUENCE_NUMBER":"1/"})", "hexadecimal sections"},
        Case{R"({"id":1,"_CHANGE_TYPE":"UPSERT","_CHANGE_SEQUENCE_NUMBER":12})", "hexadecimal sections"},
        Case{R"({"id":null,"_CHANGE_TYPE":"UPSERT"})", "column id: the primary key column is absent or null"},
        Case{R"({"_CHANGE_TYPE":"DELETE"})", "column id: the primary key column is absent or null"},
        Case{R"({"id":"x","_CHANGE_TYPE":"DELETE"})", "column id: the value is malformed"}}) {
    const std::string got = EncodeOne(table, c.line);
    EXPECT_THAT(got, HasSubstr(c.want)) << c.line;
    EXPECT_EQ(got.substr(0, 2), "! ") << c.line;
  }
}

TEST(JsonRowEncoder, KeysInAnyOrderAndCase) {
  JsonRowEncoder encoder = EncoderFor(Inline("id:INT64,Name:STRING,x:INT64"));
  EncodedRows rows;
  const std::string in_order =
      Encode(&encoder, R"({"id":1,"Name":"a","x":3,"_CHANGE_TYPE":"UPSERT"})", &rows);
  EXPECT_EQ(Encode(&encoder, R"({ "ID" : 1 , "nAME" : "a" , "X" : 3 , "_change_type" : "UPSERT" })", &rows),
            in_order);
  EXPECT_EQ(Encode(&encoder, R"({"\u0069d":1,"\u004eame":"a","x":3,"_CHANGE_TYPE":"UPSERT"})", &rows),
            in_order);
  const std::string shuffled =
      Encode(&encoder, R"({"x":3,"_CHANGE_TYPE":"UPSERT","id":1,"Name":"a"})", &rows);
  EXPECT_EQ(shuffled.size(), in_order.size());
  EXPECT_EQ(Encode(&encoder, R"({"x":3,"_CHANGE_TYPE":"UPSERT","id":1,"Name":"a"})", &rows), shuffled)
      << "the learnt order";
  EXPECT_EQ(Encode(&encoder, R"({"id":1,"Name":"a","x":3,"_CHANGE_TYPE":"UPSERT"})", &rows), in_order);
}

// A DELETE needs its key alone: other values are neither sent nor checked, wherever _CHANGE_TYPE stands.
TEST(JsonRowEncoder, DeleteSendsTheKeyInKeyOrder) {
  const schema::TableSchema table = Json(
      R"([{"name":"a","type":"INT64"},{"name":"n","type":"INT64","mode":"REQUIRED"},{"name":"b","type":"STRING"},
               {"name":"s","type":"STRUCT","fields":[{"name":"x","type":"INT64","mode":"REPEATED"}]}])",
      {"b", "a"});
  JsonRowEncoder encoder = EncoderFor(table);
  EncodedRows rows;
  const std::string want =
      "1a0178"
      "0801"
      "2a0644454c455445"
      "3207312f322f302f30";
  EXPECT_EQ(Hex(Encode(&encoder, R"({"_CHANGE_TYPE":"DELETE","a":1,"b":"x"})", &rows)), want);
  EXPECT_EQ(Hex(Encode(&encoder, R"({"b":"x","a":1,"_CHANGE_TYPE":"DELETE"})", &rows)), want);
  EXPECT_EQ(
      Hex(Encode(&encoder,
                 R"({"n":"no number","b":"x","s":{"x":[1,{"y":[2]}],"z":3},"a":1,"_CHANGE_TYPE":"DELETE"})",
                 &rows)),
      want);
  EXPECT_EQ(
      Hex(Encode(&encoder,
                 R"({"_CHANGE_TYPE":"DELETE","n":"no number","b":"x","s":{"x":[1,{"y":[2]}],"z":3},"a":1})",
                 &rows)),
      want);
  EXPECT_EQ(Hex(Encode(&encoder, R"({"n":7,"b":"x","s":{"x":[1]},"a":1,"_CHANGE_TYPE":"DELETE"})", &rows)),
            want);
  EXPECT_THAT(Encode(&encoder, R"({"n":"no number","b":"x","a":1,"_CHANGE_TYPE":"UPSERT"})", &rows),
              HasSubstr("column n: the value is malformed"));
  EXPECT_THAT(Encode(&encoder, R"({"b":"x","a":1,"_CHANGE_TYPE":"UPSERT"})", &rows),
              HasSubstr("column n: the REQUIRED column"));
  EXPECT_THAT(Encode(&encoder, R"({"b":"x","_CHANGE_TYPE":"DELETE"})", &rows),
              HasSubstr("column a: the primary key"));
}

// Changes of one key go over one connection by the hash of its bytes, so these may not depend on how a line
// spells the key, where it stands in the line or what stands beside it.
TEST(JsonRowEncoder, EqualKeysHaveEqualHashes) {
  struct Case {
    std::string type;
    std::vector<std::string> spellings;
    std::string other;  // another value
  };
  const std::vector<Case> cases = {
      {"INT64", {"7", R"("7")", " 7 "}, "8"},
      {"BOOL", {"true", R"("true")", R"("TRUE")"}, "false"},
      {"STRING", {R"("7")", "7", R"("\u0037")"}, R"("7 ")"},
      {"STRING", {R"("a/\u00e9")", R"("a\/é")", R"("\u0061/é")"}, R"("a/e")"},
      {"BYTES", {R"("+/8=")", R"("+/8")", R"("-_8=")", R"("-_8")", R"("\u002b/8=")"}, R"("+/A=")"},
      {"NUMERIC", {"1", "1.0", R"("1.00")", "1e0", "10E-1", "0.9999999999"}, "1.000000001"},
      {"BIGNUMERIC", {"-12.5", R"("-12.50")", "-125e-1", R"("-012.5")"}, "12.5"},
      {"DATE", {R"("1970-01-08")", "7", R"("1970-1-8")"}, "8"},
      {"DATETIME",
       {R"("2026-11-28T01:02:03")", R"("2026-11-28 01:02:03")", R"("2026-11-28 01:02:03.000")"},
       R"("2026-11-28 01:02:04")"},
      {"TIMESTAMP",
       {R"("1970-01-01T00:00:01Z")", "1000000", R"("1970-01-01 01:00:01+01:00")",
        R"("1970-01-01 00:00:01.000 UTC")", "1e6"},
       "1000001"},
      {"TIMESTAMP(12)",
       {R"("1970-01-01T00:00:01Z")", "1000000", R"("1970-01-01 01:00:01.000000000000+01:00")",
        R"("1970/01/01 00:00:01")"},
       R"("1970-01-01 00:00:01.000000000001+00")"},
  };
  for (const Case& c : cases) {
    for (const bool composite : {false, true}) {
      JsonRowEncoder encoder =
          EncoderFor(Inline(absl::StrCat("v:STRING,k:", c.type, ",id:INT64"),
                            composite ? std::vector<std::string>{"id", "k"} : std::vector<std::string>{"k"}));
      EncodedRows rows;
      const auto encode = [&](const std::string& line) {
        EXPECT_THAT(Encode(&encoder, line, &rows), Not(HasSubstr("! "))) << line;
        return rows.empty() ? 0 : rows.facts(rows.row_count() - 1).key_hash;
      };
      const uint64_t hash =
          encode(absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"k":)", c.spellings[0], "}"));
      for (const std::string& spelling : c.spellings) {
        EXPECT_EQ(encode(absl::StrCat(R"({"k":)", spelling, R"(,"v":"x","id":1,"_CHANGE_TYPE":"UPSERT"})")),
                  hash)
            << c.type << " " << spelling;
        EXPECT_EQ(encode(absl::StrCat(R"({"id":1,"_CHANGE_TYPE":"DELETE","v":"y","K":)", spelling,
                                      R"(,"_CHANGE_SEQUENCE_NUMBER":"A"})")),
                  hash)
            << c.type << " " << spelling;
      }
      EXPECT_NE(encode(absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"k":)", c.other, "}")), hash)
          << c.type;
      if (composite) {
        EXPECT_NE(encode(absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":2,"k":)", c.spellings[0], "}")), hash)
            << c.type;
      }
    }
  }
}

TEST(JsonRowEncoder, TellsWhetherAnotherSchemaMayTakeALine) {
  const auto columns = *schema::ColumnsFromJsonText(R"([
      {"name":"id","type":"INT64"},{"name":"r","type":"INT64","mode":"REQUIRED"},{"name":"d","type":"DATE"},
      {"name":"t","type":"STRING","maxLength":"3"},{"name":"p","type":"NUMERIC","precision":"4","scale":"2"},
      {"name":"a","type":"RECORD","mode":"REPEATED","fields":[{"name":"x","type":"STRING","maxLength":"2"}]}])");
  JsonRowEncoder encoder(*EncodePlan::Create({columns, {"id"}}));
  const auto fail = [&](const std::string& values) {
    const OwnedLine line(R"({"_CHANGE_TYPE":"UPSERT",)" + values + "}");
    EncodedRows rows;
    EXPECT_NE(encoder.EncodeLine(line.line(), {}, &rows), EncodeError::kNone) << values;
    return encoder.failure();
  };
  for (const char* may :
       {R"("id":1)", R"("id":1,"r":2,"bogus":3)", R"("id":1,"r":2,"t":"long")", R"("id":1,"r":2,"p":"123.4")",
        R"("id":1,"r":"2.5")", R"("id":1,"r":9223372036854775808)", R"("id":1,"r":2,"a":[{"x":"xyz"}])"}) {
    EXPECT_TRUE(fail(may).DependsOnSchema()) << may;
  }
  for (const char* never : {R"("r":2)", R"("id":1,"r":2,"d":"2026-02-30")", R"("id":1,"r":2,"t":[])",
                            R"("id":1,"r":2,"t":"x","t":"y")", R"("id":1,"r":2,)"}) {
    EXPECT_FALSE(fail(never).DependsOnSchema()) << never;
  }
  // One reason, whatever the value and its place in an array; another for another column or name.
  const auto reason = [&](const char* values) { return fail(values).ReasonHash(); };
  EXPECT_EQ(reason(R"("id":1,"r":2,"a":[{"x":"xyz"}])"),
            reason(R"("id":9,"r":2,"a":[{"x":"a"},{"x":"abcdef"}])"));
  EXPECT_NE(reason(R"("id":1,"r":2,"a":[{"x":"xyz"}])"), reason(R"("id":1,"r":2,"t":"long")"));
  EXPECT_NE(reason(R"("id":1,"r":2,"bogus":3)"), reason(R"("id":1,"r":2,"other":3)"));
  EXPECT_NE(reason(R"("id":1)"), reason(R"("id":1,"r":"2.5")"));
}

// A line is judged the same whether lines of its shape were seen before or not.
TEST(JsonRowEncoder, LinesOfAKnownShapeAreChecked) {
  const auto columns = *schema::ColumnsFromJsonText(R"([
      {"name":"id","type":"INT64"},{"name":"r","type":"INT64","mode":"REQUIRED"},{"name":"t","type":"STRING"},
      {"name":"s","type":"RECORD","fields":[{"name":"x","type":"INT64","mode":"REQUIRED"},{"name":"y","type":"STRING"}]},
      {"name":"a","type":"INT64","mode":"REPEATED"},{"name":"j","type":"JSON"},{"name":"b","type":"BOOL"}])");
  const std::string first =
      R"({"id":1,"r":2,"t":"text","s":{"x":3,"y":"u"},"a":[4,5],"j":{"k":[6]},"b":true,"_CHANGE_TYPE":"UPSERT"})";
  struct Case {
    std::string part, instead;
    EncodeError want;
  };
  const Case cases[] = {
      {"\"id\":1", "\"id\":null", EncodeError::kNullKey},
      {"\"r\":2", "\"r\":null", EncodeError::kNullRequired},
      {"\"x\":3", "\"x\":null", EncodeError::kNullRequired},
      {"\"y\":\"u\"", "\"y\":null", EncodeError::kNone},
      {"text", "te\x01t", EncodeError::kJsonSyntax},
      {"text", "te\xC3t", EncodeError::kInvalidUtf8},
      {"text", "te\\qt", EncodeError::kInvalidEscape},
      {"text", "te\\nt", EncodeError::kNone},
      {"\"text\"", "null", EncodeError::kNone},
      {"\"text\"", "{}", EncodeError::kWrongKind},
      {"[4,5]", "[4,null]", EncodeError::kNullElement},
      {"[4,5]", "[4,]", EncodeError::kJsonSyntax},
      {"[4,5]", "[]", EncodeError::kNone},
      {"[4,5]", "[ 4 , 5 ]", EncodeError::kNone},
      {"[4,5]", "null", EncodeError::kNone},
      {"[4,5]", "4", EncodeError::kNotAnArray},
      {"{\"k\":[6]}", "{\"k\":[6}", EncodeError::kJsonSyntax},
      {"{\"k\":[6]}", "{\"k\":\"\xFF\"}", EncodeError::kInvalidUtf8},
      {"{\"k\":[6]}", "\"{}\"", EncodeError::kNone},
      {"{\"k\":[6]}", " {\"k\":[6]}", EncodeError::kNone},
      {"{\"k\":[6]}", " null", EncodeError::kNone},
      {"{\"k\":[6]}", "\tnull", EncodeError::kNone},
      {"{\"x\":3,\"y\":\"u\"}", "null", EncodeError::kNone},
      {"{\"x\":3,\"y\":\"u\"}", "{\"y\":\"u\"}", EncodeError::kNullRequired},
      {"true", "tru", EncodeError::kWrongKind},
      {"true", "false", EncodeError::kNone},
      {"UPSERT", "DELETE", EncodeError::kNone},
      {"UPSERT", "INSERT", EncodeError::kChangeTypeInsert},
      {"\"UPSERT\"", "null", EncodeError::kChangeTypeMissing},
      {"UPSERT\"}", "UPSERT\"", EncodeError::kJsonSyntax},
      {"UPSERT\"}", "UPSERT\"} ", EncodeError::kNone},
      {"UPSERT\"}", "UPSERT\"}}", EncodeError::kJsonSyntax},
  };
  const auto plan = *EncodePlan::Create({columns, {"id"}});
  for (const Case& c : cases) {
    std::string text = first;
    text.replace(text.find(c.part), c.part.size(), c.instead);
    const OwnedLine first_line(first), line(text);
    JsonRowEncoder known(plan), fresh(plan);
    EncodedRows got, want;
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(known.EncodeLine(first_line.line(), kAssigned, &got), EncodeError::kNone);
    ASSERT_EQ(known.lines_to_scan(), 0u);
    EXPECT_EQ(fresh.EncodeLine(line.line(), kAssigned, &want), c.want) << text;
    EXPECT_EQ(known.EncodeLine(line.line(), kAssigned, &got), c.want) << text;
    if (c.want == EncodeError::kNone)
      EXPECT_EQ(got.row(got.row_count() - 1), want.row(0)) << text;
    else
      EXPECT_EQ(DescribeEncodeError(known.failure()), DescribeEncodeError(fresh.failure())) << text;
  }
}

// Lines that leave out what is NULL have one shape, if they give their columns in one order.
TEST(JsonRowEncoder, ColumnsOfAShapeMayBeAbsent) {
  const auto plan = *EncodePlan::Create(
      {*schema::ColumnsFromJsonText(
           R"([{"name":"id","type":"INT64"},{"name":"a","type":"INT64"},{"name":"b","type":"STRING"},
           {"name":"c","type":"INT64","mode":"REQUIRED"},{"name":"s","type":"RECORD","fields":[{"name":"x","type":"INT64"}]}])"),
       {"id"}});
  JsonRowEncoder encoder(plan);
  EncodedRows rows;
  const auto encode = [&](std::string_view members) {
    const OwnedLine line(absl::StrCat("{\"_CHANGE_TYPE\":\"UPSERT\"", std::string(members), "}"));
    return encoder.EncodeLine(line.line(), kAssigned, &rows);
  };
  // Known after them: the first three in one shape.
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(encode(R"(,"id":1,"a":2,"c":3)"), EncodeError::kNone);
    ASSERT_EQ(encode(R"(,"id":1,"b":"t","c":3)"), EncodeError::kNone);
    ASSERT_EQ(encode(R"(,"id":1,"c":3,"s":null)"), EncodeError::kNone);
    ASSERT_EQ(encode(R"(,"id":1,"c":3,"s":{"x":4})"), EncodeError::kNone);
  }
  struct Case {
    const char* members;
    EncodeError want;
    bool is_of_shape;
  };
  for (const Case& c :
       {Case{R"(,"id":1,"a":2,"b":"t","c":3)", EncodeError::kNone, true},
        Case{R"(,"id":1,"c":3)", EncodeError::kNone, true},
        Case{R"(,"id":1,"c":3,"s":{"x":4})", EncodeError::kNone, true},
        Case{R"(,"id":1,"a":2,"c":3,"s":null)", EncodeError::kNone, true},
        Case{R"(,"id":1,"a":2,"c":3,"s":{"x":4})", EncodeError::kNone, true},  // as a tree in place of null
        Case{R"(,"id":1,"a":2)", EncodeError::kNullRequired, true},
        Case{R"(,"a":2,"c":3)", EncodeError::kNullKey, true},
        Case{R"(,"id":1,"b":"t","a":2,"c":3)", EncodeError::kNone, false},
        Case{R"(,"id":1,"a":2,"a":2,"c":3)", EncodeError::kDuplicateColumn, false},
        Case{R"(,"id":1,"c":3,"s":null,"s":{"x":4})", EncodeError::kDuplicateColumn, false}}) {
    while (encoder.lines_to_scan() > 0) ASSERT_EQ(encode(R"(,"id":1,"b":"t","c":3)"), EncodeError::kNone);
    JsonRowEncoder fresh(plan);
    EncodedRows want;
    const OwnedLine line(absl::StrCat("{\"_CHANGE_TYPE\":\"UPSERT\"", c.members, "}"));
    EXPECT_EQ(encode(c.members), c.want) << c.members;
    EXPECT_EQ(encoder.lines_to_scan() == 0, c.is_of_shape) << c.members;
    EXPECT_EQ(fresh.EncodeLine(line.line(), kAssigned, &want), c.want) << c.members;
    if (c.want == EncodeError::kNone)
      EXPECT_EQ(rows.row(rows.row_count() - 1), want.row(0)) << c.members;
    else
      EXPECT_EQ(DescribeEncodeError(encoder.failure()), DescribeEncodeError(fresh.failure())) << c.members;
  }
}

TEST(JsonRowEncoder, KeepsAsManyShapesAsItMay) {
  const auto plan = *EncodePlan::Create({*schema::ParseInlineSchema("id:INT64,a:INT64"), {"id"}});
  const OwnedLine lines[] = {OwnedLine(R"({"id":1,"a":2,"_CHANGE_TYPE":"UPSERT"})"),
                             OwnedLine(R"({"a":2,"id":1,"_CHANGE_TYPE":"UPSERT"})")};
  // Whether a line of each kind in turns needs no search for tokens at last.
  const auto knows_both = [&](size_t shapes_max) {
    JsonRowEncoder encoder(plan, {.line_shapes_max = shapes_max});
    EncodedRows rows;
    for (int i = 0; i < 64; ++i)
      EXPECT_EQ(encoder.EncodeLine(lines[i % 2].line(), kAssigned, &rows), EncodeError::kNone);
    return encoder.lines_to_scan() == 0;
  };
  EXPECT_FALSE(knows_both(0));
  EXPECT_FALSE(knows_both(1));
  EXPECT_TRUE(knows_both(2));
}

// Elements grow to nine bytes from two: rows stop where they are too large, in lines of a known shape, too.
TEST(JsonRowEncoder, ArraysOfAKnownShapeKeepTheRowsLimit) {
  const auto plan = *EncodePlan::Create(
      {*schema::ColumnsFromJsonText(
           R"([{"name":"id","type":"INT64"},{"name":"v","type":"FLOAT64","mode":"REPEATED"},
                                        {"name":"r","type":"STRING","mode":"REQUIRED"}])"),
       {"id"}});
  const auto line_of = [](size_t elements, std::string_view r) {
    std::string text = R"({"id":1,"v":[1)";
    for (size_t i = 1; i < elements; ++i) text += ",1";
    return OwnedLine(absl::StrCat(text, "],\"r\":", std::string(r), R"(,"_CHANGE_TYPE":"UPSERT"})"));
  };
  const JsonRowEncoderOptions options{.row_bytes_max = 100};
  for (const char* r : {"\"x\"", "null"}) {
    JsonRowEncoder known(plan, options), fresh(plan, options);
    EncodedRows rows;
    const OwnedLine first = line_of(2, "\"x\""), large = line_of(100'000, r);
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(known.EncodeLine(first.line(), kAssigned, &rows), EncodeError::kNone);
    ASSERT_EQ(known.lines_to_scan(), 0u);
    const size_t kept = rows.kept_bytes();
    EXPECT_EQ(fresh.EncodeLine(large.line(), kAssigned, &rows), EncodeError::kRowTooLarge);
    EXPECT_EQ(known.EncodeLine(large.line(), kAssigned, &rows), EncodeError::kRowTooLarge);
    EXPECT_EQ(DescribeEncodeError(known.failure()), DescribeEncodeError(fresh.failure()));
    EXPECT_LE(rows.kept_bytes(), kept + 2 * large.line().size());
  }
}

TEST(JsonRowEncoder, ALineThatIsTooLongIsNotScannedAhead) {
  const auto plan = *EncodePlan::Create({*schema::ParseInlineSchema("id:INT64,s:STRING"), {"id"}});
  const auto row_of = [](std::string_view text) {
    return absl::StrCat(R"({"id":1,"s":")", std::string(text), R"(","_CHANGE_TYPE":"UPSERT"})");
  };
  JsonRowEncoder encoder(plan, {.line_bytes_max = 100, .line_shapes_max = 0});
  EncodedRows rows;
  const std::string good = row_of("a"), long_one = row_of(std::string(100, 'b'));
  std::string buffer = absl::StrCat(good, "\n", long_one, "\n", good);
  buffer.resize(buffer.size() + kLinePaddingBytes, ' ');
  const PaddedLine lines[] = {{buffer.data(), good.size()},
                              {buffer.data() + good.size() + 1, long_one.size()},
                              {buffer.data() + good.size() + long_one.size() + 2, good.size()}};
  EXPECT_EQ(encoder.ScanAhead(lines), 3u);
  EXPECT_EQ(encoder.EncodeLine(lines[0], kAssigned, &rows), EncodeError::kNone);
  EXPECT_EQ(encoder.EncodeLine(lines[1], kAssigned, &rows), EncodeError::kLineTooLong);
  EXPECT_EQ(encoder.EncodeLine(lines[2], kAssigned, &rows), EncodeError::kNone);
  // Other bytes in the same place.
  const std::string other = row_of("another text");
  std::copy(other.begin(), other.end(), buffer.begin() + 5);
  EXPECT_EQ(encoder.EncodeLine({buffer.data() + 5, other.size()}, kAssigned, &rows), EncodeError::kNone);
}

TEST(JsonRowEncoder, LongShapesAreNotKept) {
  const auto plan = *EncodePlan::Create({*schema::ParseInlineSchema("id:INT64,a:INT64,b:INT64"), {"id"}});
  JsonRowEncoder encoder(plan);
  EncodedRows rows;
  const auto encode = [&](std::string_view column, size_t spaces) {
    const OwnedLine line(absl::StrCat("{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":1,", std::string(spaces, ' '),
                                      "\"", std::string(column), "\":2}"));
    return encoder.EncodeLine(line.line(), kAssigned, &rows);
  };
  for (int i = 0; i < 8; ++i) ASSERT_EQ(encode("a", 300 * 1024), EncodeError::kNone);
  EXPECT_GT(encoder.lines_to_scan(), 0u);
  // Not together, either; each by itself is.
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(encode("a", 200 * 1024), EncodeError::kNone);
    ASSERT_EQ(encode("b", 200 * 1024), EncodeError::kNone);
  }
  EXPECT_EQ(encoder.lines_to_scan(), 0u);
}

// What is known of a DELETE's shape is no more than what was checked: its values are not.
TEST(JsonRowEncoder, UpsertsAreCheckedWhereDeletesAreNot) {
  const auto columns = *schema::ColumnsFromJsonText(
      R"([{"name":"id","type":"INT64"},{"name":"r","type":"INT64","mode":"REQUIRED"},{"name":"s","type":"RECORD","fields":[
      {"name":"x","type":"INT64","mode":"REQUIRED"},{"name":"y","type":"INT64"}]}])");
  struct Case {
    const char* values;
    EncodeError want;
  };
  for (const Case& c : {Case{R"("s":null)", EncodeError::kNullRequired},
                        Case{R"("r":1,"s":{"x":1,"x":2})", EncodeError::kDuplicateColumn},
                        Case{R"("r":1,"s":{"y":1})", EncodeError::kNullRequired},
                        Case{R"("r":1,"s":{"x":null})", EncodeError::kNullRequired},
                        Case{R"("r":1,"s":{"z":1})", EncodeError::kUnknownColumn},
                        Case{R"("r":1,"s":{"x":{}})", EncodeError::kWrongKind}}) {
    JsonRowEncoder encoder(*EncodePlan::Create({columns, {"id"}}));
    EncodedRows rows;
    const auto encode = [&](std::string_view type) {
      const OwnedLine line(
          absl::StrCat("{\"id\":1,", c.values, ",\"_CHANGE_TYPE\":\"", std::string(type), "\"}"));
      return encoder.EncodeLine(line.line(), kAssigned, &rows);
    };
    for (int i = 0; i < 8; ++i) EXPECT_EQ(encode("DELETE"), EncodeError::kNone) << c.values;
    EXPECT_EQ(encode("UPSERT"), c.want) << c.values;
  }
}

TEST(JsonRowEncoder, Facts) {
  JsonRowEncoder encoder = EncoderFor(Inline("id:INT64,name:STRING"));
  EncodedRows rows;
  Encode(&encoder, R"({"id":1,"name":"a","_CHANGE_TYPE":"UPSERT"})", &rows);
  Encode(&encoder, R"({"id":1,"_CHANGE_TYPE":"DELETE","_CHANGE_SEQUENCE_NUMBER":"F/1"})", &rows);
  Encode(&encoder, R"({"id":2,"_CHANGE_TYPE":"DELETE"})", &rows);
  EXPECT_EQ(rows.facts(0).key_hash, rows.facts(1).key_hash);
  EXPECT_NE(rows.facts(0).key_hash, rows.facts(2).key_hash);
  EXPECT_EQ(rows.facts(0).change_type, ChangeType::kUpsert);
  EXPECT_EQ(rows.facts(1).change_type, ChangeType::kDelete);
  EXPECT_FALSE(rows.facts(0).own_sequence);
  EXPECT_EQ(rows.sequence(0), kAssigned);
  EXPECT_TRUE(rows.facts(1).own_sequence);
  EXPECT_EQ(rows.sequence(1), (values::SequenceNumber{{15, 1, 0, 0}}));
}

TEST(JsonRowEncoder, SequenceNumbersComeFromOneSource) {
  JsonRowEncoder encoder = EncoderFor(Inline("id:INT64"));
  EncodedRows rows;
  constexpr const char* kOwn = R"({"id":1,"_CHANGE_TYPE":"UPSERT","_CHANGE_SEQUENCE_NUMBER":"1"})";
  constexpr const char* kNone = R"({"id":1,"_CHANGE_TYPE":"UPSERT"})";
  encoder.set_sequence_source(SequenceSource::kAssigned);
  EXPECT_THAT(Encode(&encoder, kOwn, &rows), HasSubstr("although other lines have none"));
  encoder.set_sequence_source(SequenceSource::kOwn);
  EXPECT_THAT(Encode(&encoder, kNone, &rows), HasSubstr("although other lines bring one"));
}

TEST(JsonRowEncoder, Limits) {
  JsonRowEncoder encoder =
      EncoderFor(Json(R"([{"name":"id","type":"INT64"},{"name":"v","type":"INT64","mode":"REPEATED"}])"),
                 {.line_bytes_max = 200, .row_bytes_max = 100});
  EncodedRows rows;
  EXPECT_THAT(Encode(&encoder, std::string(201, ' '), &rows), HasSubstr("line is too long"));
  EXPECT_THAT(
      Encode(&encoder, R"({"id":1,"_CHANGE_TYPE":"UPSERT","v":[-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1]})",
             &rows),
      HasSubstr("more than 100 bytes"));
  EXPECT_THAT(Encode(&encoder, R"({"id":1,"_CHANGE_TYPE":"UPSERT","v":[-1,-1,-1,-1,-1,-1,-1,-1]})", &rows),
              HasSubstr("more than 100 bytes"));
  EXPECT_EQ(Encode(&encoder, R"({"id":1,"_CHANGE_TYPE":"UPSERT","v":[-1]})", &rows).substr(0, 1), "\x08");
}

TEST(JsonRowEncoder, ManyColumnsAndLongNames) {
  schema::TableSchema table = Inline("id:INT64");
  std::string line = R"({"id":1)";
  for (int i = 0; i < 300; ++i) {
    const std::string name = std::string(290, 'c') + std::to_string(i);
    table.columns.push_back({.name = name, .type = schema::ColumnType::kInt64});
    line += ",\"" + name + "\":" + std::to_string(i);
  }
  line += R"(,"_CHANGE_TYPE":"UPSERT"})";
  JsonRowEncoder encoder = EncoderFor(table);
  EncodedRows rows;
  const std::string first = Encode(&encoder, line, &rows);
  EXPECT_EQ(first.substr(0, 2), "\x08\x01");
  EXPECT_EQ(Encode(&encoder, line, &rows), first);
}

TEST(EncodePlan, NeedsAPrimaryKey) {
  const auto plan = EncodePlan::Create(Inline("id:INT64", {}));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace bqcdc::encode
