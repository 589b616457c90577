#include "bqcdc/cli/table_check.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/rest/testing/fake_rest_service.h"

namespace bqcdc::cli {
namespace {

using rest::testing::ErrorResponse;
using rest::testing::FakeRestService;

constexpr char kAllRights[] =
    R"({"permissions":["bigquery.tables.get","bigquery.tables.update","bigquery.tables.updateData","bigquery.tables.getData"]})";

class TableCheckTest : public ::testing::Test {
 protected:
  TableCheckTest() {
    rest_.PutTable("p.d.t", {});
    Staleness("0-0 0 0:15:0");
    rest_.AnswerRights(kAllRights);
    with_.client = &client_;
    with_.clock = &clock_;
    with_.rest_url = "http://fake";
    with_.storage_target = "fake:443";
    with_.credentials_origin = "credentials file x.json";
    with_.get_token = [] { return absl::InfiniteFuture(); };
    with_.look_up_stream = [] { return absl::OkStatus(); };
    with_.ask_time = [this]() -> absl::StatusOr<std::optional<absl::Time>> {
      return std::optional(clock_.Now());
    };
  }

  void Staleness(const std::string& value) {
    rest_.AnswerQueries(
        "TABLE_OPTIONS",
        absl::StrCat(R"({"jobComplete":true,"schema":{"fields":[{"name":"option_value","type":"STRING"}]},)",
                     R"("rows":[{"f":[{"v":")", value, R"("}]}]})"));
  }
  CheckLine Line(const std::string& name) {
    for (const CheckLine& line : CheckTable(with_, {"p", "d", "t"})) {
      if (line.name == name) return line;
    }
    ADD_FAILURE() << "no line " << name;
    return {};
  }
  static bool Has(const std::string& text, const char* part) { return absl::StrContains(text, part); }

  base::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{{.base_url = "http://fake", .project = "p", .attempts_max = 1},
                               rest_,
                               no_token_,
                               base::SystemClock::Get()};
  CheckSurroundings with_;
};

TEST_F(TableCheckTest, NothingFailsWhereAllIsWell) {
  const std::vector<CheckLine> lines = CheckTable(with_, {"p", "d", "t"});
  EXPECT_FALSE(AnyFailed(lines)) << FormatChecks(lines);
  EXPECT_EQ(lines.size(), 11u) << FormatChecks(lines);
  for (const http::Request& request : rest_.requests()) EXPECT_NE(request.method, "PATCH");
}

TEST_F(TableCheckTest, NamesTheMissingPermission) {
  rest_.AnswerRights(
      R"({"permissions":["bigquery.tables.get","bigquery.tables.update","bigquery.tables.getData"]})");
  CheckLine line = Line("rights");
  EXPECT_EQ(line.level, CheckLevel::kFail);
  EXPECT_EQ(line.text, "missing: bigquery.tables.updateData (writing rows)");
  EXPECT_TRUE(Has(line.remedy, "roles/bigquery.dataEditor")) << line.remedy;
  rest_.AnswerRights("{}");  // None at all.
  line = Line("rights");
  EXPECT_TRUE(Has(line.text, "bigquery.tables.get (")) << line.text;
}

TEST_F(TableCheckTest, AServerThatDoesNotTellRightsIsNoFailure) {
  rest_.AnswerRights("", 501);
  EXPECT_EQ(Line("rights").level, CheckLevel::kWarn);
  with_.local = true;
  EXPECT_EQ(Line("rights").text, "the local server has no access control");
}

TEST_F(TableCheckTest, AMissingTableIsToldOnceWithTheCommandThatMakesIt) {
  rest_.RemoveTable("p.d.t");
  rest_.AnswerRights("", 404);
  with_.look_up_stream = [] { return absl::PermissionDeniedError("(or it may not exist)"); };
  const std::vector<CheckLine> lines = CheckTable(with_, {"p", "d", "t"});
  const std::string text = FormatChecks(lines);
  EXPECT_TRUE(AnyFailed(lines));
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const CheckLine& l) { return l.level == CheckLevel::kFail; }),
            1)
      << text;
  EXPECT_TRUE(Has(text, "→ bqcdc create-table p.d.t --schema")) << text;
}

