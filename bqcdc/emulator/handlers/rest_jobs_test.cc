// Query jobs over HTTP, with a fake in place of the SQL layer: paging, states, errors, idempotence.

#include <atomic>
#include <set>

#include "absl/synchronization/notification.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/job_store.h"
#include "bqcdc/emulator/handlers/testing/rest_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;
using testing::Answer;
using ::testing::HasSubstr;
using testing::Keys;
using testing::RestServer;

constexpr char kQueries[] = "/bigquery/v2/projects/p/queries";
constexpr char kJobs[] = "/bigquery/v2/projects/p/jobs";

// Numbers 1 to `count` in a column n.
sql::QueryOutcome Numbers(int64_t count) {
  sql::QueryOutcome outcome;
  outcome.statement_type = "SELECT";
  outcome.columns = {{.name = "n", .type = schema::ColumnType::kInt64}};
  outcome.row_count = count;
  constexpr int64_t kChunkRows = 7;
  for (int64_t first = 1; first <= count; first += kChunkRows) {
    engine::Chunk chunk(outcome.columns, false);
    engine::VectorWriter writer = chunk.Writer(0);
    const int64_t rows = std::min(kChunkRows, count - first + 1);
    for (int64_t i = 0; i < rows; ++i) writer.SetInt64(static_cast<size_t>(i), first + i);
    chunk.SetRowCount(static_cast<size_t>(rows));
    outcome.chunks.push_back(std::move(chunk));
  }
  return outcome;
}

// The fake: `rows N` gives numbers; other words as below.
absl::StatusOr<sql::QueryOutcome> FakeQuery(const sql::QueryRequest& request) {
  if (request.text.starts_with("rows ")) return Numbers(std::stoll(request.text.substr(5)));
  if (request.text == "bad")
    return errors::InvalidQueryAt("Syntax error: Unexpected identifier \"bad\"", 1, 1);
  if (request.text == "missing") return errors::TableNotFoundInQuery("p:d.t", "US");
  sql::QueryOutcome outcome;
  if (request.text == "create") {
    outcome.statement_type = "CREATE_TABLE";
    outcome.ddl_operation = "CREATE";
    outcome.ddl_target_table = catalog::TableId{"p", "d", "t"};
    outcome.columns = {{.name = "id", .type = schema::ColumnType::kInt64}};
    return outcome;
  }
  if (request.text == "insert") {
    outcome.statement_type = "INSERT";
    outcome.dml_counts = engine::RowChangeCounts{.inserted = 3};
    return outcome;
  }
  for (const char* type : {"UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE"}) {
    if (request.text != type) continue;
    outcome.statement_type = type;
    outcome.dml_counts = engine::RowChangeCounts{.inserted = 1, .updated = 20, .deleted = 300};
    return outcome;
  }
  return errors::InvalidQuery("no such fake");
}

json Body(const std::string& query) { return {{"query", query}, {"useLegacySql", false}}; }

std::vector<std::string> Values(const json& answer) {
  std::vector<std::string> values;
  if (!answer.contains("rows")) return values;
  for (const json& row : answer["rows"]) values.push_back(row["f"][0]["v"]);
  return values;
}

std::string Reason(const Answer& answer) { return answer.Json()["error"]["errors"][0]["reason"]; }

TEST(RestQueryTest, ShapeOfAnAnswer) {
  RestServer server(FakeQuery);
  const Answer answer = server.Post(kQueries, Body("rows 2"));
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json body = answer.Json();
  EXPECT_EQ(Keys(body),
            (std::set<std::string>{"cacheHit", "creationTime", "endTime", "jobComplete", "jobCreationReason",
                                   "jobReference", "kind", "location", "queryId", "rows", "schema",
                                   "startTime", "totalBytesBilled", "totalBytesProcessed", "totalRows"}));
  EXPECT_EQ(body["kind"], "bigquery#queryResponse");
  EXPECT_EQ(body["schema"], json::parse(R"({"fields":[{"name":"n","type":"INTEGER","mode":"NULLABLE"}]})"));
  EXPECT_EQ(body["rows"], json::parse(R"([{"f":[{"v":"1"}]},{"f":[{"v":"2"}]}])"));
  EXPECT_EQ(body["totalRows"], "2");
  EXPECT_EQ(body["jobComplete"], true);
}

TEST(RestQueryTest, EndsWhenTheQueryEnds) {
  base::ManualClock* clock = nullptr;
  RestServer server([&](const sql::QueryRequest& request) {
    clock->Advance(absl::Seconds(3));
    return FakeQuery(request);
  });
  clock = &server.clock();
  const json body = server.Post(kQueries, Body("rows 1")).Json();
  EXPECT_EQ(std::stoll(body["endTime"].get<std::string>()) - std::stoll(body["startTime"].get<std::string>()),
            3000);
}

