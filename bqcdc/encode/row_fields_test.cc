#include "bqcdc/encode/row_fields.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::encode {
namespace {

constexpr values::SequenceNumber kNumber = {{1, 2, 3, 0}};
constexpr size_t kRowBytesMax = 1000;

std::shared_ptr<const EncodePlan> Plan() {
  const auto columns = schema::ColumnsFromJsonText(
      R"([{"name":"id","type":"INT64"},{"name":"s","type":"STRING","maxLength":"5"},
      {"name":"n","type":"NUMERIC"},{"name":"f","type":"FLOAT64"},{"name":"b","type":"BOOL"},{"name":"y","type":"BYTES"},
      {"name":"d","type":"DATE"},{"name":"ts","type":"TIMESTAMP"},{"name":"dt","type":"DATETIME"},{"name":"j","type":"JSON"},
      {"name":"tags","type":"STRING","mode":"REPEATED"},{"name":"must","type":"INT64","mode":"REQUIRED"},
      {"name":"st","type":"STRUCT","fields":[{"name":"x","type":"INT64"}]}])");
  EXPECT_TRUE(columns.ok()) << columns.status();
  return *EncodePlan::Create({*columns, {"id"}});
}

enum Column : size_t { kId, kS, kN, kF, kB, kY, kD, kTs, kDt, kJ, kTags, kMust, kSt };

TEST(RowFieldsTest, WritesTheBytesThatJsonGives) {
  RowFields fields(Plan());
  EncodedRows rows;
  fields.Begin(&rows);
  fields.SetInt64(kId, -7);
  fields.SetText(kS, "h\u00e9llo");
  fields.SetText(kN, "12.345");
  fields.SetDouble(kF, 2.5);
  fields.SetBool(kB, true);
  fields.SetBytes(kY, std::string_view("\0\xff", 2));
  fields.SetDate(kD, 19723);
  fields.SetTimestamp(kTs, 1704067200000001);
  fields.SetText(kDt, "2024-01-01T12:30:00");
  fields.SetText(kJ, R"({"a":[1]})");
  fields.SetText(kTags, "one");
  fields.SetText(kTags, "two");
  fields.SetInt64(kMust, 1);
  ASSERT_EQ(fields.Finish(ChangeType::kUpsert, kNumber, true, kRowBytesMax), EncodeError::kNone);

  JsonRowEncoder json(Plan());
  const OwnedLine line(R"({"id":-7,"s":"h\u00e9llo","n":12.345,"f":2.5,"b":true,"y":"AP8=","d":"2024-01-01",
      "ts":1704067200000001,"dt":"2024-01-01T12:30:00","j":"{\"a\":[1]}","tags":["one","two"],"must":1,
      "_CHANGE_TYPE":"UPSERT","_CHANGE_SEQUENCE_NUMBER":"1/2/3/0"})");
  ASSERT_EQ(json.EncodeLine(line.line(), {}, &rows), EncodeError::kNone);
  EXPECT_EQ(rows.row(0), rows.row(1));
  EXPECT_EQ(rows.facts(0).key_hash, rows.facts(1).key_hash);
  EXPECT_EQ(rows.sequence(0), rows.sequence(1));
  EXPECT_TRUE(rows.facts(0).own_sequence);
}

TEST(RowFieldsTest, ADeleteCarriesItsKeyAlone) {
  RowFields fields(Plan());
  EncodedRows rows;
  fields.Begin(&rows);
  fields.SetText(kS, "x");
  fields.SetInt64(kId, 5);
  ASSERT_EQ(fields.Finish(ChangeType::kDelete, kNumber, false, kRowBytesMax), EncodeError::kNone);
  JsonRowEncoder json(Plan());
  const OwnedLine line(R"({"id":5,"_CHANGE_TYPE":"DELETE"})");
  ASSERT_EQ(json.EncodeLine(line.line(), kNumber, &rows), EncodeError::kNone);
  EXPECT_EQ(rows.row(0), rows.row(1));
}

TEST(RowFieldsTest, RefusesWhatDoesNotFit) {
  using Set = std::function<void(RowFields&)>;
  const struct {
    const char* name;
    Set set;
    EncodeError want;
    const char* path;
  } kCases[] = {
      {"no key", [](RowFields&) {}, EncodeError::kNullKey, "id"},
      {"required", [](RowFields& row) { row.SetInt64(kId, 1); }, EncodeError::kNullRequired, "must"},
      {"kind", [](RowFields& row) { row.SetBool(kId, true); }, EncodeError::kWrongKind, "id"},
      {"text into INT64", [](RowFields& row) { row.SetText(kId, "1"); }, EncodeError::kWrongKind, "id"},
      {"struct", [](RowFields& row) { row.SetText(kSt, "{}"); }, EncodeError::kWrongKind, "st"},
      {"twice", [](RowFields& row) { row.SetInt64(kId, 1), row.SetInt64(kId, 1); },
       EncodeError::kDuplicateColumn, "id"},
      {"length", [](RowFields& row) { row.SetText(kS, "123456"); }, EncodeError::kTooLong, "s"},
      {"utf-8", [](RowFields& row) { row.SetText(kS, "\xff"); }, EncodeError::kInvalidUtf8, "s"},
      {"digits", [](RowFields& row) { row.SetText(kN, "1x"); }, EncodeError::kMalformed, "n"},
      {"quote", [](RowFields& row) { row.SetText(kN, "1\",\"id\":\"2"); }, EncodeError::kMalformed, "n"},
      {"range", [](RowFields& row) { row.SetDate(kD, 1LL << 40); }, EncodeError::kOutOfRange, "d"},
      {"micros", [](RowFields& row) { row.SetTimestamp(kTs, std::numeric_limits<int64_t>::max()); },
       EncodeError::kOutOfRange, "ts"},
      {"json", [](RowFields& row) { row.SetText(kJ, "{"); }, EncodeError::kInvalidJsonText, "j"},
      {"pseudo-column", [](RowFields& row) { row.SetText(kSt + 1, "UPSERT"); }, EncodeError::kUnknownColumn,
       ""},
      {"first stays",
       [](RowFields& row) {
         row.SetText(kN, "no number");
         row.SetBool(kId, true);
       },
       EncodeError::kMalformed, "n"},
  };
  RowFields fields(Plan());
  EncodedRows rows;
  for (const auto& c : kCases) {
    fields.Begin(&rows);
    c.set(fields);
    EXPECT_EQ(fields.Finish(ChangeType::kUpsert, kNumber, true, kRowBytesMax), c.want) << c.name;
    EXPECT_EQ(fields.failure().Path(), c.path) << c.name;
    EXPECT_TRUE(rows.empty()) << c.name;
  }
  fields.Begin(&rows);
  fields.SetInt64(kId, 1);
  fields.SetInt64(kMust, 1);
  fields.SetText(kJ, "\"" + std::string(kRowBytesMax, 'x') + "\"");
  EXPECT_EQ(fields.Finish(ChangeType::kUpsert, kNumber, true, kRowBytesMax), EncodeError::kRowTooLarge);
  EXPECT_TRUE(rows.empty());
}

}  // namespace
}  // namespace bqcdc::encode
