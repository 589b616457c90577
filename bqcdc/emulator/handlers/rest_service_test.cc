#include "bqcdc/emulator/handlers/rest_service.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/handlers/testing/rest_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "zlib.h"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;
using testing::Answer;
using testing::ExpectError;
using ::testing::HasSubstr;
using testing::Keys;
using testing::RestServer;

constexpr char kDatasets[] = "/bigquery/v2/projects/p/datasets";
constexpr char kTables[] = "/bigquery/v2/projects/p/datasets/d/tables";

json DatasetBody(const std::string& name) {
  return {{"datasetReference", {{"projectId", "p"}, {"datasetId", name}}}};
}

json TableBody(const std::string& name) {
  return json::parse(R"({"tableReference":{"projectId":"p","datasetId":"d","tableId":")" + name + R"("},
    "schema":{"fields":[
      {"name":"id","type":"INT64","mode":"REQUIRED"},
      {"name":"amount","type":"NUMERIC","precision":"10","scale":"2"},
      {"name":"note","type":"STRING","maxLength":"100","defaultValueExpression":"'x'"},
      {"name":"created","type":"TIMESTAMP"},
      {"name":"r","type":"STRUCT","fields":[{"name":"ok","type":"BOOL"},{"name":"f","type":"FLOAT64"}]}]},
    "tableConstraints":{"primaryKey":{"columns":["id"]}},
    "clustering":{"fields":["id"]},
    "timePartitioning":{"type":"DAY","field":"created","expirationMs":"86400000"},
    "maxStaleness":"0-0 0 0:15:0",
    "labels":{"env":"dev"},
    "description":"events"})");
}

TEST(RestDatasetsTest, LifeOfADataset) {
  RestServer server;
  json body = DatasetBody("d");
  body["location"] = "eu";
  body["labels"] = {{"env", "dev"}};
  Answer answer = server.Post(kDatasets, body);
  ASSERT_EQ(answer.status, 200) << answer.text;
  answer = server.Get(std::string(kDatasets) + "/d");
  ASSERT_EQ(answer.status, 200) << answer.text;
  json dataset = answer.Json();
  EXPECT_EQ(Keys(dataset), (std::set<std::string>{"access", "creationTime", "datasetReference", "etag", "id",
                                                  "kind", "labels", "lastModifiedTime", "location",
                                                  "maxTimeTravelHours", "selfLink", "type"}));
  EXPECT_EQ(dataset["id"], "p:d");
  EXPECT_EQ(dataset["location"], "EU");
  EXPECT_EQ(dataset["creationTime"], "1700000000000");
  EXPECT_EQ(answer.etag, dataset["etag"]);

  answer = server.Patch(std::string(kDatasets) + "/d",
                        {{"labels", {{"env", nullptr}, {"team", "x"}}}, {"description", "text"}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.Json()["labels"], (json{{"team", "x"}}));
  EXPECT_EQ(answer.Json()["description"], "text");
  EXPECT_NE(answer.Json()["etag"], dataset["etag"]);
  answer = server.Put(std::string(kDatasets) + "/d", {{"friendlyName", "name"}});
  EXPECT_FALSE(answer.Json().contains("labels"));
  EXPECT_EQ(answer.Json()["friendlyName"], "name");

  ExpectError(server.Post(kDatasets, body), 409, "duplicate", "Already Exists: Dataset p:d");
  EXPECT_EQ(server.Delete(std::string(kDatasets) + "/d").status, 204);
  ExpectError(server.Get(std::string(kDatasets) + "/d"), 404, "notFound", "Not found: Dataset p:d");
  ExpectError(server.Delete(std::string(kDatasets) + "/d"), 404, "notFound", "Not found: Dataset p:d");
}

TEST(RestDatasetsTest, ListsByPagesAndLabels) {
  RestServer server;
  EXPECT_FALSE(server.Get(kDatasets).Json().contains("datasets"));
  for (const char* name : {"b", "a", "c"}) {
    json body = DatasetBody(name);
    if (*name != 'b') body["labels"] = {{"env", "dev"}};
    ASSERT_EQ(server.Post(kDatasets, body).status, 200);
  }
  json list = server.Get(std::string(kDatasets) + "?maxResults=2").Json();
  EXPECT_EQ(list["kind"], "bigquery#datasetList");
  ASSERT_EQ(list["datasets"].size(), 2u);
  EXPECT_EQ(list["datasets"][0]["id"], "p:a");
  const std::string token = list["nextPageToken"];
  list = server.Get(std::string(kDatasets) + "?maxResults=2&pageToken=" + token).Json();
  ASSERT_EQ(list["datasets"].size(), 1u);
  EXPECT_EQ(list["datasets"][0]["id"], "p:c");
  EXPECT_FALSE(list.contains("nextPageToken"));
  EXPECT_EQ(server.Get(std::string(kDatasets) + "?filter=labels.env:dev").Json()["datasets"].size(), 2u);
  EXPECT_EQ(server.Get(std::string(kDatasets) + "?filter=labels.env").Json()["datasets"].size(), 2u);
  EXPECT_FALSE(
      server.Get(std::string(kDatasets) + "?filter=labels.env:dev%20labels.no").Json().contains("datasets"));
  ExpectError(server.Get(std::string(kDatasets) + "?filter=name:a"), 400, "invalid", "filter");
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("_hidden")).status, 200);
  EXPECT_EQ(server.Get(kDatasets).Json()["datasets"].size(), 3u);
  EXPECT_EQ(server.Get(std::string(kDatasets) + "?all=true").Json()["datasets"].size(), 4u);
  ExpectError(server.Get(std::string(kDatasets) + "?pageToken=nonsense"), 400, "invalid", "pageToken");
  ExpectError(server.Get(std::string(kDatasets) + "?maxResults=-1"), 400, "invalid", "maxResults");
}