TEST(RestQueryTest, Pages) {
  RestServer server(FakeQuery);
  json body = Body("rows 30");
  body["maxResults"] = 20;
  json first = server.Post(kQueries, body).Json();
  EXPECT_EQ(Values(first).size(), 20u);
  const std::string job = first["jobReference"]["jobId"], token = first["pageToken"];
  const std::string results = std::string(kQueries) + "/" + job;
  json second = server.Get(results + "?maxResults=20&pageToken=" + token).Json();
  EXPECT_EQ(second["kind"], "bigquery#getQueryResultsResponse");
  EXPECT_EQ(Values(second),
            (std::vector<std::string>{"21", "22", "23", "24", "25", "26", "27", "28", "29", "30"}));
  EXPECT_FALSE(second.contains("pageToken"));
  EXPECT_EQ(Keys(second), (std::set<std::string>{"cacheHit", "etag", "jobComplete", "jobReference", "kind",
                                                 "rows", "schema", "totalBytesProcessed", "totalRows"}));
  EXPECT_EQ(Values(server.Get(results + "?startIndex=28").Json()), (std::vector<std::string>{"29", "30"}));
  EXPECT_EQ(Reason(server.Get(results + "?pageToken=abc")), "invalid");
  // The rows stand in a hidden table too, and the token counts there as well.
  const json table =
      server.Get(std::string(kJobs) + "/" + job).Json()["configuration"]["query"]["destinationTable"];
  const std::string data = "/bigquery/v2/projects/p/datasets/" + table["datasetId"].get<std::string>() +
                           "/tables/" + table["tableId"].get<std::string>() + "/data";
  second = server.Get(data + "?maxResults=5&pageToken=" + token).Json();
  EXPECT_EQ(Values(second), (std::vector<std::string>{"21", "22", "23", "24", "25"}));
  second = server.Get(results + "?pageToken=" + second["pageToken"].get<std::string>()).Json();
  EXPECT_EQ(Values(second), (std::vector<std::string>{"26", "27", "28", "29", "30"}));
  // A token of another job is none of this one's.
  const json other = server.Post(kQueries, body).Json();
  EXPECT_EQ(Reason(server.Get(results + "?pageToken=" + other["pageToken"].get<std::string>())), "invalid");

  body["maxResults"] = 0;
  first = server.Post(kQueries, body).Json();
  EXPECT_FALSE(first.contains("rows"));
  EXPECT_TRUE(first.contains("pageToken"));
  first = server.Post(kQueries, Body("rows 0")).Json();
  EXPECT_FALSE(first.contains("rows") || first.contains("pageToken"));
  EXPECT_EQ(first["totalRows"], "0");
}

TEST(RestQueryTest, Errors) {
  RestServer server(FakeQuery);
  Answer answer = server.Post(kQueries, Body("bad"));
  EXPECT_EQ(answer.status, 400);
  json error = answer.Json()["error"];
  EXPECT_EQ(error["errors"][0]["reason"], "invalidQuery");
  EXPECT_EQ(error["errors"][0]["location"], "query");
  EXPECT_EQ(error["errors"][0]["locationType"], "parameter");
  EXPECT_EQ(error["status"], "INVALID_ARGUMENT");
  EXPECT_EQ(error["message"], "Syntax error: Unexpected identifier \"bad\" at [1:1]");
  answer = server.Post(kQueries, Body("missing"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(Reason(answer), "notFound");
  answer = server.Post(kQueries, json::object());
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.text, HasSubstr("Required parameter is missing: query"));
}

TEST(RestQueryTest, Dialects) {
  struct Case {
    const char* body;
    int status;
    const char* message;
  };
  const Case cases[] = {
      {R"({"query":"rows 1"})", 400, "Legacy SQL is not supported"},
      {R"({"query":"rows 1","useLegacySql":true})", 400, "Legacy SQL is not supported"},
      {R"({"query":"#legacySQL\nrows 1","useLegacySql":false})", 400,
       "Query text specifies use_legacy_sql:true, while API options specify:false"},
      {R"({"query":"rows 1","useLegacySql":"false"})", 200, ""},
      {R"({"query":"rows 1","useLegacySql":false,"createSession":true})", 501, "createSession"},
      {R"({"query":"rows 1","useLegacySql":false,"createSession":false,"connectionProperties":[]})", 200, ""},
      {R"({"query":"rows 1","useLegacySql":false,"parameterMode":"WRONG"})", 400, "parameterMode"},
      {R"({"query":7,"useLegacySql":false})", 400, "query"},
  };
  RestServer server(FakeQuery);
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    const Answer answer = server.Post(kQueries, json::parse(c.body));
    EXPECT_EQ(answer.status, c.status) << answer.text;
    EXPECT_THAT(answer.text, HasSubstr(c.message));
  }
}

TEST(RestQueryTest, StandardSqlPrefix) {
  std::string text;
  RestServer server([&text](const sql::QueryRequest& request) -> absl::StatusOr<sql::QueryOutcome> {
    text = request.text;
    return Numbers(1);
  });
  EXPECT_EQ(server.Post(kQueries, {{"query", "#standardSQL\nSELECT 1"}}).status, 200);
  EXPECT_EQ(text, "#standardSQL\nSELECT 1");
}

