// The schema of a table in its three spellings: REST JSON, bq's inline form, DDL types; rules and
// differences.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bqcdc/schema/column_name_rules.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/schema/schema_diff.h"
#include "bqcdc/schema/schema_json.h"
#include "nlohmann/json.hpp"

namespace bqcdc::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kTableJson = R"({"schema":{"fields":[
  {"name":"id","type":"INTEGER","mode":"REQUIRED"},
  {"name":"amount","type":"NUMERIC","precision":"10","scale":2},
  {"name":"note","type":"STRING","maxLength":"100","defaultValueExpression":"'x'","description":"free text"},
  {"name":"tags","type":"STRING","mode":"REPEATED"},
  {"name":"at","type":"timestamp","timestampPrecision":"12"},
  {"name":"period","type":"RANGE","rangeElementType":{"type":"DATE"}},
  {"name":"address","type":"RECORD","mode":"REPEATED","fields":[{"name":"street","type":"STRING"},{"name":"flag","type":"BOOLEAN"}]}]},
  "tableConstraints":{"primaryKey":{"columns":["id"]}}})";

TEST(ColumnType, BothSpellings) {
  EXPECT_EQ(FindColumnType("int64"), ColumnType::kInt64);
  EXPECT_EQ(FindColumnType("INTEGER"), ColumnType::kInt64);
  EXPECT_EQ(FindColumnType("Record"), ColumnType::kStruct);
  EXPECT_EQ(FindColumnType("BIGDECIMAL"), ColumnType::kBigNumeric);
  EXPECT_EQ(FindColumnType("TEXT"), std::nullopt);
  EXPECT_EQ(RestName(ColumnType::kFloat64), "FLOAT");
  EXPECT_EQ(SqlName(ColumnType::kFloat64), "FLOAT64");
}

TEST(SchemaJson, RoundTrips) {
  const auto schema = TableSchemaFromTableJson(nlohmann::json::parse(kTableJson));
  ASSERT_TRUE(schema.ok()) << schema.status();
  ASSERT_EQ(schema->columns.size(), 7u);
  EXPECT_THAT(schema->primary_key, ElementsAre("id"));
  EXPECT_EQ(SqlType(schema->columns[1]), "NUMERIC(10, 2)");
  EXPECT_EQ(SqlType(schema->columns[2]), "STRING(100)");
  EXPECT_EQ(SqlType(schema->columns[3]), "ARRAY<STRING>");
  EXPECT_EQ(SqlType(schema->columns[4]), "TIMESTAMP(12)");
  EXPECT_EQ(SqlType(schema->columns[5]), "RANGE<DATE>");
  EXPECT_EQ(SqlType(schema->columns[6]), "ARRAY<STRUCT<street STRING, flag BOOL>>");
  const auto again = ColumnsFromJson(SchemaToJson(schema->columns));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, schema->columns);
  EXPECT_EQ(SchemaToJson(schema->columns)["fields"][1]["mode"], "NULLABLE");
  EXPECT_FALSE(ColumnsToJson(schema->columns, NullableMode::kLeftOut)[1].contains("mode"));
}

TEST(SqlType, QuotesFieldsThatNeedIt) {
  const auto columns = ColumnsFromJson(nlohmann::json::parse(
      R"([{"name": "s", "type": "STRUCT", "fields": [{"name": "order", "type": "INT64"}, {"name": "ordered", "type": "INT64"},
          {"name": "größe", "type": "STRING"}, {"name": "a-b", "type": "DATE"}]}])"));
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_EQ(SqlType((*columns)[0]), "STRUCT<`order` INT64, ordered INT64, `größe` STRING, `a-b` DATE>");
}

TEST(SchemaJson, ErrorsNameTheField) {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c :
       {Case{"{", "not JSON"}, Case{R"({"x":1})", "no \"fields\""},
        Case{R"([{"type":"INT64"}])", "has no name"},
        Case{R"([{"name":"a","type":"INT63"}])", "field a: unknown type \"INT63\""},
        Case{R"([{"name":"a","type":"RECORD","fields":[{"name":"b","type":"X"}]}])",
             "field a.b: unknown type"},
        Case{R"([{"name":"a","type":"INT64","mode":"MUST"}])", "unknown mode"},
        Case{R"([{"name":"a","type":"RECORD"}])", "column a: STRUCT needs fields"},
        Case{R"([{"name":"a","type":"INT64"},{"name":"A","type":"INT64"}])", "appears twice"},
        Case{R"([{"name":"a","type":"STRING","maxLength":"x"}])", "must be an integer"},
        Case{R"([{"name":"a","type":"NUMERIC","precision":40}])", "precision must be between 1 and 29"},
        Case{R"([{"name":"a","type":"RANGE"}])", "RANGE needs an element type"}}) {
    const auto columns = ColumnsFromJsonText(c.text);
    ASSERT_FALSE(columns.ok()) << c.text;
    EXPECT_THAT(std::string(columns.status().message()), HasSubstr(c.want)) << c.text;
  }
}