TEST(RestTablesTest, KeepsWhatWasGiven) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  Answer answer = server.Post(kTables, TableBody("t"));
  ASSERT_EQ(answer.status, 200) << answer.text;
  answer = server.Get(std::string(kTables) + "/t");
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json table = answer.Json();
  EXPECT_EQ(Keys(table), (std::set<std::string>{"clustering",
                                                "creationTime",
                                                "description",
                                                "etag",
                                                "id",
                                                "kind",
                                                "labels",
                                                "lastModifiedTime",
                                                "location",
                                                "numActiveLogicalBytes",
                                                "numBytes",
                                                "numLongTermBytes",
                                                "numLongTermLogicalBytes",
                                                "numRows",
                                                "numTotalLogicalBytes",
                                                "schema",
                                                "selfLink",
                                                "tableConstraints",
                                                "tableReference",
                                                "timePartitioning",
                                                "type"}));
  EXPECT_EQ(table["schema"]["fields"], json::parse(R"([
      {"name":"id","type":"INTEGER","mode":"REQUIRED"},
      {"name":"amount","type":"NUMERIC","precision":"10","scale":"2"},
      {"name":"note","type":"STRING","maxLength":"100","defaultValueExpression":"'x'"},
      {"name":"created","type":"TIMESTAMP"},
      {"name":"r","type":"RECORD","fields":[{"name":"ok","type":"BOOLEAN"},{"name":"f","type":"FLOAT"}]}])"));
  EXPECT_EQ(table["tableConstraints"], json::parse(R"({"primaryKey":{"columns":["id"]}})"));
  EXPECT_EQ(table["timePartitioning"],
            json::parse(R"({"type":"DAY","field":"created","expirationMs":"86400000"})"));
  EXPECT_EQ(table["numRows"], "0");
  EXPECT_EQ(table["numBytes"], "0");
  EXPECT_EQ(table["location"], "US");
  EXPECT_FALSE(server.Get(std::string(kTables) + "/t?view=BASIC").Json().contains("numRows"));
  EXPECT_EQ(server.Get(std::string(kTables) + "/t?selectedFields=id,r.ok").Json()["schema"]["fields"].size(),
            2u);
  ExpectError(server.Post(kTables, TableBody("t")), 409, "duplicate", "Already Exists: Table p:d.t");
  ExpectError(server.Get(std::string(kTables) + "/missing"), 404, "notFound", "Not found: Table p:d.missing");
}

TEST(RestTablesTest, PartitioningAndClusteringAreSpelledAsTheSchemaIs) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  json body = TableBody("t");
  body["timePartitioning"]["field"] = "Created";
  body["timePartitioning"]["requirePartitionFilter"] = true;  // deprecated, and sent by Python's client
  body["clustering"]["fields"] = {"ID"};
  body["tableConstraints"]["primaryKey"]["columns"] = {"Id"};
  ASSERT_EQ(server.Post(kTables, body).status, 200);
  const json table = server.Get(std::string(kTables) + "/t").Json();
  EXPECT_EQ(table["timePartitioning"]["field"], "created");
  EXPECT_EQ(table["requirePartitionFilter"], true);
  EXPECT_EQ(table["tableConstraints"]["primaryKey"]["columns"], json({"id"}));
  EXPECT_EQ(table["clustering"]["fields"], json({"id"}));
  body = TableBody("twice");
  body["clustering"]["fields"] = {"id", "note", "ID"};
  ExpectError(server.Post(kTables, body), 400, "invalid", "Duplicate clustering column: id");
}

// What CREATE TABLE refuses is refused here, too.
TEST(RestTablesTest, PartitioningAndClusteringTakeTheColumnsThatDdlTakes) {
  struct Case {
    std::string column;  // of `c`: type, or "TYPE REPEATED"
    json layout;
    std::string error;  // empty: taken
  };
  const json day = {{"timePartitioning", {{"type", "DAY"}, {"field", "c"}}}};
  const json hour = {{"timePartitioning", {{"type", "HOUR"}, {"field", "c"}}}};
  const json range = {
      {"rangePartitioning", {{"field", "c"}, {"range", {{"start", "0"}, {"end", "10"}, {"interval", "1"}}}}}};
  const json cluster = {{"clustering", {{"fields", {"c"}}}}};
  const std::vector<Case> cases = {
      {"DATE", day, ""},
      {"DATE REPEATED", day, "The type found is: ARRAY<DATE>."},
      {"STRING", day, "can only be of type TIMESTAMP, DATE or DATETIME. The type found is: STRING."},
      {"DATE", hour,
       "can only be of type TIMESTAMP or DATETIME for HOUR partitioning. The type found is: DATE."},
      {"DATETIME", hour, ""},
      {"INTEGER", range, ""},
      {"STRING", range, "range partitioning can only be of type INTEGER. The type found is: STRING."},
      {"INTEGER REPEATED", range, "The type found is: ARRAY<INT64>."},
      {"STRING", cluster, ""},
      {"FLOAT", cluster, "clustering has a type that does not support it: c, FLOAT64."},
      {"JSON", cluster, "c, JSON."},
      {"STRING REPEATED", cluster, "c, ARRAY<STRING>."},
  };
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  int number = 0;
  for (const Case& test : cases) {
    SCOPED_TRACE(test.column + test.layout.dump());
    const bool repeated = test.column.ends_with(" REPEATED");
    json body = test.layout;
    body["tableReference"] = {{"tableId", absl::StrCat("t", number++)}};
    body["schema"]["fields"] = {{{"name", "c"},
                                 {"type", test.column.substr(0, test.column.find(' '))},
                                 {"mode", repeated ? "REPEATED" : "NULLABLE"}}};
    const auto answer = server.Post(kTables, body);
    if (test.error.empty()) {
      EXPECT_EQ(answer.status, 200) << answer.Json().dump();
    } else {
      ExpectError(answer, 400, "invalid", test.error);
    }
  }
}