TEST(RestQueryTest, Parameters) {
  sql::QueryRequest seen;
  RestServer server([&seen](const sql::QueryRequest& request) -> absl::StatusOr<sql::QueryOutcome> {
    seen = request;
    return Numbers(1);
  });
  const json body = json::parse(R"({"query":"q","useLegacySql":false,"parameterMode":"NAMED",
    "defaultDataset":{"datasetId":"d"},
    "queryParameters":[
     {"name":"i","parameterType":{"type":"INT64"},"parameterValue":{"value":"7"}},
     {"name":"n","parameterType":{"type":"STRING"},"parameterValue":{"value":null}},
     {"name":"a","parameterType":{"type":"ARRAY","arrayType":{"type":"DATE"}},
      "parameterValue":{"arrayValues":[{"value":"2024-01-01"},{"value":null}]}},
     {"name":"s","parameterType":{"type":"STRUCT","structTypes":[{"name":"x","type":{"type":"INT64"}},
                                                                 {"name":"y","type":{"type":"BOOL"}}]},
      "parameterValue":{"structValues":{"y":{"value":"true"}}}}]})");
  ASSERT_EQ(server.Post(kQueries, body).status, 200);
  EXPECT_EQ(seen.default_dataset, (catalog::DatasetId{"p", "d"}));
  EXPECT_FALSE(seen.positional_parameters);
  ASSERT_EQ(seen.parameters.size(), 4u);
  EXPECT_EQ(seen.parameters[0].value.text, "7");
  EXPECT_TRUE(seen.parameters[1].value.is_null);
  EXPECT_TRUE(seen.parameters[2].type.repeated());
  EXPECT_EQ(seen.parameters[2].type.type, schema::ColumnType::kDate);
  ASSERT_EQ(seen.parameters[2].value.children.size(), 2u);
  EXPECT_TRUE(seen.parameters[2].value.children[1].is_null);
  ASSERT_EQ(seen.parameters[3].value.children.size(), 2u);
  EXPECT_TRUE(seen.parameters[3].value.children[0].is_null);
  EXPECT_EQ(seen.parameters[3].value.children[1].text, "true");

  struct Case {
    const char* parameter;
    const char* message;
  };
  const Case cases[] = {
      {R"({"name":"x","parameterType":{"type":"WORD"},"parameterValue":{"value":"1"}})",
       "@x has an unknown type: WORD"},
      {R"({"name":"x","parameterValue":{"value":"1"}})", "@x has no parameterType"},
      {R"({"name":"x","parameterType":{"type":"ARRAY"}})", "without arrayType"},
      {R"({"name":"x","parameterType":{"type":"TIMESTAMP","timestampPrecision":9},"parameterValue":{}})",
       "@x has a timestampPrecision, which a TIMESTAMP alone may have: 6 or 12"},
      {R"({"name":"x","parameterType":{"type":"DATE","timestampPrecision":"12"},"parameterValue":{}})",
       "@x has a timestampPrecision"},
      {R"({"name":"x","parameterType":{"type":"STRUCT","structTypes":[]},"parameterValue":{"structValues":{"q":{}}}})",
       "@x.q has a value, but no type"},
      {R"({"name":"x","parameterType":{"type":"INT64"},"parameterValue":{"arrayValues":[{"value":"1"}]}})",
       "@x has arrayValues, but a value of its type stands in value"},
      {R"({"name":"x","parameterType":{"type":"ARRAY","arrayType":{"type":"INT64"}},"parameterValue":{"value":"1"}})",
       "@x has value, but a value of its type stands in arrayValues"},
      {R"({"name":"x","parameterType":{"type":"RANGE","rangeElementType":{"type":"DATE"}},
           "parameterValue":{"value":"2024-01-01"}})",
       "@x has value, but a value of its type stands in rangeValue"},
  };
  for (const Case& c : cases) {
    json wrong = Body("q");
    wrong["queryParameters"] = json::array({json::parse(c.parameter)});
    const Answer answer = server.Post(kQueries, wrong);
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.text, HasSubstr(c.message));
  }
  json twice = Body("q");
  twice["queryParameters"] = json::array(
      {json::parse(R"({"name":"x","parameterType":{"type":"INT64"},"parameterValue":{"value":"1"}})"),
       json::parse(R"({"name":"X","parameterType":{"type":"INT64"},"parameterValue":{"value":"2"}})")});
  ExpectError(server.Post(kQueries, twice), 400, "invalid", "Query parameter @X is given twice");
}

TEST(RestQueryTest, ParametersHaveABoundedNumberOfValuesTogether) {
  RestServer server([](const sql::QueryRequest&) -> absl::StatusOr<sql::QueryOutcome> { return Numbers(1); });
  const auto array_of = [](const std::string& name, size_t elements) {
    json parameter = json::parse(R"({"parameterType":{"type":"ARRAY","arrayType":{"type":"INT64"}}})");
    parameter["name"] = name;
    parameter["parameterValue"]["arrayValues"] = std::vector<json>(elements, json{{"value", "1"}});
    return parameter;
  };
  json body = Body("q");
  // The arrays are values, too.
  body["queryParameters"] = {array_of("a", 60'000), array_of("b", 39'998)};
  EXPECT_EQ(server.Post(kQueries, body).status, 200);
  body["queryParameters"] = {array_of("a", 60'000), array_of("b", 39'999)};
  ExpectError(server.Post(kQueries, body), 400, "invalid",
              "Query parameter @b has too many elements: all parameters together may have 100000 values");
}

