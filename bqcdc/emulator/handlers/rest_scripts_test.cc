// Scripts and INFORMATION_SCHEMA.JOBS over HTTP, with the SQL layer behind them.

#include <memory>

#include "absl/time/clock.h"
#include "bqcdc/emulator/handlers/testing/rest_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;
using testing::Answer;
using ::testing::HasSubstr;
using testing::RestServer;

constexpr char kQueries[] = "/bigquery/v2/projects/p/queries";
constexpr char kJobs[] = "/bigquery/v2/projects/p/jobs";

// A server that answers queries, with a dataset d.
class SqlServer {
 public:
  SqlServer()
      : server_(
            [this](const sql::QueryRequest& request) { return sql::RunQuery(server_.database(), request); }) {
    server_.Post("/bigquery/v2/projects/p/datasets", {{"datasetReference", {{"datasetId", "d"}}}});
  }

  RestServer& server() { return server_; }
  Answer Query(const std::string& query) {
    return server_.Post(
        kQueries, {{"query", query}, {"useLegacySql", false}, {"defaultDataset", {{"datasetId", "d"}}}});
  }
  json Job(const std::string& id) { return server_.Get(std::string(kJobs) + "/" + id).Json(); }
  // Of a script, in order.
  std::vector<json> Children(const std::string& parent) {
    const json list = server_.Get(std::string(kJobs) + "?parentJobId=" + parent).Json();
    std::vector<json> children;
    if (!list.contains("jobs")) return children;
    for (const json& item : list["jobs"])
      children.insert(children.begin(), Job(item["jobReference"]["jobId"]));
    return children;
  }

 private:
  RestServer server_;
};

std::string IdOf(const json& answer) { return answer["jobReference"]["jobId"]; }

TEST(RestScriptsTest, EachStatementIsAChildJob) {
  SqlServer sql;
  const Answer answer =
      sql.Query("CREATE TABLE t (x INT64);\nINSERT INTO t VALUES (1), (2);\nSELECT x FROM t ORDER BY x;");
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json body = answer.Json();
  EXPECT_EQ(body["totalRows"], "2");
  EXPECT_EQ(body["rows"][1]["f"][0]["v"], "2");
  const json parent = sql.Job(IdOf(body));
  EXPECT_EQ(parent["statistics"]["numChildJobs"], "3");
  EXPECT_EQ(parent["statistics"]["query"]["statementType"], "SCRIPT");
  EXPECT_FALSE(parent["configuration"]["query"].contains("destinationTable"));

  const std::vector<json> children = sql.Children(IdOf(body));
  ASSERT_EQ(children.size(), 3u);
  const char* const types[] = {"CREATE_TABLE", "INSERT", "SELECT"};
  for (size_t i = 0; i < children.size(); ++i) {
    SCOPED_TRACE(types[i]);
    const json& statistics = children[i]["statistics"];
    EXPECT_EQ(statistics["query"]["statementType"], types[i]);
    EXPECT_EQ(statistics["parentJobId"], IdOf(body));
    EXPECT_FALSE(statistics.contains("numChildJobs"));
    EXPECT_EQ(statistics["scriptStatistics"]["evaluationKind"], "STATEMENT");
    EXPECT_EQ(statistics["scriptStatistics"]["stackFrames"][0]["startLine"], i + 1);
  }
  EXPECT_EQ(children[1]["statistics"]["query"]["numDmlAffectedRows"], "2");
  EXPECT_EQ(children[2]["configuration"]["query"]["query"], "SELECT x FROM t ORDER BY x");
  EXPECT_EQ(
      children[2]["statistics"]["scriptStatistics"]["stackFrames"][0],
      json::parse(
          R"({"startLine":3,"startColumn":1,"endLine":3,"endColumn":26,"text":"SELECT x FROM t ORDER BY x"})"));
  // The rows are the child's too.
  const json rows = sql.server().Get(std::string(kQueries) + "/" + IdOf(children[2])).Json();
  EXPECT_EQ(rows["rows"], body["rows"]);
  EXPECT_EQ(sql.server().Get(std::string(kQueries) + "/" + IdOf(children[1])).Json()["numDmlAffectedRows"],
            "2");
}

TEST(RestScriptsTest, ListsShowChildrenWithTheirParentOnly) {
  SqlServer sql;
  const json script = sql.Query("SELECT 1; SELECT 2").Json();
  const json list = sql.server().Get(kJobs).Json();
  ASSERT_EQ(list["jobs"].size(), 1u);
  EXPECT_EQ(IdOf(list["jobs"][0]), IdOf(script));
  EXPECT_EQ(list["jobs"][0]["statistics"]["numChildJobs"], "2");
  const std::vector<json> children = sql.Children(IdOf(script));
  ASSERT_EQ(children.size(), 2u);
  const std::string child = std::string(kJobs) + "/" + IdOf(children[0]);
  EXPECT_EQ(sql.server().Delete(child + "/delete").status, 400);
  EXPECT_EQ(sql.server().Delete(std::string(kJobs) + "/" + IdOf(script) + "/delete").status, 204);
  EXPECT_EQ(sql.server().Get(child).status, 404);
}

TEST(RestScriptsTest, WhatWasDoneBeforeAnErrorStays) {
  SqlServer sql;
  const Answer answer = sql.Query("CREATE TABLE t (x INT64);\nSELECT 1 / 0;\nDROP TABLE t");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.Json()["error"]["errors"][0]["reason"], "invalidQuery");
  EXPECT_EQ(answer.Json()["error"]["message"], "Query error: division by zero: 1 / 0 at [2:1]");
  EXPECT_EQ(sql.Query("SELECT * FROM t").status, 200);
  const json list = sql.server().Get(kJobs).Json();
  const std::vector<json> children = sql.Children(IdOf(list["jobs"][1]));
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[0]["status"], json::parse(R"({"state":"DONE"})"));
  EXPECT_EQ(children[1]["status"]["errorResult"]["reason"], "invalidQuery");
}