TEST_F(TableCheckTest, Key) {
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) { table.primary_key = ""; });
  EXPECT_EQ(Line("primary key").level, CheckLevel::kFail);
  EXPECT_TRUE(Has(Line("primary key").remedy, "ADD PRIMARY KEY"));
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) {
    std::string fields, key;
    for (int i = 0; i < 17; ++i) {
      absl::StrAppend(&fields, i > 0 ? "," : "", R"({"name":"k)", i,
                      R"(","type":"INTEGER","mode":"REQUIRED"})");
      absl::StrAppend(&key, i > 0 ? "," : "", "\"k", i, "\"");
    }
    table.schema_fields = absl::StrCat("[", fields, "]");
    table.primary_key = absl::StrCat("[", key, "]");
  });
  EXPECT_EQ(Line("primary key").text, "17 columns; change data capture takes 16");
}

TEST_F(TableCheckTest, Staleness) {
  EXPECT_EQ(Line("max_staleness").level, CheckLevel::kOk);
  FakeRestService none;
  none.PutTable("p.d.t", {});
  none.AnswerRights(kAllRights);
  rest::BigQueryClient client({.base_url = "http://fake", .project = "p", .attempts_max = 1}, none, no_token_,
                              base::SystemClock::Get());
  with_.client = &client;
  EXPECT_EQ(Line("max_staleness").level, CheckLevel::kWarn);
  EXPECT_TRUE(Has(Line("max_staleness").text, "0: every query merges"));
  EXPECT_TRUE(Has(Line("max_staleness").remedy, "CEILING(p95"));
}

TEST_F(TableCheckTest, AShortStalenessIsWarnedOf) {
  FakeRestService rest;
  rest.PutTable("p.d.t", {});
  rest.AnswerRights(kAllRights);
  rest.AnswerQueries(
      "TABLE_OPTIONS",
      R"({"jobComplete":true,"schema":{"fields":[{"name":"v","type":"STRING"}]},"rows":[{"f":[{"v":"0-0 0 0:7:59"}]}]})");
  rest::BigQueryClient client({.base_url = "http://fake", .project = "p", .attempts_max = 1}, rest, no_token_,
                              base::SystemClock::Get());
  with_.client = &client;
  EXPECT_EQ(Line("max_staleness").level, CheckLevel::kWarn);
}

TEST_F(TableCheckTest, NoRightToQueryIsNamed) {
  FakeRestService rest;
  rest.PutTable("p.d.t", {});
  rest.AnswerRights(kAllRights);
  rest.AnswerQueries("TABLE_OPTIONS",
                     ErrorResponse(403, "accessDenied", "Access Denied: bigquery.jobs.create").body, 403);
  rest::BigQueryClient client({.base_url = "http://fake", .project = "p", .attempts_max = 1}, rest, no_token_,
                              base::SystemClock::Get());
  with_.client = &client;
  const CheckLine line = Line("max_staleness");
  EXPECT_EQ(line.level, CheckLevel::kFail);
  EXPECT_TRUE(Has(line.remedy, "bigquery.jobs.create")) << line.remedy;
}

TEST_F(TableCheckTest, ClockSkew) {
  absl::Duration behind;
  with_.ask_time = [&]() -> absl::StatusOr<std::optional<absl::Time>> {
    return std::optional(clock_.Now() + behind);
  };
  behind = absl::Seconds(9);
  EXPECT_EQ(Line("clock").level, CheckLevel::kOk);
  behind = absl::Seconds(90);
  EXPECT_EQ(Line("clock").level, CheckLevel::kWarn);
  EXPECT_EQ(Line("clock").text, "ours is 1m30s behind the service's");
  behind = -absl::Minutes(6);
  EXPECT_EQ(Line("clock").level, CheckLevel::kFail);
  EXPECT_EQ(Line("clock").text, "ours is 6m ahead of the service's");
}

