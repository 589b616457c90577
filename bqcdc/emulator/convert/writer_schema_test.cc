#include "bqcdc/emulator/convert/writer_schema.h"
#include "bqcdc/emulator/convert/field_conflict.h"

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

using ::testing::StartsWith;
using namespace convert::testing;  // NOLINT: the words of these tests

schema::TableSchema Table(const std::vector<std::string>& columns) {
  schema::TableSchema table;
  for (const std::string& column : columns) table.columns.push_back(MakeColumn(column));
  return table;
}

// As many columns and levels as a table may have.
TEST(WriterSchema, LargestTables) {
  constexpr size_t kColumns = 10'000;
  constexpr int kLevels = 15;
  schema::TableSchema wide;
  std::string text = "name: 'R' ";
  for (size_t i = 0; i < kColumns; ++i) {
    wide.columns.push_back(MakeColumn(absl::StrCat("c", i, " INT64")));
    absl::StrAppend(&text, "field { name: 'C", i, "' number: ", i + 1, " type: TYPE_INT64 } ");
  }
  absl::StrAppend(&text, "field { name: '_CHANGE_TYPE' number: ", kColumns + 1, " type: TYPE_STRING } ",
                  "field { name: '_CHANGE_SEQUENCE_NUMBER' number: ", kColumns + 2, " type: TYPE_STRING }");
  const auto plan = CompileWriterSchema(Descriptor(text), wide);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ((*plan)->root.fields.size(), kColumns + 2);
  EXPECT_EQ((*plan)->root.field_of_column.back(), static_cast<int>(kColumns) - 1);

  schema::Column deep = MakeColumn("leaf INT64");
  text = "name: 'R' field { name: 's' number: 1 type: TYPE_MESSAGE type_name: 'M1' } ";
  for (int level = 1; level <= kLevels; ++level) {
    deep = MakeStruct("s", {deep});
    const bool is_last = level == kLevels;
    absl::StrAppend(&text, "nested_type { name: 'M", level, "' field { name: '", is_last ? "leaf" : "s",
                    "' number: 1 type: ", is_last ? "TYPE_INT64" : "TYPE_MESSAGE ");
    if (!is_last) absl::StrAppend(&text, "type_name: 'M", level + 1, "'");
    absl::StrAppend(&text, " } } ");
  }
  schema::TableSchema nested;
  nested.columns = {deep};
  EXPECT_TRUE(CompileWriterSchema(Descriptor(text), nested).ok());
}

struct RefusalCase {
  std::string name;
  std::vector<std::string> columns;
  std::string descriptor;
  std::string message;  // how the error starts
};

class RefusalTest : public ::testing::TestWithParam<RefusalCase> {};

