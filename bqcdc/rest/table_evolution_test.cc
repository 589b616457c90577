#include "bqcdc/rest/table_evolution.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_join.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
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

TableResource Existing(const char* fields) {
  TableResource table;
  table.schema = {Columns(fields), {"id"}};
  table.schema_fields = fields;
  return table;
}

TEST(PlanEvolutionTest, StatementsOfEachKind) {
  const TableResource existing = Existing(kExisting);
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
      {"field of a struct of another type",
       R"([{"name":"st","type":"STRUCT","fields":[{"name":"x","type":"STRING"}]}])",
       "! column st.x: wanted STRING, is INT64"},
      {"field of a struct made required",
       R"([{"name":"st","type":"STRUCT","fields":[{"name":"x","type":"INT64","mode":"REQUIRED"}]}])",
       "! column st.x: wanted INT64 NOT NULL, is INT64"},
      {"required field of a struct",
       R"([{"name":"st","type":"STRUCT","fields":[{"name":"y","type":"INT64","mode":"REQUIRED"}]}])",
       "! column st.y: is missing, and a REQUIRED column cannot be added"},
  };
  const TableName name{"p", "d", "t"};
  const std::string start = "ALTER TABLE " + name.Quoted() + " ";
  for (const auto& c : kCases) {
    const auto plan = PlanEvolution(name, Columns(c.wanted), existing);
    if (!plan.ok()) {
      const std::string message(plan.status().message());
      EXPECT_EQ("! " + message.substr(message.find("\n  ") + 3), c.want) << c.name;
      continue;
    }
    EXPECT_EQ(plan->schema_fields, "") << c.name;
    std::string got = absl::StrJoin(plan->statements, ";");
    for (std::size_t at; (at = got.find(start)) != std::string::npos;) got.erase(at, start.size());
    EXPECT_EQ(got, c.want) << c.name;
  }
}

// What the service keeps of a field and we do not know of (policyTags) stays.
constexpr char kNested[] = R"([{"name":"id","type":"INT64","mode":"REQUIRED"},
  {"name":"st","type":"RECORD","mode":"REPEATED","policyTags":{"names":["p"]},"fields":[
    {"name":"x","type":"INT64","collation":"c","mode":"REQUIRED"},
    {"name":"in","type":"RECORD","fields":[{"name":"z","type":"DATE"}]}]}])";
constexpr char kWanted[] = R"([{"name":"ST","type":"RECORD","mode":"REPEATED","fields":[
    {"name":"x","type":"INT64"},{"name":"y","type":"STRING"},{"name":"In","type":"RECORD","fields":[{"name":"w","type":"DATE","mode":"REPEATED"}]}]}])";
constexpr char kEvolved[] = R"([{"name":"id","type":"INT64","mode":"REQUIRED"},
  {"name":"st","type":"RECORD","mode":"REPEATED","policyTags":{"names":["p"]},"fields":[
    {"name":"x","type":"INT64","collation":"c","mode":"NULLABLE"},
    {"name":"in","type":"RECORD","fields":[{"name":"z","type":"DATE"},
      {"name":"w","type":"DATE","mode":"REPEATED"}]},{"name":"y","type":"STRING","mode":"NULLABLE"}]}])";

TEST(PlanEvolutionTest, FieldsWithinAStructAreAddedToTheSchemaAsItIs) {
  const auto plan = PlanEvolution({"p", "d", "t"}, Columns(kWanted), Existing(kNested));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->statements.empty());
  EXPECT_EQ(nlohmann::json::parse(plan->schema_fields), nlohmann::json::parse(kEvolved));
  EXPECT_TRUE(PlanEvolution({"p", "d", "t"}, Columns(kWanted), Existing(kEvolved))->empty());
}

class EvolveTableTest : public ::testing::Test {
 protected:
  EvolveTableTest() {
    testing::FakeRestService::Table table;
    table.schema_fields = kNested;
    rest_.PutTable("p.d.t", table);
  }
  testing::FakeRestService rest_;
  credentials::NoToken no_token_;
  BigQueryClient client_{{.base_url = "http://fake", .project = "p", .attempts_max = 1},
                         rest_,
                         no_token_,
                         base::SystemClock::Get()};
};

TEST_F(EvolveTableTest, PatchesTheFieldsOfAStruct) {
  const auto changes = EvolveTable(client_, {"p", "d", "t"}, Columns(kWanted));
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(*changes, 1);
  EXPECT_EQ(nlohmann::json::parse(rest_.GetTable("p.d.t").schema_fields), nlohmann::json::parse(kEvolved));
  EXPECT_TRUE(rest_.queries().empty());
}

TEST_F(EvolveTableTest, AChangeOfAnothersBetweenReadingAndWritingIsReadAgain) {
  bool changed = false;
  rest_.on_request = [&](const http::Request& request) {
    if (request.method != "PATCH" || std::exchange(changed, true)) return;
    rest_.ChangeTable("p.d.t",
                      [](testing::FakeRestService::Table& table) { table.schema_fields = kEvolved; });
  };
  const auto changes = EvolveTable(client_, {"p", "d", "t"}, Columns(kWanted));
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(*changes, 0);
}

}  // namespace
}  // namespace bqcdc::rest