TEST_F(TableCheckTest, Ownership) {
  EXPECT_EQ(Line("ownership").text, "never written by bqcdc; the first run claims it");
  const auto set_epoch = [&](const char* epoch) {
    rest_.ChangeTable("p.d.t", [&](FakeRestService::Table& table) { table.labels["bqcdc_epoch"] = epoch; });
  };
  set_epoch("1600000000000000");
  EXPECT_EQ(Line("ownership").level, CheckLevel::kOk);
  set_epoch("1900000000000000");
  EXPECT_EQ(Line("ownership").level, CheckLevel::kWarn);
  set_epoch("x");
  EXPECT_EQ(Line("ownership").level, CheckLevel::kFail);
}

TEST_F(TableCheckTest, EndpointsAndCredentials) {
  with_.look_up_stream = [] { return absl::UnavailableError("connection refused"); };
  EXPECT_EQ(Line("gRPC endpoint").text, "cannot reach fake:443: connection refused");
  EXPECT_EQ(Line("gRPC endpoint").level, CheckLevel::kFail);
  with_.get_token = [] { return absl::UnauthenticatedError("invalid_grant"); };
  EXPECT_EQ(Line("credentials").level, CheckLevel::kFail);
  with_.get_token = [] { return absl::InfiniteFuture(); };
  EXPECT_EQ(Line("credentials").text,
            absl::StrCat(with_.credentials_origin, ": a token was given; when it expires is not told"));
  with_.get_token = [this] { return with_.clock->Now() + absl::Minutes(59) + absl::Milliseconds(900); };
  EXPECT_TRUE(absl::StrContains(Line("credentials").text, "a token was given that expires in 59m"))
      << Line("credentials").text;
  EXPECT_EQ(Line("credentials").level, CheckLevel::kOk);
  with_.get_token = [this] { return with_.clock->Now() + absl::Minutes(4); };
  EXPECT_EQ(Line("credentials").level, CheckLevel::kWarn);
  with_.get_token = [] { return absl::UnauthenticatedError("invalid_grant"); };
  with_.local = true;  // With a token all the same.
  EXPECT_EQ(Line("credentials").level, CheckLevel::kFail);
  with_.credentials_origin.clear();
  EXPECT_EQ(Line("credentials").level, CheckLevel::kOk);
  with_.get_token = [] { return absl::InfiniteFuture(); };
  rest_.AnswerNext(absl::UnavailableError("cannot reach http://fake"));
  EXPECT_EQ(Line("REST endpoint").level, CheckLevel::kFail);
  rest_.AnswerNext(absl::FailedPreconditionError("certificate of http://fake is not trusted"));
  EXPECT_EQ(Line("REST endpoint").level, CheckLevel::kFail);
  with_.look_up_stream = [] {
    return absl::UnavailableError("Ssl handshake failed: certificate verify failed");
  };
  EXPECT_TRUE(Has(Line("gRPC endpoint").remedy, "--ca-file")) << Line("gRPC endpoint").remedy;
}

TEST_F(TableCheckTest, WithoutATokenNothingButTheEndpointIsSaidToBeSeen) {
  with_.get_token = [] { return absl::InvalidArgumentError("access token file 'x' cannot be read"); };
  with_.look_up_stream = []() -> absl::Status {
    ADD_FAILURE() << "asked without a token";
    return absl::OkStatus();
  };
  EXPECT_EQ(
      FormatChecks(CheckTable(with_, {"p", "d", "t"})),
      "fail  credentials: credentials file x.json: access token file 'x' cannot be read → run gcloud auth "
      "application-default login, or give --credentials or --access-token-file\n"
      "ok    REST endpoint: http://fake answers; without a token it was asked no more\n"
      "skip  gRPC endpoint: not checked: there is no token to ask it with\n"
      "ok    clock: agrees with the service's\n"
      "skip  rights: not checked: the REST endpoint did not tell, see above\n"
      "skip  table: not checked: the REST endpoint did not tell, see above\n"
      "skip  primary key: not checked: the table was not read, see above\n"
      "skip  max_staleness: not checked: the table was not read, see above\n"
      "skip  ownership: not checked: the table was not read, see above\n"
      "skip  throughput quota: not checked: the table was not read, see above\n"
      "skip  connection quota: not checked: how many are open only Cloud Monitoring tells "
      "(ConcurrentWriteConnectionsPerProject…), which is not asked; the project of the credentials may have "
      "5,000 in a region, 20,000 in US and EU\n");
  EXPECT_TRUE(rest_.requests().empty());
}