TEST(RestQueryTest, LocationsAreWrittenAsTheServiceDoes) {
  sql::QueryRequest seen;
  RestServer server([&seen](const sql::QueryRequest& request) -> absl::StatusOr<sql::QueryOutcome> {
    seen = request;
    return Numbers(1);
  });
  json body = Body("q");
  EXPECT_EQ(server.Post(kQueries, body).Json()["jobReference"]["location"], "US");
  EXPECT_FALSE(seen.location_given);
  body["location"] = "eu";
  EXPECT_EQ(server.Post(kQueries, body).Json()["jobReference"]["location"], "EU");
  EXPECT_EQ(seen.location, "EU");
  EXPECT_TRUE(seen.location_given);
  body["location"] = "Europe-West1";
  EXPECT_EQ(server.Post(kQueries, body).Json()["jobReference"]["location"], "europe-west1");
  body["maxResults"] = -1;
  ExpectError(server.Post(kQueries, body), 400, "invalid", "maxResults must not be negative");
}

TEST(RestQueryTest, RequestIdRunsOnce) {
  std::atomic<int> runs = 0;
  RestServer server([&runs](const sql::QueryRequest&) -> absl::StatusOr<sql::QueryOutcome> {
    ++runs;
    return Numbers(3);
  });
  json body = Body("insert something");
  body["requestId"] = "one";
  const json first = server.Post(kQueries, body).Json();
  body["maxResults"] = 1;  // how much is shown does not make it another request
  const json second = server.Post(kQueries, body).Json();
  EXPECT_EQ(first["jobReference"], second["jobReference"]);
  EXPECT_EQ(runs, 1);
  body["query"] = "another";
  EXPECT_NE(server.Post(kQueries, body).Json()["jobReference"], first["jobReference"]);
  EXPECT_EQ(runs, 2);
  server.clock().Advance(absl::Milliseconds(kRequestIdAgeMsMax + 1));
  server.Post(kQueries, body);
  EXPECT_EQ(runs, 3);
  body["requestId"] = std::string(37, 'x');
  EXPECT_EQ(server.Post(kQueries, body).status, 400);
}

TEST(RestQueryTest, LongQueries) {
  absl::Notification go_on;
  RestServer server([&go_on](const sql::QueryRequest&) -> absl::StatusOr<sql::QueryOutcome> {
    go_on.WaitForNotification();
    return Numbers(1);
  });
  json body = Body("slow");
  body["timeoutMs"] = 0;
  const json first = server.Post(kQueries, body).Json();
  EXPECT_EQ(first["jobComplete"], false);
  EXPECT_FALSE(first.contains("schema"));
  const std::string job = first["jobReference"]["jobId"];
  const json waiting = server.Get(std::string(kQueries) + "/" + job + "?timeoutMs=0").Json();
  EXPECT_EQ(waiting["jobComplete"], false);
  EXPECT_NE(server.Get(std::string(kJobs) + "/" + job).Json()["status"]["state"], "DONE");
  EXPECT_EQ(server.Delete(std::string(kJobs) + "/" + job + "/delete").status, 400);
  go_on.Notify();
  EXPECT_EQ(Values(server.Get(std::string(kQueries) + "/" + job).Json()), (std::vector<std::string>{"1"}));
}

// Waits until its job is cancelled, or `go_on`.
absl::StatusOr<sql::QueryOutcome> Work(const sql::QueryRequest& request, absl::Notification& go_on) {
  while (request.cancellation->status().ok()) {
    if (go_on.WaitForNotificationWithTimeout(absl::Milliseconds(1))) return Numbers(1);
  }
  return request.cancellation->status();
}

// Begins a job that takes its time, and awaits that it runs.
std::string Begin(RestServer& server, json body) {
  body["timeoutMs"] = 0;
  std::string job = server.Post(kQueries, body).Json()["jobReference"]["jobId"];
  while (server.Get(std::string(kJobs) + "/" + job).Json()["status"]["state"] == "PENDING") {
  }
  return job;
}

TEST(RestJobsTest, CancelEndsWhatRuns) {
  absl::Notification never, ended;
  RestServer server([&](const sql::QueryRequest& request) {
    auto outcome = Work(request, never);
    ended.Notify();
    return outcome;
  });
  const std::string job = Begin(server, Body("slow"));
  const Answer cancelled = server.Post(std::string(kJobs) + "/" + job + "/cancel", json::object());
  EXPECT_EQ(cancelled.status, 200);
  const json status = cancelled.Json()["job"]["status"];
  EXPECT_EQ(status["state"], "DONE");
  EXPECT_EQ(status["errorResult"]["reason"], "stopped");
  EXPECT_EQ(status["errorResult"]["message"], "Job execution was cancelled: User requested cancellation");
  const Answer results = server.Get(std::string(kQueries) + "/" + job);
  EXPECT_EQ(results.status, 499);
  EXPECT_EQ(Reason(results), "stopped");
  EXPECT_EQ(results.Json()["error"]["status"], "CANCELLED");
  ended.WaitForNotification();  // the query's own thread, too
}