TEST(RestTablesTest, MaxStalenessIsDroppedUnlessHonoured) {
  RestServer strict;
  ASSERT_EQ(strict.Post(kDatasets, DatasetBody("d")).status, 200);
  ASSERT_EQ(strict.Post(kTables, TableBody("t")).status, 200);
  EXPECT_EQ(strict.database().GetTable({"p", "d", "t"})->max_staleness_us, std::nullopt);

  RestServer lenient({}, {.honour_rest_max_staleness = true});
  ASSERT_EQ(lenient.Post(kDatasets, DatasetBody("d")).status, 200);
  EXPECT_EQ(lenient.Post(kTables, TableBody("t")).Json()["maxStaleness"], "0-0 0 0:15:0");
  EXPECT_EQ(lenient.database().GetTable({"p", "d", "t"})->max_staleness_us, 15 * 60 * int64_t{1'000'000});
}

TEST(RestTablesTest, ListsTables) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  json list = server.Get(kTables).Json();
  EXPECT_EQ(list["totalItems"], 0);
  EXPECT_FALSE(list.contains("tables"));
  for (const char* name : {"b", "a"}) ASSERT_EQ(server.Post(kTables, TableBody(name)).status, 200);
  list = server.Get(std::string(kTables) + "?maxResults=1").Json();
  EXPECT_EQ(list["kind"], "bigquery#tableList");
  EXPECT_EQ(list["totalItems"], 2);
  EXPECT_EQ(list["tables"][0]["id"], "p:d.a");
  EXPECT_TRUE(list.contains("nextPageToken"));
  ExpectError(server.Get("/projects/p/datasets/none/tables"), 404, "notFound", "Not found: Dataset p:none");
  ExpectError(server.Delete(std::string(kDatasets) + "/d"), 400, "resourceInUse",
              "Dataset p:d is still in use");
  EXPECT_EQ(server.Delete(std::string(kDatasets) + "/d?deleteContents=true").status, 204);
}

TEST(RestTablesTest, SchemaChanges) {
  struct Case {
    const char* name;
    const char* fields;
    const char* error;  // empty: allowed
  };
  const Case cases[] = {
      {"add nullable", R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"s","type":"STRING"},
          {"name":"extra","type":"STRING","mode":"NULLABLE"}])",
       ""},
      {"relax", R"([{"name":"id","type":"INTEGER","mode":"NULLABLE"},{"name":"s","type":"STRING"}])", ""},
      {"names without case",
       R"([{"name":"ID","type":"INT64","mode":"REQUIRED"},{"name":"S","type":"STRING"}])", ""},
      {"drop", R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"}])",
       "Provided Schema does not match Table p:d.t. Field s is missing in new schema"},
      {"retype", R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"s","type":"BYTES"}])",
       "Field s has changed type from STRING to BYTES"},
      {"tighten",
       R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"s","type":"STRING","mode":"REQUIRED"}])",
       "Field s has changed mode from NULLABLE to REQUIRED"},
      {"add required", R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"s","type":"STRING"},
          {"name":"n","type":"STRING","mode":"REQUIRED"}])",
       "Cannot add required fields to an existing schema"},
      {"unknown type", R"([{"name":"id","type":"WORD"}])", "WORD"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    RestServer server;
    ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
    ASSERT_EQ(server
                  .Post(kTables, json::parse(R"({"tableReference":{"tableId":"t"},"schema":{"fields":[
        {"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"s","type":"STRING"}]}})"))
                  .status,
              200);
    const Answer answer =
        server.Patch(std::string(kTables) + "/t", {{"schema", {{"fields", json::parse(c.fields)}}}});
    if (*c.error != '\0') {
      ExpectError(answer, 400, "invalid", c.error);
      continue;
    }
    EXPECT_EQ(answer.status, 200) << answer.text;
  }
}

TEST(RestTablesTest, PatchIsGuardedByEtag) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  const std::string etag = server.Post(kTables, TableBody("t")).Json()["etag"];
  const std::string path = std::string(kTables) + "/t";
  Answer answer = server.Patch(path, {{"labels", {{"epoch", "1"}}}}, etag);
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.Json()["labels"], json::parse(R"({"env":"dev","epoch":"1"})"));
  answer = server.Patch(path, {{"labels", {{"epoch", "2"}}}}, etag);
  ExpectError(answer, 412, "conditionNotMet", "Resource p:d.t did not meet condition IF_MATCH");
  EXPECT_EQ(answer.Json()["error"]["status"], "FAILED_PRECONDITION");
  EXPECT_EQ(answer.Json()["error"]["errors"][0]["location"], "If-Match");
  EXPECT_EQ(answer.Json()["error"]["errors"][0]["locationType"], "header");
  answer = server.Patch(path, {{"labels", {{"env", nullptr}}}, {"description", nullptr}});
  EXPECT_EQ(answer.Json()["labels"], json::parse(R"({"epoch":"1"})"));
  EXPECT_FALSE(answer.Json().contains("description"));
  ExpectError(server.Patch(path, {{"timePartitioning", {{"type", "HOUR"}, {"field", "created"}}}}), 400,
              "invalid", "Cannot change the partitioning");
  ExpectError(server.Patch(path, {{"clustering", {{"fields", {"nope"}}}}}), 400, "invalid", "nope");
}