TEST_F(TableCheckTest, AnEndpointThatIsNotReachedIsNowhereOk) {
  with_.ask_time = []() -> absl::StatusOr<std::optional<absl::Time>> {
    return absl::UnavailableError("cannot reach http://fake");
  };
  with_.get_token = [] { return absl::InvalidArgumentError("no token"); };
  for (const CheckLine& line : CheckTable(with_, {"p", "d", "t"})) EXPECT_NE(line.level, CheckLevel::kOk);
  EXPECT_EQ(Line("REST endpoint").level, CheckLevel::kFail);
  EXPECT_EQ(Line("REST endpoint").text, "cannot reach http://fake");
  EXPECT_EQ(Line("clock").level, CheckLevel::kSkip);
}

TEST_F(TableCheckTest, AnAnswerOfSomethingElseIsNoEndpoint) {
  rest_.AnswerNext(http::Response{404, "<html>no such page</html>", {}});
  EXPECT_EQ(Line("REST endpoint").level, CheckLevel::kFail);
  rest_.AnswerNext(http::Response{404, "<html>no such page</html>", {}});
  EXPECT_EQ(Line("table").level, CheckLevel::kSkip);
  rest_.AnswerNext(http::Response{200, "<html>welcome</html>", {}});
  EXPECT_TRUE(Has(Line("REST endpoint").text, "http://fake answers, but not as BigQuery does: "))
      << Line("REST endpoint").text;
  with_.look_up_stream = [] { return absl::PermissionDeniedError("Received http2 header with status: 403"); };
  EXPECT_TRUE(Has(Line("gRPC endpoint").text, "fake:443 answers, but not as gRPC does: "));
  rest_.RemoveTable("p.d.t");
  with_.look_up_stream = [] { return absl::InternalError("broken"); };
  EXPECT_EQ(Line("gRPC endpoint").level, CheckLevel::kFail);
}

TEST_F(TableCheckTest, ThroughputQuota) {
  const struct {
    const char* location;
    const char* row;  // peak's bytes and minute, exhausted requests and the last one's minute
    CheckLevel level;
    std::string text;
  } cases[] = {
      {"US", R"({"v":"60000000000"},{"v":"1700000040000000"},{"v":"0"},{"v":null})", CheckLevel::kOk,
       "in the last 24 hours p in US took 1000.0 MB/s in its busiest minute (2023-11-14 22:14 UTC), 33.3 % "
       "of 3 "
       "GB/s; no request was answered RESOURCE_EXHAUSTED"},
      {"EU", R"({"v":"143999999999"},{"v":"1700000040000000"},{"v":"0"},{"v":null})", CheckLevel::kOk,
       "in the last 24 hours p in EU took 2400.0 MB/s in its busiest minute (2023-11-14 22:14 UTC), 80.0 % "
       "of 3 "
       "GB/s; no request was answered RESOURCE_EXHAUSTED"},
      {"EU", R"({"v":"144000000000"},{"v":"1700000040000000"},{"v":"0"},{"v":null})", CheckLevel::kWarn,
       "in the last 24 hours p in EU took 2400.0 MB/s in its busiest minute (2023-11-14 22:14 UTC), 80.0 % "
       "of 3 "
       "GB/s"},
      {"us-central1", R"({"v":"18000000000"},{"v":"1700000040000000"},{"v":"0"},{"v":null})",
       CheckLevel::kWarn,
       "in the last 24 hours p in us-central1 took 300.0 MB/s in its busiest minute (2023-11-14 22:14 UTC), "
       "100.0 % of 300 MB/s"},
      {"US", R"({"v":"60000000"},{"v":"1700000040000000"},{"v":"1234"},{"v":"1700000100000000"})",
       CheckLevel::kWarn,
       "in the last 24 hours p in US took 1.0 MB/s in its busiest minute (2023-11-14 22:14 UTC), 0.0 % of 3 "
       "GB/s; requests answered RESOURCE_EXHAUSTED: 1,234, the last at 2023-11-14 22:15 UTC"},
      {"US", R"({"v":null},{"v":null},{"v":null},{"v":null})", CheckLevel::kOk,
       "in the last 24 hours p in US took nothing; it may take 3 GB/s; no request was answered "
       "RESOURCE_EXHAUSTED"},
  };
  for (const auto& c : cases) {
    FakeRestService rest;
    rest.PutTable("p.d.t", {.location = c.location});
    rest.AnswerRights(kAllRights);
    rest.AnswerQueries(
        "WRITE_API_TIMELINE_BY_PROJECT",
        absl::StrCat(R"({"jobComplete":true,"schema":{"fields":[{"name":"a","type":"INTEGER"},)",
                     R"({"name":"b","type":"TIMESTAMP"},{"name":"c","type":"INTEGER"},)",
                     R"({"name":"d","type":"TIMESTAMP"}]},"rows":[{"f":[)", c.row, "]}]}"));
    const rest::BigQueryClient client({.base_url = "http://fake", .project = "p", .attempts_max = 1}, rest,
                                      no_token_, base::SystemClock::Get());
    with_.client = &client;
    const CheckLine line = Line("throughput quota");
    EXPECT_EQ(line.text, c.text);
    EXPECT_EQ(line.level, c.level) << c.text;
    EXPECT_EQ(Has(line.remedy, "--rate-limit"), c.level == CheckLevel::kWarn) << line.remedy;
  }
}