TEST(RestJobsTest, CancelDoesNotAwaitAQueryThatDoesNotListen) {
  absl::Notification go_on;
  RestServer server([&](const sql::QueryRequest&) {
    go_on.WaitForNotification();
    return Numbers(1);
  });
  const std::string job = Begin(server, Body("slow"));
  const Answer cancelled = server.Post(std::string(kJobs) + "/" + job + "/cancel", json::object());
  EXPECT_EQ(cancelled.Json()["job"]["status"]["state"], "DONE");
  go_on.Notify();
  EXPECT_EQ(Reason(server.Get(std::string(kQueries) + "/" + job)), "stopped");
}

TEST(RestJobsTest, WhatCannotBeUndoneIsNotCancelled) {
  absl::Notification committing, go_on;
  RestServer server([&](const sql::QueryRequest& request) -> absl::StatusOr<sql::QueryOutcome> {
    const auto point = engine::PointOfNoReturn::Enter(request.cancellation.get());
    if (!point.ok()) return point.status();
    committing.Notify();
    go_on.WaitForNotification();
    sql::QueryOutcome outcome;
    outcome.statement_type = "INSERT";
    outcome.dml_counts = engine::RowChangeCounts{.inserted = 3};
    return outcome;
  });
  const std::string job = Begin(server, Body("slow"));
  committing.WaitForNotification();
  const Answer cancelled = server.Post(std::string(kJobs) + "/" + job + "/cancel", json::object());
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_EQ(cancelled.Json()["job"]["status"]["state"], "RUNNING");
  go_on.Notify();
  EXPECT_EQ(server.Get(std::string(kQueries) + "/" + job).Json()["numDmlAffectedRows"], "3");
  EXPECT_FALSE(server.Get(std::string(kJobs) + "/" + job).Json()["status"].contains("errorResult"));
}

TEST(RestJobsTest, JobTimeouts) {
  absl::Notification never;
  RestServer server([&](const sql::QueryRequest& request) {
    return request.text == "slow" ? Work(request, never) : FakeQuery(request);
  });
  constexpr char kMessage[] = "Job execution was cancelled: Job timed out after 1 sec";
  json body = Body("slow");
  body["jobTimeoutMs"] = "1000";
  const Answer answer = server.Post(kQueries, body);
  EXPECT_EQ(answer.status, 499);
  EXPECT_EQ(Reason(answer), "stopped");
  EXPECT_EQ(answer.Json()["error"]["message"], kMessage);
  // The same as a job, whose resource repeats what was asked for.
  body = {{"configuration", {{"jobTimeoutMs", 1000}, {"query", Body("slow")}}}};
  const std::string job = server.Post(kJobs, body).Json()["jobReference"]["jobId"];
  EXPECT_EQ(Reason(server.Get(std::string(kQueries) + "/" + job)), "stopped");
  const json resource = server.Get(std::string(kJobs) + "/" + job).Json();
  EXPECT_EQ(resource["configuration"]["jobTimeoutMs"], "1000");
  EXPECT_EQ(resource["status"]["errorResult"]["message"], kMessage);
  // Who is quick enough is not disturbed; zero is none.
  for (const char* timeout : {"0", "100000"}) {
    body = Body("rows 2");
    body["jobTimeoutMs"] = timeout;
    EXPECT_EQ(Values(server.Post(kQueries, body).Json()).size(), 2u);
  }
  body["jobTimeoutMs"] = "-1";
  EXPECT_EQ(server.Post(kQueries, body).status, 400);
}

TEST(RestJobsTest, TheEndOfTheServerEndsWhatRuns) {
  absl::Notification never;
  RestServer server([&](const sql::QueryRequest& request) { return Work(request, never); });
  Begin(server, Body("slow"));
}

TEST(RestQueryTest, DdlAndDml) {
  RestServer server(FakeQuery);
  json body = server.Post(kQueries, Body("create")).Json();
  EXPECT_EQ(body["schema"]["fields"].size(), 1u);
  EXPECT_EQ(body["totalRows"], "0");
  body = server.Post(kQueries, Body("insert")).Json();
  EXPECT_EQ(body["numDmlAffectedRows"], "3");
  EXPECT_EQ(body["schema"], json::object());
}

json JobBody(const std::string& query, const std::string& id = "") {
  json body = {{"configuration", {{"query", Body(query)}}}};
  if (!id.empty()) body["jobReference"] = {{"projectId", "p"}, {"jobId", id}, {"location", "EU"}};
  return body;
}