TEST(RestDatasetsTest, ChangesAreGuardedByEtag) {
  RestServer server;
  const std::string path = std::string(kDatasets) + "/d";
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  const std::string etag = server.Get(path).etag;
  const auto put = [&](const std::string& if_match) {
    return server.client().Put(path, {{"If-Match", if_match}}, R"({"description":"text"})",
                               "application/json");
  };
  EXPECT_EQ(put("\"" + etag + "\"")->status, 200);
  EXPECT_EQ(put("\"" + etag + "\"")->status, 412);
  EXPECT_EQ(put("*")->status, 200);
  ExpectError(server.Patch(path, {{"description", "other"}}, etag), 412, "conditionNotMet",
              "Resource p:d did");
  EXPECT_EQ(server.Get(path).Json()["description"], "text");
  ExpectError(server.Delete(path, etag), 412, "conditionNotMet", "Resource p:d did");
  ASSERT_EQ(server.Post(kTables, TableBody("t")).status, 200);
  const std::string table = std::string(kTables) + "/t";
  ExpectError(server.Delete(table, etag), 412, "conditionNotMet", "Resource p:d.t did");
  EXPECT_EQ(server.Delete(table, server.Get(table).etag).status, 204);
  EXPECT_EQ(server.Delete(path, "\"" + server.Get(path).etag + "\"").status, 204);
  EXPECT_EQ(server.Get(path).status, 404);
}

TEST(RestTablesTest, UpdateReplacesWhatPatchKeeps) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  ASSERT_EQ(server.Post(kTables, TableBody("t")).status, 200);
  const std::string path = std::string(kTables) + "/t";
  json body = TableBody("t");
  body.erase("labels");
  body.erase("description");
  const Answer answer = server.Put(path, body);
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_FALSE(answer.Json().contains("labels"));
  EXPECT_FALSE(answer.Json().contains("description"));
  EXPECT_TRUE(answer.Json().contains("tableConstraints"));
  EXPECT_EQ(answer.Json()["schema"]["fields"].size(), 5u);
  body["unknownField"] = {{"of", "a newer API"}};
  EXPECT_EQ(server.Put(path, body).status, 200);
}

TEST(RestTablesTest, RefusesByName) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  struct Case {
    const char* body;
    int code;
    const char* reason;
    const char* message;
  };
  const Case cases[] = {
      {R"({"tableReference":{"tableId":"v"},"view":{"query":"SELECT 1"}})", 501, "notImplemented", "view"},
      {R"({"tableReference":{"tableId":"v"}})", 501, "notImplemented", "without a schema"},
      {R"({"tableReference":{"tableId":"a.b"},"schema":{"fields":[{"name":"x","type":"STRING"}]}})", 400,
       "invalid", "Invalid table ID"},
      {R"({"tableReference":{"tableId":"t","datasetId":"other"},"schema":{"fields":[]}})", 400, "invalid",
       "other"},
      {R"({"tableReference":{"tableId":"t"},"schema":{"fields":[{"name":"f","type":"FLOAT64"}]},
          "tableConstraints":{"primaryKey":{"columns":["f"]}}})",
       400, "invalid", "f"},
      {R"({})", 400, "invalid", "tableReference"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    ExpectError(server.Post(kTables, json::parse(c.body)), c.code, c.reason, c.message);
  }
}

TEST(RestTabledataTest, InsertAllAndList) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  ASSERT_EQ(server
                .Post(kTables, json::parse(R"({"tableReference":{"tableId":"t"},"schema":{"fields":[
      {"name":"n","type":"INTEGER","mode":"REQUIRED"},{"name":"s","type":"STRING","maxLength":"3"},
      {"name":"l","type":"DATE","mode":"REPEATED"},{"name":"x","type":"NUMERIC"},{"name":"at","type":"TIMESTAMP"},
      {"name":"r","type":"RECORD","fields":[{"name":"b","type":"BYTES"},{"name":"ok","type":"BOOLEAN"}]}]}})"))
                .status,
            200);
  const std::string table = std::string(kTables) + "/t";
  json empty = server.Get(table + "/data").Json();
  EXPECT_EQ(Keys(empty), (std::set<std::string>{"etag", "kind", "totalRows"}));
  EXPECT_EQ(empty["kind"], "bigquery#tableDataList");
  EXPECT_EQ(empty["totalRows"], "0");

  server.clock().Advance(absl::Seconds(2));
  const std::string now = std::to_string(absl::ToUnixMillis(server.clock().Now()));
  EXPECT_NE(server.Get(table).Json()["lastModifiedTime"], now);
  Answer answer = server.Post(table + "/insertAll", json::parse(R"({"rows":[
    {"insertId":"1","json":{"N":1,"s":"abc","l":["2024-02-29"],"x":"1.50","at":1705321996.5,"r":{"b":"AP8=","ok":"TRUE"}}},
    {"json":{"n":"2"}}]})"));
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.Json(), (json{{"kind", "bigquery#tableDataInsertAllResponse"}}));
  const json first = server.Get(table + "/data?maxResults=1").Json();
  EXPECT_EQ(first["totalRows"], "2");
  EXPECT_EQ(first["rows"], json::parse(R"([{"f":[{"v":"1"},{"v":"abc"},{"v":[{"v":"2024-02-29"}]},{"v":"1.5"},
      {"v":"1.7053219965E9"},{"v":{"f":[{"v":"AP8="},{"v":"true"}]}}]}])"));
  const json second =
      server.Get(table + "/data?maxResults=5&pageToken=" + first["pageToken"].get<std::string>()).Json();
  EXPECT_EQ(second["rows"],
            json::parse(R"([{"f":[{"v":"2"},{"v":null},{"v":[]},{"v":null},{"v":null},{"v":null}]}])"));
  EXPECT_FALSE(second.contains("pageToken"));
  EXPECT_EQ(server.Get(table + "/data?startIndex=1&selectedFields=n").Json()["rows"],
            json::parse(R"([{"f":[{"v":"2"}]}])"));
  const json resource = server.Get(table).Json();
  EXPECT_EQ(resource["numRows"], "2");
  EXPECT_EQ(resource["lastModifiedTime"], now);
  EXPECT_EQ(resource["numBytes"], "58") << "8+5+8+16+8+4+1 and 8";

  json refused =
      server
          .Post(table + "/insertAll", json::parse(R"({"rows":[{"json":{"n":3}},{"json":{"n":"not-a-number"}},
      {"json":{"n":4,"zz":1}},{"json":{}},{"json":{"n":5,"s":"long"}},{"json":{"n":6,"x":0.1}}]})"))
          .Json();
  ASSERT_EQ(refused["insertErrors"].size(), 6u);
  EXPECT_EQ(refused["insertErrors"][0]["errors"][0]["reason"], "stopped");
  EXPECT_EQ(refused["insertErrors"][1],
            json::parse(R"({"index":1,"errors":[{"reason":"invalid","location":"n","debugInfo":"",
      "message":"Cannot convert value to integer (bad value): not-a-number"}]})"));
  EXPECT_EQ(refused["insertErrors"][2]["errors"][0]["message"], "no such field: zz.");
  EXPECT_EQ(refused["insertErrors"][3]["errors"][0]["message"], "Missing required field: n.");
  EXPECT_EQ(server.Get(table + "/data").Json()["totalRows"], "2");
  refused = server
                .Post(table + "/insertAll", json::parse(R"({"skipInvalidRows":true,"ignoreUnknownValues":true,
      "rows":[{"json":{"n":3}},{"json":{"n":"x"}},{"json":{"n":4,"zz":1}}]})"))
                .Json();
  ASSERT_EQ(refused["insertErrors"].size(), 1u);
  EXPECT_EQ(refused["insertErrors"][0]["index"], 1);
  EXPECT_EQ(server.Get(table + "/data").Json()["totalRows"], "4");
  ExpectError(server.Post(std::string(kTables) + "/none/insertAll", json::parse(R"({"rows":[{"json":{}}]})")),
              404, "notFound", "Not found: Table p:d.none");
}

