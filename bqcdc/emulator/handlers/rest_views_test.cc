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

  // "path: description" of every column and field that has one.
  std::vector<std::string> DescriptionsOf(const std::string& view) {
    const Answer answer = server_.Post(
        "/bigquery/v2/projects/p/queries",
        {{"useLegacySql", false},
         {"query",
          "SELECT CONCAT(field_path, ': ', description) FROM d.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS "
          "WHERE table_name = '" +
              view + "' AND description != '' ORDER BY 1"}});
    EXPECT_EQ(answer.status, 200) << answer.text;
    std::vector<std::string> descriptions;
    for (const json& row : answer.Json().value("rows", json::array())) {
      descriptions.push_back(row["f"][0]["v"].get<std::string>());
    }
    return descriptions;
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

TEST_F(RestViewsTest, ASchemaDescribesColumns) {
  ASSERT_EQ(
      server_.Post(kTables, ViewBody("v", "SELECT id, STRUCT(word AS w, 1 AS n) AS s, [id] AS ids FROM d.t"))
          .status,
      200);
  const json fields = json::parse(R"([{"name":"ID","type":"INT64","description":"the key"},
      {"name":"s","type":"RECORD","mode":"NULLABLE","fields":[
          {"name":"w","type":"STRING","description":"in the struct"},{"name":"n","type":"INTEGER"}]},
      {"name":"ids","type":"INTEGER","mode":"REPEATED","description":"one of it"}])");
  const Answer patched = server_.Patch(kView, {{"schema", {{"fields", fields}}}});
  ASSERT_EQ(patched.status, 200) << patched.text;
  const json view = server_.Get(kView).Json();
  EXPECT_EQ(view["schema"]["fields"], json::parse(R"([{"name":"id","type":"INTEGER","description":"the key"},
      {"name":"s","type":"RECORD","fields":[
          {"name":"w","type":"STRING","description":"in the struct"},{"name":"n","type":"INTEGER"}]},
      {"name":"ids","type":"INTEGER","mode":"REPEATED","description":"one of it"}])"));
  EXPECT_EQ(view["view"]["query"], "SELECT id, STRUCT(word AS w, 1 AS n) AS s, [id] AS ids FROM d.t");
  EXPECT_EQ(DescriptionsOf("v"),
            (std::vector<std::string>{"id: the key", "ids: one of it", "s.w: in the struct"}));

  // What was read may be written back, and a column that is not described any more has lost its description.
  const Answer put = server_.Put(kView, view);
  ASSERT_EQ(put.status, 200) << put.text;
  EXPECT_EQ(put.Json()["schema"], view["schema"]);
  json undescribed = view;
  undescribed["schema"]["fields"][0].erase("description");
  ASSERT_EQ(server_.Put(kView, undescribed).status, 200);
  EXPECT_EQ(DescriptionsOf("v"), (std::vector<std::string>{"ids: one of it", "s.w: in the struct"}));
  ASSERT_EQ(server_.Patch(kView, {{"schema", nullptr}, {"description", "kept"}}).status, 200);
  EXPECT_EQ(DescriptionsOf("v"), (std::vector<std::string>{"ids: one of it", "s.w: in the struct"}));

  // A new query and the descriptions of its columns.
  const Answer both = server_.Patch(kView, json::parse(R"({"view":{"query":"SELECT word FROM d.t"},
                             "schema":{"fields":[{"name":"word","type":"STRING","description":"new"}]}})"));
  ASSERT_EQ(both.status, 200) << both.text;
  EXPECT_EQ(DescriptionsOf("v"), std::vector<std::string>{"word: new"});
}

TEST_F(RestViewsTest, ASchemaChangesNothingElseOfColumns) {
  ASSERT_EQ(
      server_.Post(kTables, ViewBody("v", "SELECT id, STRUCT(word AS w) AS s, [id] AS ids FROM d.t")).status,
      200);
  const json before = server_.Get(kView).Json();
  const std::string id = R"({"name":"id","type":"INTEGER","description":"lost"},)";
  const std::string rest =
      R"({"name":"s","type":"RECORD","fields":[{"name":"w","type":"STRING"}]},{"name":"ids","type":"INTEGER","mode":"REPEATED"})";
  struct Case {
    std::string fields;
    const char* message;
  };
  const std::string mismatch = "Provided Schema does not match Table p:d.v. ";
  const Case cases[] = {
      {rest, "Field id is missing in new schema"},
      {R"({"name":"key","type":"INTEGER"},)" + rest, "Field id is missing in new schema"},
      {R"({"name":"id","type":"STRING"},)" + rest, "Field id has changed type from INTEGER to STRING"},
      {R"({"name":"id","type":"INTEGER","mode":"REQUIRED"},)" + rest,
       "Field id has changed mode from NULLABLE to REQUIRED"},
      {R"({"name":"id","type":"INTEGER","defaultValueExpression":"1"},)" + rest,
       "Field id of a view can change its description only"},
      {id + rest + R"(,{"name":"more","type":"INTEGER"})", "Cannot add fields (field: more)"},
      {id +
           R"({"name":"s","type":"RECORD","fields":[{"name":"w","type":"STRING"},{"name":"x","type":"STRING"}]},
              {"name":"ids","type":"INTEGER","mode":"REPEATED"})",
       "Cannot add fields (field: s.x)"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.fields);
    const json body = {{"schema", {{"fields", json::parse("[" + c.fields + "]")}}}, {"description", "lost"}};
    ExpectError(server_.Patch(kView, body), 400, "invalid", mismatch + c.message);
    ExpectError(server_.Put(kView, body), 400, "invalid", mismatch + c.message);
  }
  ExpectError(server_.Patch(kView, json::parse(R"({"schema":{"fields":[{"type":"INTEGER"}]}})")), 400,
              "invalid", "name");
  ExpectError(server_.Patch(kView, {{"schema", "id"}}), 400, "invalid", "schema");
  EXPECT_EQ(server_.Get(kView).Json(), before);
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