TEST_F(TableCheckTest, WhereTheThroughputCannotBeAskedTheReasonIsTold) {
  CheckLine line = Line("throughput quota");
  EXPECT_EQ(line.level, CheckLevel::kSkip);
  EXPECT_EQ(line.text, "not checked: the service does not tell where the table is");
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) { table.location = "US"; });
  rest_.AnswerQueries("WRITE_API_TIMELINE",
                      ErrorResponse(403, "accessDenied", "Access Denied: Project p: no permission").body,
                      403);
  line = Line("throughput quota");
  EXPECT_EQ(line.level, CheckLevel::kSkip);
  EXPECT_EQ(line.text,
            "not checked: what was written of late cannot be asked: Access Denied: Project p: no permission");
  EXPECT_TRUE(Has(line.remedy, "grant bigquery.tables.list on project p, as ")) << line.remedy;
  EXPECT_FALSE(AnyFailed(CheckTable(with_, {"p", "d", "t"})));
}

TEST_F(TableCheckTest, AQueryThatFailsIsNoMissingRight) {
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) { table.location = "US"; });
  rest_.AnswerQueries("WRITE_API_TIMELINE", ErrorResponse(400, "invalidQuery", "no such view").body, 400);
  const CheckLine line = Line("throughput quota");
  EXPECT_EQ(line.level, CheckLevel::kSkip);
  EXPECT_TRUE(Has(line.text, "no such view")) << line.text;
  EXPECT_EQ(line.remedy, "");
}

TEST_F(TableCheckTest, OpenConnectionsAreNotLookedAtAndTheirQuotaIsThatOfTheProjectThatPays) {
  with_.quota_project = "payer";
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) { table.location = "EU"; });
  EXPECT_EQ(Line("connection quota").level, CheckLevel::kSkip);
  EXPECT_TRUE(Has(Line("connection quota").text, "; payer may have 20,000 in EU"))
      << Line("connection quota").text;
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) { table.location = "europe-west1"; });
  EXPECT_TRUE(Has(Line("connection quota").text, "; payer may have 5,000 in europe-west1"))
      << Line("connection quota").text;
}

TEST_F(TableCheckTest, ALocalServerHasNoQuotasAndIsNotAsked) {
  with_.local = true;
  rest_.ChangeTable("p.d.t", [](FakeRestService::Table& table) { table.location = "US"; });
  for (const char* name : {"throughput quota", "connection quota"}) {
    EXPECT_EQ(Line(name).text, "a local server has none");
    EXPECT_EQ(Line(name).level, CheckLevel::kOk);
  }
  for (const std::string& query : rest_.queries()) EXPECT_FALSE(Has(query, "WRITE_API")) << query;
}

}  // namespace
}  // namespace bqcdc::cli
