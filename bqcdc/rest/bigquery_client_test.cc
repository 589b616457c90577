#include "bqcdc/rest/bigquery_client.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bqcdc/rest/service_error.h"
#include "bqcdc/rest/testing/fake_rest_service.h"

namespace bqcdc::rest {
namespace {

using testing::ErrorResponse;
using testing::FakeRestService;

class FixedToken final : public credentials::TokenSource {
 public:
  absl::StatusOr<std::string> Token() override { return std::string("secret"); }
};

class BigQueryClientTest : public ::testing::Test {
 protected:
  std::string HeaderOf(const http::Request& request, const std::string& name) {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "(none)";
  }

  FakeRestService service_;
  FixedToken token_;
  BigQueryClient client_{{.base_url = "https://bq",
                          .project = "p",
                          .location = "EU",
                          .quota_project = "q",
                          .pause_first = absl::Microseconds(10)},
                         service_,
                         token_,
                         base::SystemClock::Get()};
  const TableName name_{"p", "d", "t"};
};

TEST_F(BigQueryClientTest, ReadsATable) {
  service_.PutTable("p.d.t", {.labels = {{"a", "b"}}, .etag = 7, .creation_time_ms = 123});
  const auto table = client_.GetTable(name_);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->etag, "7");
  EXPECT_EQ(table->creation_time_ms, 123);
  EXPECT_EQ(table->labels.at("a"), "b");
  EXPECT_EQ(table->schema.primary_key, std::vector<std::string>{"id"});
  ASSERT_EQ(table->schema.columns.size(), 2u);
  EXPECT_TRUE(table->schema.columns[0].required());
  const http::Request request = service_.requests().at(0);
  EXPECT_EQ(request.url, "https://bq/bigquery/v2/projects/p/datasets/d/tables/t");
  EXPECT_EQ(HeaderOf(request, "Authorization"), "Bearer secret");
  EXPECT_EQ(HeaderOf(request, "x-goog-user-project"), "q");
}

TEST_F(BigQueryClientTest, KeepsReasonAndMessageOfAnError) {
  const absl::Status status = client_.GetTable(name_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "Not found: Table p.d.t");
  EXPECT_EQ(ServiceReason(status), "notFound");
  EXPECT_EQ(service_.requests().size(), 1u);
}

TEST_F(BigQueryClientTest, SetsLabelsByCompareAndSet) {
  service_.PutTable("p.d.t", {.labels = {{"other", "1"}}, .etag = 7});
  ASSERT_TRUE(client_.SetTableLabels(name_, {{"x", "y"}}, "7").ok());
  EXPECT_EQ(service_.GetTable("p.d.t").labels,
            (std::map<std::string, std::string>{{"other", "1"}, {"x", "y"}}));
  EXPECT_EQ(client_.SetTableLabels(name_, {{"x", "z"}}, "7").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(BigQueryClientTest, RepeatsWhatMayPass) {
  service_.PutTable("p.d.t", {});
  service_.AnswerNext(ErrorResponse(403, "rateLimitExceeded", "slow down"));
  service_.AnswerNext(absl::AbortedError("broken"));
  service_.AnswerNext(ErrorResponse(503, "backendError", "later"));
  EXPECT_TRUE(client_.GetTable(name_).ok());
  EXPECT_EQ(service_.requests().size(), 4u);
}

TEST_F(BigQueryClientTest, DoesNotRepeatWhatCannotPassOrMayHaveHappened) {
  service_.PutTable("p.d.t", {});
  service_.AnswerNext(ErrorResponse(403, "accessDenied", "no"));
  EXPECT_EQ(client_.GetTable(name_).status().message(), "no");
  service_.AnswerNext(absl::AbortedError("broken"));
  EXPECT_EQ(client_.SetTableLabels(name_, {{"x", "y"}}, "1").status().message(), "broken");
  EXPECT_EQ(service_.requests().size(), 2u);
}

TEST_F(BigQueryClientTest, StopsAfterItsAttempts) {
  for (int i = 0; i < 10; ++i) service_.AnswerNext(ErrorResponse(503, "backendError", "later"));
  EXPECT_EQ(client_.GetTable(name_).status().message(), "later");
  EXPECT_EQ(service_.requests().size(), 5u);
}

TEST_F(BigQueryClientTest, GivesUpSoonWhereNobodyAnswers) {
  for (int i = 0; i < 10; ++i) service_.AnswerNext(absl::UnavailableError("cannot reach"));
  EXPECT_EQ(client_.GetTable(name_).status().message(), "cannot reach");
  EXPECT_EQ(service_.requests().size(), 3u);
}

TEST_F(BigQueryClientTest, WaitsForAQueryAndReadsAllPages) {
  const std::string schema =
      R"("schema":{"fields":[{"name":"a","type":"INTEGER"},{"name":"s","type":"RECORD","fields":[{"name":"x","type":"STRING","mode":"REPEATED"}]}]})";
  service_.AnswerNext(
      http::Response{200, R"({"jobComplete":false,"jobReference":{"jobId":"j1","location":"EU"}})", {}});
  service_.AnswerNext(
      http::Response{200,
                     R"({"jobComplete":true,"pageToken":"t2",)" + schema +
                         R"(,"rows":[{"f":[{"v":"1"},{"v":{"f":[{"v":[{"v":"p"},{"v":"q"}]}]}}]}]})",
                     {}});
  service_.AnswerNext(http::Response{
      200, R"({"jobComplete":true,)" + schema + R"(,"rows":[{"f":[{"v":null},{"v":null}]}]})", {}});
  const auto result = client_.QueryAll("SELECT 1");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->rows.size(), 2u);
  EXPECT_EQ(result->rows[0][0].text, "1");
  EXPECT_EQ(result->rows[0][1].parts[0].parts[1].text, "q");
  EXPECT_TRUE(result->rows[1][0].null);
  const auto requests = service_.requests();
  ASSERT_EQ(requests.size(), 3u);
  const auto body = nlohmann::json::parse(requests[0].body);
  EXPECT_EQ(body["useLegacySql"], false);
  EXPECT_EQ(body["location"], "EU");
  EXPECT_EQ(body["formatOptions"]["useInt64Timestamp"], true);
  EXPECT_LE(body["requestId"].get<std::string>().size(), 36u);
  EXPECT_EQ(requests[1].url,
            "https://bq/bigquery/v2/projects/p/queries/"
            "j1?maxResults=50000&timeoutMs=10000&formatOptions.useInt64Timestamp=true&location=EU");
  EXPECT_NE(requests[2].url.find("&pageToken=t2"), std::string::npos);
}

TEST_F(BigQueryClientTest, RefusesAnswersThatDoNotFit) {
  service_.AnswerNext(http::Response{
      200,
      R"({"jobComplete":true,"schema":{"fields":[{"name":"a","type":"INTEGER"}]},"rows":[{"f":[]}]})",
      {}});
  EXPECT_EQ(client_.QueryAll("SELECT 1").status().code(), absl::StatusCode::kDataLoss);
  service_.AnswerNext(http::Response{200, "<html>", {}});
  EXPECT_EQ(client_.GetTable(name_).status().code(), absl::StatusCode::kDataLoss);
}

struct NameCase {
  const char* text;
  const char* want;  // null = refused
};

TEST(ParseTableName, KnowsThreeForms) {
  const NameCase cases[] = {{"d.t", "default.d.t"},
                            {"p.d.t", "p.d.t"},
                            {"p:d.t", "p.d.t"},
                            {"example.com:p.d.t", "example.com:p.d.t"},
                            {"example.com:p:d.t", "example.com:p.d.t"},
                            {"p-1.d_2.t-3", "p-1.d_2.t-3"},
                            {"t", nullptr},
                            {"", nullptr},
                            {".t", nullptr},
                            {"d.", nullptr},
                            {"d.t`", nullptr},
                            {"d.a b", "default.d.a b"},
                            {"d e.t", nullptr},
                            {"a/b.d.t", nullptr}};
  for (const NameCase& c : cases) {
    const auto name = ParseTableName(c.text, "default");
    EXPECT_EQ(name.ok(), c.want != nullptr) << c.text;
    if (name.ok() && c.want != nullptr) {
      EXPECT_EQ(name->ToString(), c.want);
    }
  }
  EXPECT_FALSE(ParseTableName("d.t", "").ok());
  EXPECT_EQ(ParseTableName("d.t", "Bad Project!").status().message(),
            "'Bad Project!' is no project id; look at --project and GOOGLE_CLOUD_PROJECT");
}

// Gives what the test wants; a refused token makes place for the next.
class ChangingToken final : public credentials::TokenSource {
 public:
  absl::StatusOr<std::string> Token() override {
    if (failures > 0) {
      --failures;
      return failure;
    }
    return tokens.front();
  }
  void Refused(const std::string& token) override {
    refused.push_back(token);
    if (tokens.size() > 1) tokens.erase(tokens.begin());
  }
  std::vector<std::string> tokens = {"old", "new"}, refused;
  int failures = 0;
  absl::Status failure;
};

TEST_F(BigQueryClientTest, ARefusedTokenIsReplacedOnce) {
  ChangingToken token;
  BigQueryClient client({.base_url = "https://bq", .project = "p"}, service_, token,
                        base::SystemClock::Get());
  service_.AnswerNext(http::Response{401, "{}", {}});
  service_.AnswerNext(http::Response{200, "{}", {}});
  EXPECT_TRUE(client.GetDataset("p", "d").ok());
  EXPECT_EQ(token.refused, std::vector<std::string>{"old"});
  ASSERT_EQ(service_.requests().size(), 2u);
  EXPECT_EQ(HeaderOf(service_.requests().at(0), "Authorization"), "Bearer old");
  EXPECT_EQ(HeaderOf(service_.requests().at(1), "Authorization"), "Bearer new");
  // The new one too: then it is not the token's age.
  service_.AnswerNext(http::Response{401, "{}", {}});
  service_.AnswerNext(http::Response{401, "{}", {}});
  EXPECT_EQ(client.GetDataset("p", "d").code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(service_.requests().size(), 4u);
}

TEST_F(BigQueryClientTest, AFaultOfTheTokenEndpointIsWaitedOut) {
  ChangingToken token;
  BigQueryClient client({.base_url = "https://bq", .project = "p", .pause_first = absl::Microseconds(10)},
                        service_, token, base::SystemClock::Get());
  token.failures = 2;
  token.failure = absl::UnavailableError("no token from https://t: HTTP 503; it may pass");
  service_.AnswerNext(http::Response{200, "{}", {}});
  EXPECT_TRUE(client.GetDataset("p", "d").ok());
  token.failures = 100;
  EXPECT_EQ(client.GetDataset("p", "d").message(), token.failure.message());
  token.failures = 1;
  token.failure = absl::UnauthenticatedError("no token from https://t: HTTP 400, invalid_grant");
  EXPECT_EQ(client.GetDataset("p", "d").message(), token.failure.message());
  EXPECT_EQ(service_.requests().size(), 1u);
}

TEST(TableResource, StreamingBufferAndLocationWhereTheServiceTellsThem) {
  auto table = ParseTableResource(
      R"({"location":"EU","streamingBuffer":{"estimatedRows":"12","estimatedBytes":"3456","oldestEntryTime":"1700000000000"}})");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->location, "EU");
  EXPECT_EQ(table->streaming_buffer, (StreamingBuffer{12, 3456}));
  table = ParseTableResource(R"({"streamingBuffer":{}})");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->streaming_buffer, (StreamingBuffer{0, 0}));
  table = ParseTableResource("{}");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_FALSE(table->streaming_buffer.has_value());
}

}  // namespace
}  // namespace bqcdc::rest