TEST(InlineSchema, CommasInsideParenthesesBelongToTheType) {
  const auto columns =
      ParseInlineSchema("id:INT64, name:string(20),price:NUMERIC(10, 2),plain,period:RANGE<DATE>");
  ASSERT_TRUE(columns.ok()) << columns.status();
  std::vector<std::string> texts;
  for (const Column& column : *columns) texts.push_back(column.name + " " + SqlType(column));
  EXPECT_THAT(texts, ElementsAre("id INT64", "name STRING(20)", "price NUMERIC(10, 2)", "plain STRING",
                                 "period RANGE<DATE>"));
}

TEST(InlineSchema, Refusals) {
  for (const char* text :
       {"", "id:INT64,", ",id:INT64", "id:INT65", "id:", "id:STRUCT<a INT64>", "id:ARRAY<INT64>",
        "id:INT64(3)", "id:STRING(", "id:STRING()", "id:NUMERIC(1,2,3)", "id:INT64,ID:INT64",
        "_change_type:STRING", "id:STRING<3>", "a.b:INT64", "id:STRING(0)"}) {
    EXPECT_FALSE(ParseInlineSchema(text).ok()) << text;
  }
}

TEST(ColumnNames, Rules) {
  for (const char* good : {"a", "_x", "name-列", "a b", "100%", "_CHANGE", "ÄÖ"}) {
    EXPECT_TRUE(ValidateColumnName(good).ok()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("_CHANGE_TYPE"), std::string("_change_sequence_number_2"),
        std::string("_PARTITIONTIME"), std::string("_table_suffix"), std::string("a.b"), std::string("a\nb"),
        std::string("\xff"), std::string(301, 'a')}) {
    EXPECT_FALSE(ValidateColumnName(bad).ok()) << bad;
  }
  EXPECT_TRUE(ValidateColumnName(std::string(300, 'a')).ok());
}

TEST(TableSchema, KeyRules) {
  TableSchema schema;
  schema.columns = *ParseInlineSchema("id:INT64,ratio:FLOAT64");
  schema.primary_key = {"ID"};
  EXPECT_TRUE(ValidateTableSchema(schema).ok());
  EXPECT_EQ(schema.KeyPosition("Id"), 0u);
  EXPECT_EQ(schema.FindColumnIndex("RATIO"), 1u);
  for (const std::vector<std::string>& key : {std::vector<std::string>{"ratio"}, {"id", "Id"}, {"nothing"}}) {
    schema.primary_key = key;
    EXPECT_FALSE(ValidateTableSchema(schema).ok()) << key[0];
  }
}

TEST(SchemaDiff, SaysWhatDiffers) {
  TableSchema existing = *TableSchemaFromTableJson(nlohmann::json::parse(kTableJson));
  TableSchema wanted = existing;
  EXPECT_THAT(DiffSchemas(wanted, existing), IsEmpty());
  std::swap(wanted.columns[0], wanted.columns[1]);
  wanted.columns[0].name = "AMOUNT";
  wanted.columns[2].description = "other";
  EXPECT_THAT(DiffSchemas(wanted, existing), IsEmpty());
  wanted.columns[0].scale = 3;
  wanted.columns[1].mode = ColumnMode::kNullable;
  wanted.columns[6].fields[0].type = ColumnType::kBytes;
  wanted.columns[6].fields.pop_back();
  wanted.columns.push_back({.name = "extra", .type = ColumnType::kDate});
  wanted.primary_key = {"id", "amount"};
  EXPECT_THAT(
      DiffSchemas(wanted, existing),
      ElementsAre("column AMOUNT: wanted NUMERIC(10, 3), is NUMERIC(10, 2)",
                  "column id: wanted NULLABLE, is REQUIRED", "column address.street: wanted BYTES, is STRING",
                  "column address.flag: is not wanted, is BOOL", "column extra: is missing, wanted DATE",
                  "primary key: wanted (id, amount), is (id)"));
}

}  // namespace
}  // namespace bqcdc::schema