TEST(RestTabledataTest, ATemplateSuffixNamesATableWithTheSameColumns) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  ASSERT_EQ(server
                .Post(kTables, json::parse(R"({"tableReference":{"tableId":"t"},"description":"base",
      "schema":{"fields":[{"name":"n","type":"INTEGER"}]}})"))
                .status,
            200);
  const std::string table = std::string(kTables) + "/t";
  const json insert = json::parse(R"({"templateSuffix":"_v1","rows":[{"json":{"n":1}}]})");
  for (const char* total : {"1", "2"}) {
    EXPECT_EQ(server.Post(table + "/insertAll", insert).Json(),
              (json{{"kind", "bigquery#tableDataInsertAllResponse"}}));
    EXPECT_EQ(server.Get(table + "_v1/data").Json()["totalRows"], total);
  }
  EXPECT_EQ(server.Get(table + "/data").Json()["totalRows"], "0");
  const json made = server.Get(table + "_v1").Json();
  EXPECT_EQ(made["schema"], server.Get(table).Json()["schema"]);
  EXPECT_FALSE(made.contains("description"));
  ExpectError(
      server.Post(table + "/insertAll", json::parse(R"({"templateSuffix":"$1","rows":[{"json":{"n":1}}]})")),
      400, "invalid", "Invalid table ID \"t$1\"");
}

// A client that deletes what it lists left every second page behind.
TEST(RestTablesTest, PagesGoOnBehindTheLastNameWhateverComesAndGoes) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  const auto make = [&](const std::string& name) {
    ASSERT_EQ(server
                  .Post(kTables, {{"tableReference", {{"tableId", name}}},
                                  {"schema", {{"fields", {{{"name", "n"}, {"type", "INTEGER"}}}}}}})
                  .status,
              200);
  };
  for (const char* name : {"b", "c", "d", "e", "f"}) make(name);
  json page = server.Get(std::string(kTables) + "?maxResults=2").Json();
  ASSERT_EQ(page["tables"].size(), 2u);
  for (const char* name : {"b", "c"}) EXPECT_EQ(server.Delete(std::string(kTables) + "/" + name).status, 204);
  make("a");
  page =
      server.Get(std::string(kTables) + "?maxResults=2&pageToken=" + page["nextPageToken"].get<std::string>())
          .Json();
  ASSERT_EQ(page["tables"].size(), 2u);
  EXPECT_EQ(page["tables"][0]["id"], "p:d.d");
  EXPECT_EQ(page["tables"][1]["id"], "p:d.e");
  page = server.Get(std::string(kTables) + "?pageToken=" + page["nextPageToken"].get<std::string>()).Json();
  ASSERT_EQ(page["tables"].size(), 1u);
  EXPECT_EQ(page["tables"][0]["id"], "p:d.f");
}

TEST(RestTablesTest, PartitionDecoratorsAreRefusedByName) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  const std::string partition = std::string(kTables) + "/t$20240131";
  const auto expect_refused = [](const Answer& answer) {
    ExpectError(answer, 501, "notImplemented", "partition decorators, as in t$20240131");
  };
  expect_refused(server.Get(partition));
  expect_refused(server.Get(partition + "/data"));
  expect_refused(server.Delete(partition));
  expect_refused(server.Post(partition + "/insertAll", json::parse(R"({"rows":[{"json":{}}]})")));
}

