#include "tests/conformance/row_message.h"

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::conformance {
namespace {

namespace storage = google::cloud::bigquery::storage::v1;

storage::TableSchema TableOf(storage::TableFieldSchema::Type type) {
  storage::TableSchema table;
  table.add_fields()->set_name("a");
  table.mutable_fields(0)->set_type(type);
  return table;
}

struct Row {
  const char* name;
  const char* column;
  const char* json;
  const char* want;  // bytes in hexadecimal digits
};

TEST(RowMessage, BytesOfEveryKind) {
  const Row rows[] = {
      {"usual for INT64", "a", R"({"a": -1})", "08ffffffffffffffffff01"},
      {"unset", "a", "{}", ""},
      {"STRING", "a:STRING", R"({"a": "xy"})", "0a027879"},
      {"a long text", "a:STRING", R"({"a": {"repeat": "xy", "times": 3}})", "0a06787978797879"},
      {"BYTES", "a:BYTES", R"({"a": "00ff"})", "0a0200ff"},
      {"no BYTES", "a:BYTES", R"({"a": ""})", "0a00"},
      {"BOOL", "a:BOOL", R"({"a": true})", "0801"},
      {"INT32", "a:INT32", R"({"a": 5})", "0805"},
      {"UINT64", "a:UINT64", R"({"a": 18446744073709551615})", "08ffffffffffffffffff01"},
      {"SINT32", "a:SINT32", R"({"a": -1})", "0801"},
      {"SINT64", "a:SINT64", R"({"a": -2})", "0803"},
      {"FIXED32", "a:FIXED32", R"({"a": 4294967295})", "0dffffffff"},
      {"SFIXED64", "a:SFIXED64", R"({"a": -5})", "09fbffffffffffffff"},
      {"FLOAT", "a:FLOAT", R"({"a": 1.5})", "0d0000c03f"},
      {"DOUBLE", "a:DOUBLE", R"({"a": 1.5})", "09000000000000f83f"},
      {"enum by name", "a:ENUM[RED BLUE]", R"({"a": "BLUE"})", "0802"},
      {"enum by number", "a:ENUM[RED BLUE]", R"({"a": 1})", "0801"},
      {"enum of no name", "a:ENUM[RED BLUE]", R"({"a": 99})", "0863"},
      {"message", "a:MESSAGE[x:INT64 y]", R"({"a": {"x": 7, "y": "z"}})", "0a05080712017a"},
      {"group", "a:GROUP[x:INT64 y]", R"({"a": {"x": 7, "y": "z"}})", "0b080712017a0c"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto message = RowMessage::Make({row.column}, TableOf(storage::TableFieldSchema::INT64));
    ASSERT_TRUE(message.ok()) << message.status();
    const auto bytes = (*message)->Serialize(row.json);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(absl::BytesToHexString(*bytes), row.want);
  }
}

TEST(RowMessage, FieldsAreTextWhereTheColumnIsNoInteger) {
  const auto message = RowMessage::Make({"a", "b"}, TableOf(storage::TableFieldSchema::NUMERIC));
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(absl::BytesToHexString(*(*message)->Serialize(R"({"a": "1", "b": "2"})")), "0a0131120132");
}

TEST(RowMessage, FaultsOfACaseAreErrors) {
  const storage::TableSchema table = TableOf(storage::TableFieldSchema::INT64);
  EXPECT_EQ(RowMessage::Make({"a:MONEY"}, table).status(),
            absl::InvalidArgumentError("protobuf has no type MONEY"));
  EXPECT_EQ(RowMessage::Make({"a:ENUM[RED"}, table).status(),
            absl::InvalidArgumentError("no `]` ends a:ENUM[RED"));
  const auto message = RowMessage::Make({"a", "e:ENUM[RED]"}, table);
  ASSERT_TRUE(message.ok()) << message.status();
  for (const char* row : {"{", "[1]", R"({"b": 1})", R"({"a": "one"})", R"({"e": "BLUE"})"})
    EXPECT_EQ((*message)->Serialize(row).status().code(), absl::StatusCode::kInvalidArgument) << row;
}

}  // namespace
}  // namespace bqcdc::conformance
