#include "bqcdc/metrics/metrics_server.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>

#include "absl/strings/match.h"

namespace bqcdc::metrics {
namespace {

TEST(MetricsServer, HealthzTellsTheReason) {
  std::atomic<bool> well = true;
  const auto server = MetricsServer::Start(
      {0, [] { return std::string("x 1\n"); },
       [&] { return well ? absl::OkStatus() : absl::UnavailableError("none was acknowledged for 3m"); }});
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  auto answer = client.Get("/healthz");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  well = false;
  answer = client.Get("/healthz");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "none was acknowledged for 3m\n");
  answer = client.Get("/metrics");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "x 1\n");
}

TEST(MetricsServer, OtherHostsAndPathsAreRefused) {
  const auto server =
      MetricsServer::Start({0, [] { return std::string("x 1\n"); }, [] { return absl::OkStatus(); }});
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  auto answer = client.Get("/metrics", {{"Host", "evil.example:80"}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 403);
  EXPECT_FALSE(absl::StrContains(answer->body, "x 1"));
  for (const char* host : {"localhost", "localhost:9464", "[::1]:9464"}) {
    answer = client.Get("/metrics", {{"Host", host}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200) << host;
  }
  answer = client.Get("/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
}

TEST(MetricsServer, APortThatIsTakenIsAnError) {
  MetricsServerOptions options{0, [] { return std::string(); }, [] { return absl::OkStatus(); }};
  const auto first = MetricsServer::Start(options);
  ASSERT_TRUE(first.ok()) << first.status();
  options.port = (*first)->port();
  const auto second = MetricsServer::Start(options);
  EXPECT_TRUE(absl::StrContains(second.status().message(), "is the port taken?")) << second.status();
}

}  // namespace
}  // namespace bqcdc::metrics
