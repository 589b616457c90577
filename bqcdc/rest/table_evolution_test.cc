#include "bqcdc/rest/table_evolution.h"

#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::rest {
namespace {

std::vector<schema::Column> Columns(const char* json) {
  auto columns = schema::ColumnsFromJsonText(json);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return *columns;
}

constexpr char kExisting[] = R"([{"name":"id","type":"INT64","mode":"REQUIRED"},{"name":"n","type":"INT64"},
  {"name":"must","type":"STRING","mode":"REQUIRED"},{"name":"s","type":"STRING","maxLength":"10"},
  {"name":"d","type":"NUMERIC","precision":"10","scale":"2"},{"name":"r","type":"STRING","mode":"REPEATED"},
  {"name":"st","type":"STRUCT","fields":[{"name":"x","type":"INT64"}]}])";

TEST(EvolutionStatementsTest, OfEachKind) {
  const schema::TableSchema existing = {Columns(kExisting), {"id"}};
  const struct {
    const char* name;
    const char* wanted;
    const char* want;  // statements after "ALTER TABLE `p`.`d`.`t` ", or "! " and differences
  } kCases[] = {
      {"the same", kExisting, ""},
      {"fewer columns", R"([{"name":"N","type":"INT64"}])", ""},
      {"the key stays required", R"([{"name":"id","type":"INT64"}])", ""},
      {"added", R"([{"name":"a","type":"STRING"},{"name":"b","type":"DATE","mode":"REPEATED"}])",
       "ADD COLUMN IF NOT EXISTS `a` STRING;ADD COLUMN IF NOT EXISTS `b` ARRAY<DATE>"},
      {"added required", R"([{"name":"a","type":"STRING","mode":"REQUIRED"}])",
       "! column a: is missing, and a REQUIRED column cannot be added"},
      {"relaxed", R"([{"name":"must","type":"STRING"}])", "ALTER COLUMN `must` DROP NOT NULL"},
      {"tightened", R"([{"name":"n","type":"INT64","mode":"REQUIRED"}])",
       "! column n: wanted INT64 NOT NULL, is INT64"},
      {"widened", R"([{"name":"n","type":"NUMERIC"}])", "ALTER COLUMN `n` SET DATA TYPE NUMERIC"},
      {"narrowed", R"([{"name":"d","type":"INT64"}])", "! column d: wanted INT64, is NUMERIC(10, 2)"},
      {"longer", R"([{"name":"s","type":"STRING","maxLength":"20"}])",
       "ALTER COLUMN `s` SET DATA TYPE STRING(20)"},
      {"without limit", R"([{"name":"s","type":"STRING"}])", "ALTER COLUMN `s` SET DATA TYPE STRING"},
      {"shorter", R"([{"name":"s","type":"STRING","maxLength":"5"}])",
       "! column s: wanted STRING(5), is STRING(10)"},
      {"more digits", R"([{"name":"d","type":"NUMERIC","precision":"12","scale":"4"}])",
       "ALTER COLUMN `d` SET DATA TYPE NUMERIC(12, 4)"},
      {"fewer digits before the point", R"([{"name":"d","type":"NUMERIC","precision":"10","scale":"4"}])",
       "! column d: wanted NUMERIC(10, 4), is NUMERIC(10, 2)"},
      {"repeated", R"([{"name":"n","type":"INT64","mode":"REPEATED"}])",
       "! column n: wanted ARRAY<INT64>, is INT64"},
      {"field of a struct",
       R"([{"name":"st","type":"STRUCT","fields":[{"name":"x","type":"INT64"},{"name":"y","type":"INT64"}]}])",
       "! column st: wanted STRUCT<x INT64, y INT64>, is STRUCT<x INT64>"},
  };
  const TableName name{"p", "d", "t"};
  const std::string start = "ALTER TABLE " + name.Quoted() + " ";
  for (const auto& c : kCases) {
    const auto statements = EvolutionStatements(name, Columns(c.wanted), existing);
    if (!statements.ok()) {
      const std::string message(statements.status().message());
      EXPECT_EQ("! " + message.substr(message.find("\n  ") + 3), c.want) << c.name;
      continue;
    }
    std::string got = absl::StrJoin(*statements, ";");
    for (std::size_t at; (at = got.find(start)) != std::string::npos;) got.erase(at, start.size());
    EXPECT_EQ(got, c.want) << c.name;
  }
}

}  // namespace
}  // namespace bqcdc::rest
