// Views by REST: made, listed, changed; what a table takes and a view does not.

#include "bqcdc/emulator/handlers/testing/rest_server.h"
#include "bqcdc/emulator/sql/query_runner.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;
using testing::Answer;
using testing::ExpectError;
using testing::RestServer;

constexpr char kTables[] = "/bigquery/v2/projects/p/datasets/d/tables";
constexpr char kView[] = "/bigquery/v2/projects/p/datasets/d/tables/v";

json ViewBody(const std::string& name, const std::string& query) {
  return {{"tableReference", {{"projectId", "p"}, {"datasetId", "d"}, {"tableId", name}}},
          {"view", {{"query", query}, {"useLegacySql", false}}}};
}

class RestViewsTest : public ::testing::Test {
 protected:
  RestViewsTest()
      : server_(
            [this](const sql::QueryRequest& request) { return sql::RunQuery(server_.database(), request); }) {
    catalog::Dataset dataset;
    dataset.id = {"p", "d"};
    EXPECT_TRUE(server_.database().CreateDataset(dataset).ok());
    const json table = json::parse(R"({"tableReference":{"projectId":"p","datasetId":"d","tableId":"t"},
      "schema":{"fields":[{"name":"id","type":"INTEGER"},{"name":"word","type":"STRING"}]}})");
    EXPECT_EQ(server_.Post(kTables, table).status, 200);
  }

  RestServer server_;
};

TEST_F(RestViewsTest, IsMadeShownListedAndRemoved) {
  json body = ViewBody("v", "SELECT id, UPPER(word) AS loud FROM d.t");
  body["description"] = "loud words";
  body["labels"] = {{"a", "b"}};
  const Answer made = server_.Post(kTables, body);
  ASSERT_EQ(made.status, 200) << made.text;
  const json view = server_.Get(kView).Json();
  EXPECT_EQ(made.Json(), view);
  EXPECT_EQ(view["type"], "VIEW");
  EXPECT_EQ(view["view"], json({{"query", body["view"]["query"]}, {"useLegacySql", false}}));
  EXPECT_EQ(view["description"], "loud words");
  EXPECT_EQ(view["schema"]["fields"],
            json::parse(R"([{"name":"id","type":"INTEGER"},{"name":"loud","type":"STRING"}])"));
  EXPECT_EQ(view["numRows"], "0");
  const json listed = server_.Get(kTables).Json()["tables"];
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0]["type"], "TABLE");
  EXPECT_EQ(listed[1]["type"], "VIEW");
  EXPECT_EQ(listed[1]["view"], json({{"useLegacySql", false}}));
  EXPECT_EQ(server_.Delete(kView).status, 204);
  EXPECT_EQ(server_.Get(kView).status, 404);
}

TEST_F(RestViewsTest, TextMayChange) {
  ASSERT_EQ(server_.Post(kTables, ViewBody("v", "SELECT id FROM d.t")).status, 200);
  const std::string etag = server_.Get(kView).Json()["etag"];
  const json patch = {{"view", {{"query", "SELECT word FROM d.t"}}}, {"description", "words"}};
  const Answer patched = server_.Patch(kView, patch, etag);
  ASSERT_EQ(patched.status, 200) << patched.text;
  EXPECT_EQ(patched.Json()["schema"]["fields"][0]["name"], "word");
  EXPECT_EQ(patched.Json()["view"]["query"], "SELECT word FROM d.t");
  EXPECT_EQ(patched.Json()["description"], "words");
  EXPECT_EQ(server_.Patch(kView, patch, etag).status, 412);
  ExpectError(server_.Patch(kView, {{"view", {{"query", "SELECT nope FROM d.t"}}}}), 400, "invalidQuery",
              "Unrecognized name: nope at [1:8]");
  EXPECT_EQ(server_.Get(kView).Json()["view"]["query"], "SELECT word FROM d.t");
}

TEST_F(RestViewsTest, RefusesWhatIsNoView) {
  struct Case {
    const char* name;
    json body;
    int code;
    const char* reason;
    const char* message;
  };
  json legacy = ViewBody("v", "SELECT 1 AS x");
  legacy["view"].erase("useLegacySql");
  json with_schema = ViewBody("v", "SELECT 1 AS x");
  with_schema["schema"] = {{"fields", json::array()}};
  json partitioned = ViewBody("v", "SELECT 1 AS x");
  partitioned["timePartitioning"] = {{"type", "DAY"}};
  const Case cases[] = {
      {"legacy SQL", legacy, 501, "notImplemented", "useLegacySql"},
      {"schema", with_schema, 400, "invalid", "Schema field shouldn't be used as input with a view"},
      {"partitioned", partitioned, 501, "notImplemented", "timePartitioning"},
      {"no text", ViewBody("v", ""), 400, "invalid", "view.query"},
      {"two queries", ViewBody("v", "SELECT 1 AS x; SELECT 2 AS x"), 400, "invalid", "one query"},
      {"no query", ViewBody("v", "DROP TABLE d.t"), 400, "invalidQuery", "Syntax error"},
      {"bad text", ViewBody("v", "SELECT\n  nope FROM d.t"), 400, "invalidQuery",
       "Unrecognized name: nope at [2:3]"},
      {"missing table", ViewBody("v", "SELECT * FROM d.gone"), 404, "notFound", "p:d.gone"},
      {"column without a name", ViewBody("v", "SELECT 1"), 400, "invalidQuery", "columns must be named"},
      {"name is taken", ViewBody("t", "SELECT 1 AS x"), 409, "duplicate", "p:d.t"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ExpectError(server_.Post(kTables, c.body), c.code, c.reason, c.message);
  }
  EXPECT_EQ(server_.Get(kTables).Json()["totalItems"], 1);
  ExpectError(server_.Patch(std::string(kTables) + "/t", {{"view", {{"query", "SELECT 1 AS x"}}}}), 400,
              "invalidQuery", "currently a TABLE");
}

TEST_F(RestViewsTest, HoldsNoRows) {
  ASSERT_EQ(server_.Post(kTables, ViewBody("v", "SELECT id FROM d.t")).status, 200);
  ExpectError(server_.Get(std::string(kView) + "/data"), 400, "invalid", "Cannot list a table of type VIEW.");
  ExpectError(server_.Post(std::string(kView) + "/insertAll", json::parse(R"({"rows":[{"json":{"id":1}}]})")),
              400, "invalid", "Cannot add rows to a table of type VIEW.");
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