// The sum of a row's bytes was an expression as deep as the table has columns: from 990 on every answer that
// has a size was DuckDB's "Max expression depth limit of 1000 exceeded".
TEST(RestRowsTest, OfATableOfThousandsOfColumns) {
  constexpr int kColumns = 2'500;
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  json body = json::parse(R"({"tableReference":{"tableId":"t"},"schema":{"fields":[]}})");
  json row = json::object();
  for (int i = 0; i < kColumns; ++i) {
    const std::string name = "c" + std::to_string(i);
    body["schema"]["fields"].push_back({{"name", name}, {"type", i % 2 == 0 ? "INTEGER" : "STRING"}});
    row[name] = "7";
  }
  ASSERT_EQ(server.Post(kTables, body).status, 200);
  const std::string table = std::string(kTables) + "/t";
  EXPECT_EQ(server.Get(table).Json()["numBytes"], "0");
  Answer answer = server.Post(table + "/insertAll", {{"rows", {{{"json", row}}}}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_FALSE(answer.Json().contains("insertErrors"));
  answer = server.Patch(table, {{"description", "wide"}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.Json()["numRows"], "1");
  EXPECT_EQ(answer.Json()["numBytes"], std::to_string(kColumns / 2 * 8 + kColumns / 2 * 3));
  EXPECT_EQ(server.Get(kTables).Json()["tables"].size(), 1u);
  EXPECT_EQ(server.Get(table + "/data?selectedFields=c1,c2498").Json()["rows"],
            json::parse(R"([{"f":[{"v":"7"},{"v":"7"}]}])"));
}

// A table d.t of columns n INTEGER and s STRING, the latter with a default where asked for.
std::string MakeNumbers(RestServer& server, const std::string& default_of_s = "") {
  EXPECT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  json body = json::parse(R"({"tableReference":{"tableId":"t"},"schema":{"fields":[
      {"name":"n","type":"INTEGER"},{"name":"s","type":"STRING","mode":"REQUIRED"}]}})");
  if (!default_of_s.empty()) body["schema"]["fields"][1]["defaultValueExpression"] = default_of_s;
  if (default_of_s.empty()) body["schema"]["fields"][1]["mode"] = "NULLABLE";
  EXPECT_EQ(server.Post(kTables, body).status, 200);
  return std::string(kTables) + "/t";
}

int TotalRows(RestServer& server, const std::string& table) {
  return std::stoi(server.Get(table + "/data").Json()["totalRows"].get<std::string>());
}

TEST(RestTabledataTest, InsertIdsOfAMinuteAreStoredOnce) {
  RestServer server;
  const std::string table = MakeNumbers(server);
  const json once = json::parse(R"({"rows":[{"insertId":"a","json":{"n":1}},{"insertId":"a","json":{"n":1}},
      {"insertId":"b","json":{"n":2}},{"json":{"n":3}},{"json":{"n":3}},{"insertId":"","json":{"n":4}}]})");
  EXPECT_EQ(server.Post(table + "/insertAll", once).Json(),
            (json{{"kind", "bigquery#tableDataInsertAllResponse"}}));
  EXPECT_EQ(TotalRows(server, table), 5);
  // A retry: the named rows are there already.
  ASSERT_EQ(server.Post(table + "/insertAll", once).status, 200);
  EXPECT_EQ(TotalRows(server, table), 8);
  // A refused row is not remembered.
  const json refused = json::parse(R"({"rows":[{"insertId":"c","json":{"n":"x"}}]})");
  EXPECT_TRUE(server.Post(table + "/insertAll", refused).Json().contains("insertErrors"));
  const json mended = json::parse(R"({"rows":[{"insertId":"c","json":{"n":5}}]})");
  EXPECT_FALSE(server.Post(table + "/insertAll", mended).Json().contains("insertErrors"));
  EXPECT_EQ(TotalRows(server, table), 9);
  // Nor is a row of another table, or of one that is gone.
  EXPECT_EQ(server.Delete(table).status, 204);
  EXPECT_EQ(server
                .Post(kTables, json::parse(R"({"tableReference":{"tableId":"t"},"schema":{"fields":[
      {"name":"n","type":"INTEGER"}]}})"))
                .status,
            200);
  ASSERT_EQ(server.Post(table + "/insertAll", mended).status, 200);
  EXPECT_EQ(TotalRows(server, table), 1);
  server.clock().Advance(absl::Seconds(61));
  ASSERT_EQ(server.Post(table + "/insertAll", mended).status, 200);
  EXPECT_EQ(TotalRows(server, table), 2);
  const json long_id = {{"rows", {{{"insertId", std::string(129, 'x')}, {"json", {{"n", 1}}}}}}};
  ExpectError(server.Post(table + "/insertAll", long_id), 400, "invalid", "insertId");
}

TEST(RestTabledataTest, InsertAllFillsDefaults) {
  const auto numbered = [](const schema::Column& column, size_t rows,
                           absl::Time) -> absl::StatusOr<std::vector<engine::Chunk>> {
    engine::Chunk chunk({column}, false);
    engine::VectorWriter writer = chunk.Writer(0);
    for (size_t i = 0; i < rows; ++i) writer.SetBytes(i, "default " + std::to_string(i));
    chunk.SetRowCount(rows);
    std::vector<engine::Chunk> chunks;
    chunks.push_back(std::move(chunk));
    return chunks;
  };
  RestServer server({}, {.evaluate_default = numbered});
  const std::string table = MakeNumbers(server, "'x'");
  const json answer =
      server
          .Post(table + "/insertAll", json::parse(R"({"skipInvalidRows":true,"rows":[{"json":{"n":0}},
      {"json":{"n":1,"s":null}},{"json":{"n":2,"s":"own"}},{"json":{"n":3}}]})"))
          .Json();
  ASSERT_EQ(answer["insertErrors"].size(), 1u) << answer;
  EXPECT_EQ(answer["insertErrors"][0]["index"], 1) << "a null is a NULL, which REQUIRED refuses";
  EXPECT_EQ(server.Get(table + "/data").Json()["rows"],
            json::parse(R"([{"f":[{"v":"0"},{"v":"default 0"}]},{"f":[{"v":"2"},{"v":"own"}]},
                            {"f":[{"v":"3"},{"v":"default 3"}]}])"));
  RestServer without;
  const std::string other = MakeNumbers(without, "'x'");
  EXPECT_EQ(without.Post(other + "/insertAll", json::parse(R"({"rows":[{"json":{"n":0}}]})")).status, 501);
}