TEST(RestJobsTest, InsertAndGet) {
  RestServer server(FakeQuery);
  const Answer answer = server.Post(kJobs, JobBody("rows 3", "mine-1"));
  ASSERT_EQ(answer.status, 200) << answer.text;
  json job = answer.Json();
  EXPECT_EQ(Keys(job),
            (std::set<std::string>{"configuration", "etag", "id", "jobCreationReason", "jobReference", "kind",
                                   "principal_subject", "selfLink", "statistics", "status", "user_email"}));
  EXPECT_EQ(job["id"], "p:EU.mine-1");
  EXPECT_EQ(job["status"], json::parse(R"({"state":"DONE"})"));
  EXPECT_EQ(job["configuration"]["jobType"], "QUERY");
  EXPECT_EQ(
      Keys(job["configuration"]["query"]),
      (std::set<std::string>{"destinationTable", "priority", "query", "useLegacySql", "writeDisposition"}));
  EXPECT_EQ(Keys(job["statistics"]),
            (std::set<std::string>{"creationTime", "endTime", "query", "startTime", "totalBytesProcessed"}));
  EXPECT_EQ(job["statistics"]["query"]["statementType"], "SELECT");
  EXPECT_EQ(server.Get(std::string(kJobs) + "/mine-1?location=eu").Json()["id"], job["id"]);
  EXPECT_EQ(Reason(server.Get(std::string(kJobs) + "/mine-1?location=US")), "notFound");
  const Answer again = server.Post(kJobs, JobBody("rows 3", "mine-1"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(Reason(again), "duplicate");
  EXPECT_EQ(Values(server.Get(std::string(kQueries) + "/mine-1").Json()).size(), 3u);
  const json cancelled = server.Post(std::string(kJobs) + "/mine-1/cancel", json::object()).Json();
  EXPECT_EQ(cancelled["kind"], "bigquery#jobCancelResponse");
  EXPECT_EQ(cancelled["job"]["status"]["state"], "DONE");
  EXPECT_FALSE(cancelled["job"].contains("user_email"));

  // The rows stand in a hidden table too.
  const json table = job["configuration"]["query"]["destinationTable"];
  const std::string path = "/bigquery/v2/projects/p/datasets/" + table["datasetId"].get<std::string>() +
                           "/tables/" + table["tableId"].get<std::string>();
  EXPECT_EQ(server.Get(path).Json()["numRows"], "3");
  const json page = server.Get(path + "/data?maxResults=2").Json();
  EXPECT_EQ(Values(page), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(Values(server.Get(path + "/data?pageToken=" + page["pageToken"].get<std::string>()).Json()),
            (std::vector<std::string>{"3"}));

  EXPECT_EQ(server.Delete(std::string(kJobs) + "/mine-1/delete").status, 204);
  EXPECT_EQ(server.Get(std::string(kJobs) + "/mine-1").status, 404);
}

TEST(RestJobsTest, FailedJobIsDone) {
  RestServer server(FakeQuery);
  const Answer answer = server.Post(kJobs, JobBody("bad", "failed"));
  ASSERT_EQ(answer.status, 200);
  const json status = answer.Json()["status"];
  EXPECT_EQ(status["state"], "DONE");
  EXPECT_EQ(status["errorResult"]["reason"], "invalidQuery");
  EXPECT_EQ(status["errorResult"]["location"], "query");
  EXPECT_EQ(status["errors"].size(), 1u);
  const Answer results = server.Get(std::string(kQueries) + "/failed");
  EXPECT_EQ(results.status, 400);
  EXPECT_EQ(Reason(results), "invalidQuery");
}

TEST(RestJobsTest, Statistics) {
  RestServer server(FakeQuery);
  json query = server.Post(kJobs, JobBody("create")).Json()["statistics"]["query"];
  EXPECT_EQ(query["statementType"], "CREATE_TABLE");
  EXPECT_EQ(query["ddlOperationPerformed"], "CREATE");
  EXPECT_EQ(query["ddlTargetTable"], json::parse(R"({"projectId":"p","datasetId":"d","tableId":"t"})"));
  query = server.Post(kJobs, JobBody("insert")).Json()["statistics"]["query"];
  EXPECT_EQ(query["numDmlAffectedRows"], "3");
  EXPECT_EQ(query["dmlStats"], json::parse(R"({"insertedRowCount":"3"})"));
  const auto stats = [&](const std::string& type) {
    return server.Post(kJobs, JobBody(type)).Json()["statistics"]["query"]["dmlStats"].dump();
  };
  EXPECT_EQ(stats("UPDATE"), R"({"updatedRowCount":"20"})");
  EXPECT_EQ(stats("DELETE"), R"({"deletedRowCount":"300"})");
  EXPECT_EQ(stats("TRUNCATE_TABLE"), R"({"deletedRowCount":"300"})");
  EXPECT_EQ(stats("MERGE"), R"({"deletedRowCount":"300","insertedRowCount":"1","updatedRowCount":"20"})");
  query = server.Post(kJobs, JobBody("MERGE")).Json()["statistics"]["query"];
  EXPECT_EQ(query["numDmlAffectedRows"], "321");
}

TEST(RestJobsTest, DryRun) {
  bool dry_run = false;
  RestServer server([&dry_run](const sql::QueryRequest& request) -> absl::StatusOr<sql::QueryOutcome> {
    dry_run = request.dry_run;
    return FakeQuery(request);
  });
  json body = JobBody("rows 3");
  body["configuration"]["dryRun"] = true;
  const json job = server.Post(kJobs, body).Json();
  EXPECT_TRUE(dry_run);
  EXPECT_FALSE(job["jobReference"].contains("jobId"));
  EXPECT_EQ(job["statistics"]["query"]["schema"]["fields"][0]["name"], "n");
  json query = Body("rows 3");
  query["dryRun"] = true;
  const json answer = server.Post(kQueries, query).Json();
  EXPECT_EQ(answer["schema"]["fields"][0]["name"], "n");
  EXPECT_FALSE(answer.contains("rows"));
  query["query"] = "bad";
  EXPECT_EQ(server.Post(kQueries, query).status, 400);
  EXPECT_FALSE(server.Get(kJobs).Json().contains("jobs"));
}

TEST(RestJobsTest, PagesGoOnBehindTheLastJobWhateverComes) {
  RestServer server(FakeQuery);
  for (const char* id : {"a", "b", "c"}) ASSERT_EQ(server.Post(kJobs, JobBody("rows 1", id)).status, 200);
  const json first = server.Get(std::string(kJobs) + "?maxResults=2").Json();
  ASSERT_EQ(server.Post(kJobs, JobBody("rows 1", "d")).status, 200);
  const json second =
      server.Get(std::string(kJobs) + "?pageToken=" + first["nextPageToken"].get<std::string>()).Json();
  ASSERT_EQ(second["jobs"].size(), 1u);
  EXPECT_EQ(second["jobs"][0]["jobReference"]["jobId"], "a");
}

TEST(RestJobsTest, ListsNewestFirst) {
  RestServer server(FakeQuery);
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_EQ(server.Post(kJobs, JobBody("rows 1", id)).status, 200);
    server.clock().Advance(absl::Seconds(1));
  }
  const json list = server.Get(std::string(kJobs) + "?maxResults=2&stateFilter=done&projection=full").Json();
  EXPECT_EQ(list["kind"], "bigquery#jobList");
  ASSERT_EQ(list["jobs"].size(), 2u);
  EXPECT_EQ(list["jobs"][0]["jobReference"]["jobId"], "c");
  EXPECT_TRUE(list["jobs"][0].contains("configuration"));
  EXPECT_EQ(server.Get(std::string(kJobs) + "?pageToken=" + list["nextPageToken"].get<std::string>())
                .Json()["jobs"]
                .size(),
            1u);
  EXPECT_FALSE(server.Get(std::string(kJobs) + "?stateFilter=pending").Json().contains("jobs"));
  EXPECT_EQ(server.Get(std::string(kJobs) + "?stateFilter=pending&stateFilter=done").Json()["jobs"].size(),
            3u);
  EXPECT_FALSE(server.Get(std::string(kJobs)).Json()["jobs"][0].contains("configuration"));
  EXPECT_FALSE(server.Get(std::string(kJobs) + "?parentJobId=a").Json().contains("jobs"));
  const int64_t first_ms = 1'700'000'000'000;
  EXPECT_EQ(server.Get(std::string(kJobs) + "?minCreationTime=" + std::to_string(first_ms + 1))
                .Json()["jobs"]
                .size(),
            2u);
  EXPECT_EQ(
      server.Get(std::string(kJobs) + "?maxCreationTime=" + std::to_string(first_ms)).Json()["jobs"].size(),
      1u);
  for (const char* query : {"?stateFilter=finished", "?projection=none", "?pageToken=zz", "?maxResults=x",
                            "?minCreationTime=yesterday"}) {
    const Answer answer = server.Get(std::string(kJobs) + query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(Reason(answer), "invalid");
  }
}

TEST(RestJobsTest, KeepsLabels) {
  RestServer server(FakeQuery);
  json body = JobBody("rows 1", "labelled");
  body["configuration"]["labels"] = {{"team", "a"}, {"gone", nullptr}};
  EXPECT_EQ(server.Post(kJobs, body).Json()["configuration"]["labels"], (json{{"team", "a"}}));
  EXPECT_EQ(server.Get(std::string(kJobs) + "/labelled").Json()["configuration"]["labels"],
            (json{{"team", "a"}}));
  json query = Body("rows 1");
  query["labels"] = {{"team", "b"}};
  const std::string job = server.Post(kQueries, query).Json()["jobReference"]["jobId"];
  EXPECT_EQ(server.Get(std::string(kJobs) + "/" + job).Json()["configuration"]["labels"],
            (json{{"team", "b"}}));
  query["labels"] = {{"Team", "b"}};
  EXPECT_EQ(Reason(server.Post(kQueries, query)), "invalid");
}

TEST(RestQueryTest, AnswersStayBelowTenMegabytes) {
  // A row is about 20 bytes.
  RestServer server(FakeQuery);
  json body = Body("rows 1000000");
  const Answer first = server.Post(kQueries, body);
  EXPECT_LT(first.text.size(), 10'010'000u);
  EXPECT_GT(first.text.size(), 9'000'000u);
  const json page = first.Json();
  EXPECT_EQ(page["totalRows"], "1000000");
  ASSERT_TRUE(page.contains("pageToken"));
  const size_t rows = page["rows"].size();
  const std::string job = page["jobReference"]["jobId"], token = page["pageToken"];
  const json next = server.Get(std::string(kQueries) + "/" + job + "?maxResults=1&pageToken=" + token).Json();
  EXPECT_EQ(Values(next), (std::vector<std::string>{std::to_string(rows + 1)}));
}

TEST(RestJobsTest, RefusesOtherKinds) {
  RestServer server(FakeQuery);
  for (const char* kind : {"load", "copy", "extract"}) {
    const Answer answer = server.Post(kJobs, {{"configuration", {{kind, json::object()}}}});
    EXPECT_EQ(answer.status, 501);
    EXPECT_THAT(answer.text, HasSubstr(std::string(kind) + " jobs"));
  }
  EXPECT_EQ(server.Post(kJobs, JobBody("rows 1", "no spaces allowed")).status, 400);
  EXPECT_EQ(server.Post(kJobs, json::object()).status, 400);
}

std::shared_ptr<Job> MakeJob(const std::string& id, int64_t now_ms, const std::string& parent = "") {
  return std::make_shared<Job>(JobSpec{.project = "p",
                                       .id = id,
                                       .location = "US",
                                       .configuration_json = "{}",
                                       .destination = {"p", "r", id},
                                       .query = {},
                                       .creation_time_ms = now_ms,
                                       .parent_id = parent});
}

std::shared_ptr<Job> AddDone(JobStore& store, const std::string& id, int64_t now_ms,
                             const std::string& parent = "") {
  auto job = MakeJob(id, now_ms, parent);
  EXPECT_TRUE(store.Add(job, now_ms).ok());
  job->Finish(sql::QueryOutcome{}, now_ms, kJobBytesMax);
  store.Finished(*job, now_ms);
  return job;
}

TEST(JobStoreTest, ForgetsTheOldest) {
  JobStore store;
  const auto running = MakeJob("running", 0);
  ASSERT_TRUE(store.Add(running, 0).ok());
  for (size_t i = 0; i < kJobsMax + 5; ++i) AddDone(store, std::to_string(i), 1);
  EXPECT_LE(store.List("p").size(), kJobsMax);
  EXPECT_EQ(store.Find("p", "0"), nullptr);
  EXPECT_EQ(store.Find("p", "running"), running) << "a job that is not done is never forgotten";
  AddDone(store, "late", kJobAgeMsMax + 10);
  EXPECT_EQ(store.List("p").size(), 2u);
}

TEST(JobStoreTest, AForgottenJobKeepsItsIdAndItsRequest) {
  JobStore store;
  const auto once = MakeJob("once", 0);
  ASSERT_EQ(*store.AddOnce("key", once, 0), once);
  once->Finish(sql::QueryOutcome{}, 0, kJobBytesMax);
  store.Finished(*once, 0);
  EXPECT_EQ(*store.AddOnce("key", MakeJob("again", 1), 1), once);
  for (size_t i = 0; i < kJobsMax; ++i) AddDone(store, std::to_string(i), 1);
  ASSERT_EQ(store.Find("p", "once"), nullptr);
  EXPECT_TRUE(absl::IsAlreadyExists(store.Add(MakeJob("once", 2), 2)));
  EXPECT_TRUE(absl::IsNotFound(store.AddOnce("key", MakeJob("again", 2), 2).status()));
  const int64_t later = kRequestIdAgeMsMax + 1;
  EXPECT_TRUE(store.AddOnce("key", MakeJob("again", later), later).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store.Add(MakeJob("once", later), later)));
  const int64_t next_day = kJobAgeMsMax + 2;
  EXPECT_TRUE(store.Add(MakeJob("once", next_day), next_day).ok());
}

TEST(JobStoreTest, StatementsOfScriptsPushNoOtherJobOut) {
  JobStore store;
  AddDone(store, "other", 0);
  const auto script = AddDone(store, "script", 0);
  for (size_t i = 0; i < kStatementJobsMax + 5; ++i) AddDone(store, "s" + std::to_string(i), 1, "script");
  EXPECT_NE(store.Find("p", "other"), nullptr);
  EXPECT_NE(store.Find("p", "script"), nullptr);
  EXPECT_EQ(store.Find("p", "s4"), nullptr);
  EXPECT_NE(store.Find("p", "s5"), nullptr);
  EXPECT_EQ(store.CountChildren(*script), kStatementJobsMax + 5);
  EXPECT_TRUE(store.Delete("p", "script"));
  EXPECT_EQ(store.List("p").size(), 1u);
}

TEST(JobStoreTest, TextsCountWithRows) {
  JobStore store;
  const std::string text(16 << 20, ' ');
  for (int i = 0; i < 40; ++i) {
    JobSpec spec = MakeJob(std::to_string(i), 0)->spec;
    spec.query.text = text;
    const auto job = std::make_shared<Job>(std::move(spec));
    ASSERT_TRUE(store.Add(job, 0).ok());
    job->Finish(sql::QueryOutcome{}, 0, kJobBytesMax);
    store.Finished(*job, 0);
  }
  EXPECT_EQ(store.List("p").size(), 31u);
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
