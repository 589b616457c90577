#include "bqcdc/emulator/server/environment.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "gtest/gtest.h"
#include "httplib.h"

namespace bqcdc::emulator::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Options Quiet() {
  Options options;
  options.http_port = 0;
  options.grpc_port = 0;
  options.admin = true;
  options.manual_clock = true;
  options.clock_start = absl::FromUnixSeconds(1'700'000'000);
  return options;
}

std::unique_ptr<Environment> Start(const Options& options) {
  auto environment = Environment::Start(options);
  EXPECT_TRUE(environment.ok()) << environment.status();
  return environment.ok() ? *std::move(environment) : nullptr;
}

std::string Get(const std::string& base_url, const char* path, httplib::Headers headers = {}) {
  httplib::Client client(base_url);
  const auto result = client.Get(path, headers);
  return result ? absl::StrCat(result->status, " ", result->body) : "no answer";
}

std::string Post(const std::string& base_url, const char* path, const std::string& body) {
  httplib::Client client(base_url);
  const auto result = client.Post(path, body, "application/json");
  return result ? absl::StrCat(result->status, " ", result->body) : "no answer";
}

TEST(EnvironmentTest, SaysWhereItsFacesAre) {
  const auto environment = Start(Quiet());
  ASSERT_NE(environment, nullptr);
  const std::string json = environment->endpoints().ToJson();
  EXPECT_EQ(Get(environment->endpoints().rest, "/bqcdc/v1/endpoints"), "200 " + json);
  EXPECT_THAT(json, HasSubstr(environment->endpoints().storage));
}

TEST(EnvironmentTest, RefusesForeignHostsAndSendsNoCorsHeaders) {
  const auto environment = Start(Quiet());
  ASSERT_NE(environment, nullptr);
  const httplib::Headers foreign = {{"Host", "evil.example"}};
  EXPECT_THAT(Get(environment->endpoints().rest, "/bqcdc/v1/endpoints", foreign), HasSubstr("403"));
  EXPECT_THAT(Get(environment->endpoints().admin, "/clock", foreign), HasSubstr("403"));
  httplib::Client client(environment->endpoints().rest);
  const auto result = client.Get("/bqcdc/v1/endpoints", httplib::Headers{{"Origin", "http://evil.example"}});
  ASSERT_TRUE(result);
  for (const auto& [name, value] : result->headers)
    EXPECT_FALSE(absl::StartsWithIgnoreCase(name, "access-control")) << name;
}

TEST(EnvironmentTest, AJsonParameterIsKeptAsJsonIs) {
  const auto environment = Start(Quiet());
  const std::string answer =
      Post(environment->endpoints().rest, "/bigquery/v2/projects/p/queries", R"({"useLegacySql": false,
      "query": "SELECT @j AS j", "parameterMode": "NAMED", "queryParameters": [{"name": "j",
      "parameterType": {"type": "JSON"}, "parameterValue": {"value": "{\"b\": 1, \"a\": [1.50]}"}}]})");
  EXPECT_THAT(answer, HasSubstr(R"({"v":"{\"a\":[1.5],\"b\":1}"})"));
}

TEST(EnvironmentTest, ATimestampParameterMayHavePicoseconds) {
  const auto environment = Start(Quiet());
  const std::string answer = Post(environment->endpoints().rest, "/bigquery/v2/projects/p/queries",
                                  R"json({"useLegacySql": false, "parameterMode": "POSITIONAL",
      "query": "SELECT CAST(? AS STRING)", "queryParameters": [{
      "parameterType": {"type": "TIMESTAMP", "timestampPrecision": "12"},
      "parameterValue": {"value": "2024-02-29 12:00:00.123456789012+00"}}]})json");
  EXPECT_THAT(answer, HasSubstr("2024-02-29 12:00:00.123456789012+00"));
}

TEST(EnvironmentTest, ADefaultThatGivesNoValueIsRefusedWithItsTable) {
  const auto environment = Start(Quiet());
  const std::string& rest = environment->endpoints().rest;
  const std::string datasets = "/bigquery/v2/projects/p/datasets";
  ASSERT_THAT(Post(rest, datasets.c_str(), R"({"datasetReference": {"datasetId": "d"}})"), HasSubstr("200"));
  const auto make = [&](const std::string& table, const std::string& expression) {
    return Post(rest, (datasets + "/d/tables").c_str(),
                R"({"tableReference": {"tableId": ")" + table + R"("}, "schema": {"fields": [{"name": "x",
                "type": "INTEGER", "defaultValueExpression": ")" +
                    expression + R"("}]}})");
  };
  EXPECT_THAT(make("a", "2"), HasSubstr("200"));
  for (const char* expression : {"nope(", "x", "1 + 1", "'text'"}) {
    EXPECT_THAT(make("b", expression),
                AllOf(HasSubstr("400"), HasSubstr("The default value expression of column x is not valid")))
        << expression;
  }
}