TEST_P(RefusalTest, SaysWhatTheServiceSays) {
  const auto plan = CompileWriterSchema(Descriptor(GetParam().descriptor), Table(GetParam().columns));
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(plan.status().message()), StartsWith(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    ::testing::Values(
        RefusalCase{"no_message_name",
                    {"a INT64"},
                    "field { name: 'a' number: 1 type: TYPE_INT64 }",
                    "Invalid proto schema: BqMessage.proto: : Missing name."},
        RefusalCase{"no_field_name",
                    {"a INT64"},
                    "name: 'R' field { number: 1 type: TYPE_INT64 }",
                    "Invalid proto schema: BqMessage.proto: R.: Missing name."},
        RefusalCase{"foreign_type",
                    {"a INT64"},
                    "name: 'R' field { name: 'a' number: 1 type_name: '.x.Y' }",
                    "Invalid proto schema: BqMessage.proto: R.a: \".x.Y\" is not defined."},
        RefusalCase{"proto3_optional",
                    {"a INT64"},
                    "name: 'R' field { name: 'a' number: 1 type: TYPE_INT64 proto3_optional: true }",
                    "Invalid proto schema: BqMessage.proto: R.a: "},
        RefusalCase{
            "extra",
            {"a INT64"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_INT64 } field { name: 'x' number: 2 type: "
            "TYPE_INT64 } field { name: 'y' number: 3 type: TYPE_INT64 }",
            "Input schema has more fields than BigQuery schema, extra fields: 'x,y'"},
        RefusalCase{
            "mismatch",
            {"a INT64"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_STRING }",
            "The proto field mismatched with BigQuery field at R.a, the proto field type string, BigQuery "
            "field type INTEGER"},
        RefusalCase{
            "uint64_is_no_integer",
            {"a INT64"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_UINT64 }",
            "The proto field mismatched with BigQuery field at R.a, the proto field type uint64, BigQuery "
            "field type INTEGER"},
        RefusalCase{
            "repeated",
            {"a INT64"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_INT64 label: LABEL_REPEATED }",
            "The proto field mismatched with BigQuery field at R.a, the proto field type repeated int64"},
        RefusalCase{
            "not_repeated",
            {"a ARRAY<INT64>"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_INT64 }",
            "The proto field mismatched with BigQuery field at R.a, the proto field type int64, BigQuery "
            "field type REPEATED INTEGER"},
        RefusalCase{"required_missing",
                    {"a INT64", "b INT64 REQUIRED"},
                    "name: 'R' field { name: 'a' number: 1 type: TYPE_INT64 }",
                    "The required field b is missing in the proto message"},
        RefusalCase{
            "twice",
            {"a INT64"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_INT64 } field { name: 'A' number: 2 type: "
            "TYPE_INT64 }",
            "Invalid proto schema: more than one field for column a"},
        RefusalCase{"change_type_twice",
                    {"a INT64"},
                    "name: 'R' field { name: '_CHANGE_TYPE' number: 1 type: TYPE_STRING } field { name: "
                    "'_change_type' "
                    "number: 2 type: TYPE_STRING }",
                    "Invalid proto schema: more than one field for column _CHANGE_TYPE"},
        RefusalCase{
            "timestamp_as_text",
            {"a TIMESTAMP"},
            "name: 'R' field { name: 'a' number: 1 type: TYPE_STRING }",
            "The proto field mismatched with BigQuery field at R.a, the proto field type string, BigQuery "
            "field type TIMESTAMP"},
        RefusalCase{"no_timestamp_of_a_duration",
                    {"a TIMESTAMP"},
                    "name: 'R' field { name: 'a' number: 1 type: TYPE_MESSAGE type_name: "
                    "'google_protobuf_Duration' } nested_type { name: "
                    "'google_protobuf_Duration' field { name: 'seconds' number: 1 type: TYPE_INT64 } field { "
                    "name: 'nanos' number: 2 "
                    "type: TYPE_INT32 } }",
                    "The proto field mismatched with BigQuery field at R.a"},
        RefusalCase{"no_interval_of_a_timestamp",
                    {"a INTERVAL"},
                    "name: 'R' field { name: 'a' number: 1 type: TYPE_MESSAGE type_name: 'Timestamp' } "
                    "nested_type { name: "
                    "'Timestamp' field { name: 'seconds' number: 1 type: TYPE_INT64 } field { name: 'nanos' "
                    "number: 2 "
                    "type: TYPE_INT32 } }",
                    "The proto field mismatched with BigQuery field at R.a"},
        RefusalCase{
            "change_type_is_text",
            {"a INT64"},
            "name: 'R' field { name: '_CHANGE_TYPE' number: 1 type: TYPE_INT64 }",
            "The proto field mismatched with BigQuery field at R._CHANGE_TYPE, the proto field type int64"},
        RefusalCase{"sequence_is_no_double",
                    {"a INT64"},
                    "name: 'R' field { name: '_CHANGE_SEQUENCE_NUMBER' number: 1 type: TYPE_DOUBLE }",
                    "The proto field mismatched with BigQuery field at R._CHANGE_SEQUENCE_NUMBER"}),
    [](const auto& info) { return info.param.name; });

TEST(WriterSchemaTest, TellsFieldsThatDoNotGoWithTheColumns) {
  const auto conflict_of = [](const std::string& fields) {
    return FieldConflictOf(CompileWriterSchema(Descriptor(fields), Table({"a INT64"})).status());
  };
  const auto extra = conflict_of("name: 'R' field { name: 'x' number: 1 type: TYPE_INT64 }");
  ASSERT_TRUE(extra.has_value());
  EXPECT_EQ(extra->extra, "x");
  EXPECT_EQ(extra->mismatched, "");
  const auto mismatch = conflict_of("name: 'R' field { name: 'a' number: 1 type: TYPE_STRING }");
  ASSERT_TRUE(mismatch.has_value());
  EXPECT_EQ(mismatch->extra, "");
  EXPECT_EQ(mismatch->mismatched, "a");
  const auto unusable = CompileWriterSchema("\xff\xff", Table({"a INT64"}));
  ASSERT_FALSE(unusable.ok());
  EXPECT_FALSE(FieldConflictOf(unusable.status()).has_value());
}

TEST(WriterSchemaTest, MatchesNamesIgnoringCaseAndByOption) {
  schema::TableSchema table = Table({"id INT64", "x STRING", "unused DATE"});
  table.columns[1].name = "naïve name";
  const auto plan = CompileWriterSchema(
      Descriptor(
          "name: 'R' field { name: 'ID' number: 5 type: TYPE_INT64 } field { name: 'col_1' number: 2 type: "
          "TYPE_STRING options { [google.cloud.bigquery.storage.v1.column_name]: 'naïve Name' } } "
          "field { name: '_CHANGE_TYPE' number: 99000 type: TYPE_STRING label: LABEL_REQUIRED }"),
      table);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const MessagePlan& root = (*plan)->root;
  EXPECT_EQ(root.fields[root.field_of_column[0]].number, 5u);
  EXPECT_EQ(root.fields[root.field_of_column[1]].number, 2u);
  EXPECT_EQ(root.field_of_column[2], -1);
  ASSERT_TRUE((*plan)->has_change_type());
  EXPECT_EQ(root.Find(99000, 0), (*plan)->change_type_field);
  EXPECT_EQ((*plan)->sequence_field, -1);
  EXPECT_EQ(root.Find(3, 0), -1);
  EXPECT_EQ(root.Find(99001, 0), -1);
}

}  // namespace
}  // namespace bqcdc::emulator::convert