TEST(RestScriptsTest, AScriptThatCannotEndIsNotBegun) {
  SqlServer sql;
  const Answer answer = sql.Query("CREATE TABLE t (x INT64); CALL something()");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.text, HasSubstr("statement CALL at [1:27]"));
  EXPECT_EQ(sql.Query("SELECT * FROM t").status, 404);
}

TEST(RestScriptsTest, ADryRunMakesNoJobs) {
  SqlServer sql;
  const Answer answer = sql.server().Post(
      kQueries, {{"query", "SELECT 1; SELECT 2"}, {"useLegacySql", false}, {"dryRun", true}});
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_FALSE(sql.server().Get(kJobs).Json().contains("jobs"));
}

TEST(RestJobsViewTest, ShowsTheJobsOfTheProject) {
  SqlServer sql;
  sql.Query("CREATE TABLE t (x INT64)");
  sql.server().clock().Advance(absl::Seconds(1));
  sql.Query("INSERT INTO t VALUES (1), (2)");
  sql.server().clock().Advance(absl::Seconds(1));
  sql.Query("SELECT nope FROM t");
  sql.server().clock().Advance(absl::Seconds(1));
  const Answer answer = sql.Query(
      "SELECT statement_type, state, error_result.message, dml_statistics.inserted_row_count, "
      "TIMESTAMP_DIFF(end_time, creation_time, SECOND), query, user_email, priority, "
      "destination_table.dataset_id FROM `region-us`.INFORMATION_SCHEMA.JOBS ORDER BY creation_time");
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json rows = answer.Json()["rows"];
  ASSERT_EQ(rows.size(), 4u);
  const auto cell = [&](size_t row, size_t column) { return rows[row]["f"][column]["v"]; };
  EXPECT_EQ(cell(0, 0), "CREATE_TABLE");
  EXPECT_EQ(cell(0, 1), "DONE");
  EXPECT_EQ(cell(1, 3), "2");
  EXPECT_EQ(cell(1, 5), "INSERT INTO t VALUES (1), (2)");
  EXPECT_TRUE(cell(1, 8).is_null());
  EXPECT_THAT(cell(2, 2).get<std::string>(), HasSubstr("Unrecognized name: nope"));
  EXPECT_EQ(cell(2, 4), "0");
  EXPECT_EQ(cell(3, 1), "RUNNING");  // this query itself
  EXPECT_TRUE(cell(3, 4).is_null());
  EXPECT_EQ(cell(3, 7), "INTERACTIVE");

  EXPECT_EQ(sql.Query("SELECT * FROM `region-eu`.INFORMATION_SCHEMA.JOBS_BY_USER").Json()["totalRows"], "0");
  EXPECT_EQ(
      sql.Query("SELECT * FROM `other`.`region-us`.INFORMATION_SCHEMA.JOBS_BY_PROJECT").Json()["totalRows"],
      "0");
}

TEST(RestSqlTest, TablesOfAnotherLocationAreNotFound) {
  SqlServer sql;
  sql.Query("CREATE TABLE t (x INT64)");
  for (const char* query : {"SELECT COUNT(*) FROM d.t", "SELECT COUNT(*) FROM `d.t*`"}) {
    SCOPED_TRACE(query);
    const auto ask = [&](const char* location) {
      return sql.server().Post(kQueries, {{"query", query}, {"useLegacySql", false}, {"location", location}});
    };
    EXPECT_EQ(ask("us").status, 200);
    testing::ExpectError(ask("EU"), 404, "notFound", "Not found: Dataset p:d was not found in location EU");
  }
}

TEST(RestCancelTest, ARunningQueryAndARunningUpdateEndAtOnce) {
  SqlServer sql;
  sql.Query("CREATE TABLE t (x INT64)");
  sql.Query("INSERT INTO t VALUES (1)");
  const std::string endless =
      "(SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS a, UNNEST(GENERATE_ARRAY(1, 1000000)) AS "
      "b "
      "WHERE a <> b)";
  for (const std::string& query : {"SELECT " + endless, "UPDATE t SET x = " + endless + " WHERE TRUE",
                                   "SELECT 1; UPDATE t SET x = " + endless + " WHERE TRUE"}) {
    SCOPED_TRACE(query);
    const absl::Time begun = absl::Now();
    json body = {{"query", query},
                 {"useLegacySql", false},
                 {"jobTimeoutMs", "1000"},
                 {"defaultDataset", {{"datasetId", "d"}}}};
    const Answer answer = sql.server().Post(kQueries, body);
    EXPECT_EQ(answer.status, 499) << answer.text;
    EXPECT_EQ(answer.Json()["error"]["message"], "Job execution was cancelled: Job timed out after 1 sec");
    EXPECT_LT(absl::Now() - begun, absl::Seconds(20));
    // Nothing holds the table any more, and it is as it was.
    EXPECT_EQ(sql.Query("UPDATE t SET x = x + 1 WHERE TRUE").Json()["numDmlAffectedRows"], "1");
    EXPECT_EQ(sql.Query("UPDATE t SET x = x - 1 WHERE x = 2").Json()["numDmlAffectedRows"], "1");
    EXPECT_LT(absl::Now() - begun, absl::Seconds(30));
  }
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