TEST(EnvironmentTest, MovesItsClock) {
  const auto environment = Start(Quiet());
  ASSERT_NE(environment, nullptr);
  const std::string& admin = environment->endpoints().admin;
  EXPECT_THAT(Get(admin, "/clock"), HasSubstr("2023-11-14T22:13:20+00:00"));
  EXPECT_THAT(Post(admin, "/clock/advance", R"({"duration": "15m"})"),
              HasSubstr("2023-11-14T22:28:20+00:00"));
  EXPECT_THAT(Post(admin, "/clock/set", R"({"time": "2024-01-01T00:00:00Z"})"), HasSubstr("200"));
  EXPECT_EQ(Post(admin, "/clock/set", R"({"time": "2023-01-01T00:00:00Z"})"),
            R"(400 {"error":"the clock does not go back"})");
  EXPECT_THAT(Post(admin, "/clock/advance", R"({"duration": "soon"})"), HasSubstr("400"));
  EXPECT_THAT(Post(admin, "/clock/advance", "[1]"), HasSubstr("400"));
  EXPECT_THAT(Post(admin, "/apply", ""), HasSubstr("200"));
  EXPECT_THAT(Post(admin, "/apply", R"({"table": "a.b.c"})"), HasSubstr("Not found"));
  EXPECT_THAT(Get(admin, "/counters"), HasSubstr("connections_open"));
}

TEST(EnvironmentTest, TheSystemsClockIsNotMoved) {
  Options options = Quiet();
  options.manual_clock = false;
  const auto environment = Start(options);
  ASSERT_NE(environment, nullptr);
  EXPECT_THAT(Post(environment->endpoints().admin, "/clock/advance", R"({"duration": "1s"})"),
              HasSubstr("--clock manual"));
}

TEST(EnvironmentTest, ATakenPortIsOneClearLine) {
  const auto first = Start(Quiet());
  ASSERT_NE(first, nullptr);
  for (const bool http : {true, false}) {
    Options options = Quiet();
    const std::string& taken = http ? first->endpoints().rest : first->endpoints().storage;
    (http ? options.http_port : options.grpc_port) = std::stoi(taken.substr(taken.rfind(':') + 1));
    const auto second = Environment::Start(options);
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("cannot listen on 127.0.0.1:"));
  }
}

// By the machine's clock, since pings are gRPC's.
TEST(EnvironmentTest, AnIdleConnectionStaysThoughItsClientPings) {
  const auto environment = Start(Quiet());
  ASSERT_NE(environment, nullptr);
  constexpr int kPingMs = 1'200;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = grpc::CreateCustomChannel(environment->endpoints().storage,
                                                 grpc::InsecureChannelCredentials(), arguments);
  grpc::ClientContext context;
  const auto call =
      google::cloud::bigquery::storage::v1::BigQueryWrite::NewStub(channel)->AppendRows(&context);
  ASSERT_TRUE(channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30)));
  // With gRPC's default the third ping is one too many.
  EXPECT_FALSE(channel->WaitForStateChange(
      GRPC_CHANNEL_READY, std::chrono::system_clock::now() + std::chrono::milliseconds(6 * kPingMs)));
  context.TryCancel();
  call->Finish();
}

TEST(EnvironmentTest, ASecondServerOnADirectoryIsRefused) {
  Options options = Quiet();
  options.data_dir =
      (std::filesystem::temp_directory_path() / absl::StrCat("bqcdc-environment-", getpid())).string();
  {
    const auto first = Start(options);
    ASSERT_NE(first, nullptr);
    const auto second = Environment::Start(options);
    ASSERT_FALSE(second.ok());
    EXPECT_THAT(std::string(second.status().message()), HasSubstr(options.data_dir));
    EXPECT_EQ(std::string(second.status().message()).find('\n'), std::string::npos);
  }
  EXPECT_NE(Start(options), nullptr);  // after the first has ended
  std::filesystem::remove_all(options.data_dir);
}

TEST(EnvironmentTest, ATemporaryDirectoryEndsWithTheServer) {
  std::string directory;
  {
    const auto environment = Start(Quiet());
    ASSERT_NE(environment, nullptr);
    directory = environment->data_dir();
    EXPECT_TRUE(std::filesystem::exists(directory));
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

TEST(EnvironmentTest, AnUnusableDirectoryIsOneClearLine) {
  Options options = Quiet();
  options.data_dir = "/proc/no-such-place";
  const auto environment = Environment::Start(options);
  ASSERT_FALSE(environment.ok());
  EXPECT_THAT(std::string(environment.status().message()), HasSubstr("/proc/no-such-place"));
}

}  // namespace
}  // namespace bqcdc::emulator::server
