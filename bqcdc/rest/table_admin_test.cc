#include "bqcdc/rest/table_admin.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "bqcdc/rest/testing/fake_rest_service.h"

namespace bqcdc::rest {
namespace {

using testing::ErrorResponse;
using testing::FakeRestService;

schema::Column MakeColumn(const std::string& name, schema::ColumnType type,
                          schema::ColumnMode mode = schema::ColumnMode::kNullable) {
  schema::Column column;
  column.name = name;
  column.type = type;
  column.mode = mode;
  return column;
}

std::string StalenessAnswer(const std::string& value) {
  return R"({"jobComplete":true,"schema":{"fields":[{"name":"option_value","type":"STRING"}]},"rows":[{"f":[{"v":")" +
         value + R"("}]}]})";
}

class TableAdminTest : public ::testing::Test {
 protected:
  TableAdminTest() {
    spec_.name = {"p", "d", "t"};
    spec_.schema.columns = {MakeColumn("id", schema::ColumnType::kInt64, schema::ColumnMode::kRequired),
                            MakeColumn("name", schema::ColumnType::kString)};
    spec_.schema.primary_key = {"id"};
  }
  values::Interval Minutes(std::int64_t minutes) { return {0, 0, minutes * 60'000'000}; }

  FakeRestService service_;
  credentials::NoToken no_token_;
  BigQueryClient client_{
      {.base_url = "http://fake", .project = "p"}, service_, no_token_, base::SystemClock::Get()};
  TableSpec spec_;
};

TEST_F(TableAdminTest, CreatesDatasetAndTable) {
  spec_.max_staleness = Minutes(15);
  spec_.clustering = {"id"};
  spec_.schema.columns[1].description = "the \"name\"";
  service_.AnswerQueries("TABLE_OPTIONS", StalenessAnswer("0-0 0 0:15:0"));
  const auto outcome = CreateTable(client_, spec_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, CreateOutcome::kCreated);
  EXPECT_EQ(
      service_.queries().at(0),
      "CREATE TABLE `p.d.t` (\n  `id` INT64 NOT NULL,\n  `name` STRING OPTIONS (description = \"the "
      "\\\"name\\\"\"),\n"
      "  PRIMARY KEY (`id`) NOT ENFORCED\n)\nCLUSTER BY `id`\nOPTIONS (max_staleness = INTERVAL 15 MINUTE)");
  EXPECT_TRUE(client_.GetDataset("p", "d").ok());
}

TEST_F(TableAdminTest, SaysWhenTheServiceDidNotKeepTheStaleness) {
  spec_.max_staleness = Minutes(15);
  const auto outcome = CreateTable(client_, spec_);
  EXPECT_TRUE(absl::StrContains(outcome.status().message(), "TABLE_OPTIONS says 0-0 0 0:0:0"))
      << outcome.status();
}

TEST_F(TableAdminTest, DoesNothingTheSecondTime) {
  service_.PutDataset("p.d");
  service_.PutTable("p.d.t", {});
  service_.AnswerQueries("TABLE_OPTIONS", StalenessAnswer("0-0 0 0:15:0"));
  spec_.max_staleness = Minutes(15);
  const auto outcome = CreateTable(client_, spec_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(*outcome, CreateOutcome::kExisted);
}

TEST_F(TableAdminTest, ShowsHowATableDiffers) {
  service_.PutDataset("p.d");
  service_.PutTable("p.d.t", {.schema_fields = R"([{"name":"id","type":"STRING","mode":"REQUIRED"}])"});
  service_.AnswerQueries("TABLE_OPTIONS", StalenessAnswer("0-0 0 1:0:0"));
  spec_.max_staleness = Minutes(15);
  spec_.clustering = {"id"};
  const auto outcome = CreateTable(client_, spec_);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kAlreadyExists);
  for (const char* part :
       {"table p.d.t exists and is not as wanted:\n  ", "id", "name", "clustering: wanted (id), is ()",
        "max_staleness: wanted 0-0 0 0:15:0, is 0-0 0 1:0:0"}) {
    EXPECT_TRUE(absl::StrContains(outcome.status().message(), part)) << part << "\n" << outcome.status();
  }
}

TEST_F(TableAdminTest, SetsAndVerifiesStaleness) {
  service_.AnswerQueries("TABLE_OPTIONS", StalenessAnswer("0-0 0 0:0:0"));
  EXPECT_TRUE(SetStaleness(client_, spec_.name, {}).ok());
  EXPECT_EQ(service_.queries().at(0), "ALTER TABLE `p.d.t` SET OPTIONS (max_staleness = INTERVAL 0 MINUTE)");
  EXPECT_FALSE(SetStaleness(client_, spec_.name, Minutes(1)).ok());
}

TEST(StalenessExpression, IsReadableWhereItCan) {
  EXPECT_EQ(StalenessExpression({0, 0, 900'000'000}), "INTERVAL 15 MINUTE");
  EXPECT_EQ(StalenessExpression({0, 0, 2'000'000}), "INTERVAL '0-0 0 0:0:2' YEAR TO SECOND");
  EXPECT_EQ(StalenessExpression({0, 1, 0}), "INTERVAL '0-0 1 0:0:0' YEAR TO SECOND");
}

}  // namespace
}  // namespace bqcdc::rest