TEST(RestServiceTest, InsertAllTakesPartitionsAroundTodayOnly) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  ASSERT_EQ(
      server
          .Post(kTables, json::parse(R"({"tableReference":{"tableId":"t"},"timePartitioning":{"type":"DAY",
      "field":"day"},"schema":{"fields":[{"name":"n","type":"INTEGER"},{"name":"day","type":"DATE"}]}})"))
          .status,
      200);
  const std::string table = std::string(kTables) + "/t";
  const json answer = server
                          .Post(table + "/insertAll", json::parse(R"({"skipInvalidRows":true,"rows":[
      {"json":{"n":1,"day":"9999-12-31"}},{"json":{"n":2}}]})"))
                          .Json();
  ASSERT_EQ(answer["insertErrors"].size(), 1u);
  EXPECT_EQ(answer["insertErrors"][0]["index"], 0);
  EXPECT_EQ(answer["insertErrors"][0]["errors"][0]["location"], "day");
  EXPECT_THAT(
      answer["insertErrors"][0]["errors"][0]["message"].get<std::string>(),
      HasSubstr("Value 2932896 for field day of the destination table p:d.t is outside the allowed bounds"));
  EXPECT_EQ(server.Get(table + "/data").Json()["totalRows"], "1");
}

TEST(RestHttpTest, PathsAndMethods) {
  RestServer server;
  ASSERT_EQ(server.Post("/projects/p/datasets", DatasetBody("d")).status, 200);
  EXPECT_EQ(server.Get("/projects/p/datasets/d?prettyPrint=false&alt=json&fields=id").status, 200);
  ExpectError(server.Get("/nothing/here"), 404, "notFound", "No method of this API: GET /nothing/here");
  ExpectError(server.Post("/bigquery/v2/projects/p/datasets/d", json::object()), 405, "httpMethodNotAllowed",
              "POST");
  ExpectError(server.Post("/upload/bigquery/v2/projects/p/jobs?uploadType=multipart", json::object()), 501,
              "notImplemented", "uploads");
  ExpectError(server.Get("/projects/p/datasets/d/routines"), 501, "notImplemented", "bigquery.routines.list");
  EXPECT_EQ(server.Get("/bigquery/v2/projects/p/datasets/%64").status, 200);
  EXPECT_EQ(server.Get("/projects").Json()["kind"], "bigquery#projectList");
}

TEST(RestHttpTest, SystemParameters) {
  RestServer server;
  const std::string table = MakeNumbers(server);
  ASSERT_EQ(server.Post(table + "/insertAll", json::parse(R"({"rows":[{"json":{"n":1,"s":"a"}}]})")).status,
            200);
  struct Case {
    std::string path;
    const char* expected;
  };
  const Case cases[] = {
      {table + "?fields=id,tableReference/tableId", R"({"id":"p:d.t","tableReference":{"tableId":"t"}})"},
      {table + "?$fields=schema(fields(name))", R"({"schema":{"fields":[{"name":"n"},{"name":"s"}]}})"},
      {table + "/data?fields=totalRows", R"({"totalRows":"1"})"},
      {table + "/data?fields=rows", R"({"rows":[{"f":[{"v":"1"},{"v":"a"}]}]})"},
      {table + "/data?fields=rows,totalRows", R"({"totalRows":"1","rows":[{"f":[{"v":"1"},{"v":"a"}]}]})"},
      {table + "/data?fields=rows/f/nothing", R"({"rows":[{"f":[{},{}]}]})"},
      {table + "/data?fields=rows&prettyPrint=true", R"({"rows":[{"f":[{"v":"1"},{"v":"a"}]}]})"},
      {table + "?fields=nothing", "{}"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    const Answer answer = server.Get(c.path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.Json(), json::parse(c.expected)) << answer.text;
  }
  EXPECT_THAT(server.Get(table + "?prettyPrint=true&fields=id").text, HasSubstr("{\n  \"id\": \"p:d.t\"\n}"));
  EXPECT_EQ(server.Get(table + "?prettyPrint=false&fields=id").text, R"({"id":"p:d.t"})");
  EXPECT_EQ(server.Get(table + "?key=k&quotaUser=u&$.xgafv=2&callback=f&unknown=1").status, 200);
  ExpectError(server.Get(table + "?fields=a("), 400, "invalid", "Invalid field selection a(");
  ExpectError(server.Get(table + "?prettyPrint=maybe"), 400, "invalid", "prettyPrint");
  ExpectError(server.Get(table + "?alt=proto"), 400, "invalid", "alt");
  // An error keeps its form whatever fields are asked for.
  ExpectError(server.Get(std::string(kTables) + "/none?fields=id"), 404, "notFound",
              "Not found: Table p:d.none");
}

TEST(RestHttpTest, UnchangedEntitiesAreNotSentAgain) {
  RestServer server;
  const std::string table = MakeNumbers(server);
  const auto get = [&server](const std::string& path, const std::string& etag) {
    return server.client().Get(path, {{"If-None-Match", etag}});
  };
  for (const std::string& path : {table, std::string(kTables), std::string(kDatasets),
                                  std::string(kDatasets) + "/d", table + "/data"}) {
    SCOPED_TRACE(path);
    const Answer first = server.Get(path);
    ASSERT_EQ(first.status, 200);
    ASSERT_FALSE(first.etag.empty());
    EXPECT_EQ(first.etag, first.Json()["etag"]);
    for (const std::string& header : {first.etag, "\"" + first.etag + "\"", "W/\"" + first.etag + "\"",
                                      "\"x\", \"" + first.etag + "\"", std::string("*")}) {
      const auto again = get(path, header);
      ASSERT_TRUE(again);
      EXPECT_EQ(again->status, 304) << header;
      EXPECT_EQ(again->body, "");
      EXPECT_EQ(again->get_header_value("ETag"), first.etag);
    }
    EXPECT_EQ(get(path, "\"x\"")->status, 200);
  }
  // Rows change the listing of rows, and a patch changes the table.
  const std::string rows = server.Get(table + "/data").etag, entity = server.Get(table).etag;
  ASSERT_EQ(server.Post(table + "/insertAll", json::parse(R"({"rows":[{"json":{"n":1}}]})")).status, 200);
  EXPECT_EQ(get(table + "/data", rows)->status, 200);
  ASSERT_EQ(server.Patch(table, {{"description", "text"}}).status, 200);
  EXPECT_EQ(get(table, entity)->status, 200);
  EXPECT_EQ(get(std::string(kTables) + "/none", "*")->status, 404);
}

TEST(RestHttpTest, MethodOverride) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  const auto result =
      server.client().Post(std::string(kDatasets) + "/d", {{"X-HTTP-Method-Override", "PATCH"}},
                           R"({"description":"by override"})", "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(json::parse(result->body)["description"], "by override");
}

std::string Packed(std::string text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Gunzip(std::string packed) {
  std::string text(100'000, '\0');
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

TEST(RestHttpTest, Bodies) {
  RestServer server({}, {.request_bytes_max = 100'000});
  const httplib::Headers gzip = {{"Content-Encoding", "gzip"}};
  auto result =
      server.client().Post(kDatasets, gzip, Packed(DatasetBody("zipped").dump()), "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200) << result->body;
  // Small on the wire, too large in memory.
  result = server.client().Post(kDatasets, gzip, Packed(std::string(200'000, ' ')), "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(json::parse(result->body)["error"]["errors"][0]["reason"], "uploadTooLarge");
  result = server.client().Post(kDatasets, std::string(200'000, ' '), "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 413);
  result = server.client().Post(kDatasets, {{"Content-Encoding", "zstd"}}, "x", "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 415) << result->body;
  result = server.client().Post(kDatasets, {{"Content-Encoding", "br"}}, "x", "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 415) << result->body;
  result = server.client().Post(kDatasets, "{not json", "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(json::parse(result->body)["error"]["errors"][0]["reason"], "parseError");
  result = server.client().Post(kDatasets, "[]", "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 400);
}

TEST(RestHttpTest, AnswersAreCompressedForWhoTakesThem) {
  RestServer server;
  const std::string path = "/discovery/v1/apis/bigquery/v2/rest";
  const json document = server.Get(path).Json();
  server.client().set_decompress(false);
  struct Case {
    const char* accepted;
    bool compressed;
  };
  for (const Case& c : {Case{"gzip", true},
                        {"deflate, gzip;q=0.5, br", true},
                        {"gzip;q=0", false},
                        {"gzipped", false},
                        {"identity", false},
                        {"", false}}) {
    SCOPED_TRACE(c.accepted);
    const auto result = server.client().Get(path, {{"Accept-Encoding", c.accepted}});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->get_header_value("Content-Encoding"), c.compressed ? "gzip" : "");
    EXPECT_EQ(json::parse(c.compressed ? Gunzip(result->body) : result->body), document);
  }
}

TEST(RestDiscoveryTest, NamesWhatIsServed) {
  RestServer server;
  const json document = server.Get("/discovery/v1/apis/bigquery/v2/rest").Json();
  EXPECT_EQ(server.Get("/$discovery/rest?version=v2").Json(), document);
  const std::string root = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  EXPECT_EQ(document["rootUrl"], root);
  EXPECT_EQ(document["baseUrl"], root + "bigquery/v2/");
  EXPECT_EQ(document["servicePath"], "bigquery/v2/");
  EXPECT_EQ(document["resources"]["tables"]["methods"]["get"]["path"],
            "projects/{projectId}/datasets/{datasetId}/tables/{tableId}");
  EXPECT_EQ(document["resources"]["jobs"]["methods"]["query"]["request"]["$ref"], "QueryRequest");
  EXPECT_TRUE(document["schemas"].contains("QueryRequest"));
  EXPECT_FALSE(document["resources"].contains("routines")) << "methods that are refused are not offered";
  EXPECT_FALSE(document["resources"].contains("discovery"));
}

TEST(RestHttpTest, ForeignHostsAreRefused) {
  RestServer server({},
                    {.host_allowed = [](std::string_view host) { return host.starts_with("127.0.0.1"); }});
  EXPECT_EQ(server.Get("/projects").status, 200);
  const auto result = server.client().Get("/projects", {{"Host", "evil.example"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 403);
}

TEST(RestHttpTest, WebPagesAreRefused) {
  RestServer server;
  const std::string own = "http://127.0.0.1:" + std::to_string(server.port());
  const std::string body = DatasetBody("d").dump();
  // A page can send such a body without asking first; what is in it must not be taken for a request either.
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    const auto result = server.client().Post(kDatasets, {{"Origin", "https://evil.example"}},
                                             "DELETE /projects HTTP/1.1\r\nHost: x\r\n\r\n", type);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 403);
  }
  EXPECT_EQ(server.Get("/projects").status, 200);
  const auto result = server.client().Post(kDatasets, {{"Origin", own}}, body, "application/json");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
}

TEST(RestServiceTest, InsertedJsonIsListedInItsCanonicalForm) {
  RestServer server;
  ASSERT_EQ(server.Post(kDatasets, DatasetBody("d")).status, 200);
  ASSERT_EQ(server
                .Post(kTables, json::parse(R"({"tableReference":{"tableId":"t"},"schema":{"fields":[
      {"name":"j","type":"JSON"}]}})"))
                .status,
            200);
  const std::string table = std::string(kTables) + "/t";
  const Answer answer =
      server.Post(table + "/insertAll",
                  json::parse(R"({"rows":[{"json":{"j":"{\"b\": [1, null], \"a\": 2, \"a\": 3}"}}]})"));
  EXPECT_EQ(answer.Json(), (json{{"kind", "bigquery#tableDataInsertAllResponse"}}));
  EXPECT_EQ(server.Get(table + "/data").Json()["rows"],
            json::parse(R"([{"f":[{"v":"{\"a\":2,\"b\":[1,null]}"}]}])"));
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
