#include "bqcdc/emulator/server/options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::server {
namespace {

using ::testing::HasSubstr;

ParsedOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "bqcdc-serve");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OptionsTest, HasTheDocumentedDefaults) {
  const ParsedOptions parsed = Parse({});
  ASSERT_FALSE(parsed.exit);
  EXPECT_EQ(parsed.options.http_port, 9050);
  EXPECT_EQ(parsed.options.grpc_port, 9060);
  EXPECT_EQ(parsed.options.host, "127.0.0.1");
  EXPECT_EQ(parsed.options.request_bytes_max, 20 * 1024 * 1024);
  EXPECT_EQ(parsed.options.idle_timeout, absl::Seconds(600));
  EXPECT_FALSE(parsed.options.admin);
  EXPECT_FALSE(parsed.options.manual_clock);
  EXPECT_FALSE(parsed.options.shuffle_ties);
  EXPECT_TRUE(parsed.options.background_apply);
}

TEST(OptionsTest, ReadsAllFlags) {
  const ParsedOptions parsed = Parse({"--project",
                                      "p",
                                      "--data-dir",
                                      "/d",
                                      "--http-port",
                                      "0",
                                      "--grpc-port",
                                      "1",
                                      "--host",
                                      "0.0.0.0",
                                      "--tls-cert",
                                      "/c",
                                      "--tls-key",
                                      "/k",
                                      "--bearer-token-file",
                                      "/b",
                                      "--admin",
                                      "--admin-port",
                                      "2",
                                      "--clock",
                                      "manual:2024-01-31T12:00:00Z",
                                      "--shuffle-ties=7",
                                      "--forget-sequences-after",
                                      "48h",
                                      "--max-request-bytes",
                                      "10485760",
                                      "--memory-mib",
                                      "4096",
                                      "--idle-timeout",
                                      "30s",
                                      "--mode-per-destination",
                                      "--no-background-apply",
                                      "--table-propagation",
                                      "2m",
                                      "--column-propagation",
                                      "35s",
                                      "--allow-host",
                                      "bq",
                                      "--endpoints-file",
                                      "/e",
                                      "--log-level",
                                      "error"});
  ASSERT_FALSE(parsed.exit) << parsed.exit->text;
  const Options& options = parsed.options;
  EXPECT_EQ(options.project, "p");
  EXPECT_EQ(options.data_dir, "/d");
  EXPECT_EQ(options.http_port, 0);
  EXPECT_TRUE(options.admin);
  EXPECT_TRUE(options.manual_clock);
  EXPECT_EQ(options.clock_start, absl::FromCivil(absl::CivilSecond(2024, 1, 31, 12), absl::UTCTimeZone()));
  EXPECT_TRUE(options.shuffle_ties);
  EXPECT_EQ(options.shuffle_seed, 7u);
  EXPECT_EQ(options.forget_sequences_after, absl::Hours(48));
  EXPECT_EQ(options.request_bytes_max, 10485760);
  EXPECT_EQ(options.memory_mebibytes_max, 4096);
  EXPECT_EQ(options.idle_timeout, absl::Seconds(30));
  EXPECT_EQ(options.table_propagation, absl::Minutes(2));
  EXPECT_EQ(options.column_propagation, absl::Seconds(35));
  EXPECT_TRUE(options.mode_per_destination);
  EXPECT_FALSE(options.background_apply);
  EXPECT_EQ(options.tls_cert, "/c");
  EXPECT_EQ(options.tls_key, "/k");
  EXPECT_EQ(options.bearer_token_file, "/b");
  EXPECT_THAT(options.allowed_hosts, ::testing::ElementsAre("bq"));
}

TEST(OptionsTest, ShufflesWithoutASeedToo) {
  const ParsedOptions parsed = Parse({"--shuffle-ties"});
  ASSERT_FALSE(parsed.exit) << parsed.exit->text;
  EXPECT_TRUE(parsed.options.shuffle_ties);
}

TEST(OptionsTest, WrongUsageIsExitCode2) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--nonsense"},
                                             {"--http-port", "70000"},
                                             {"--clock", "sundial"},
                                             {"--clock", "manual:noon"},
                                             {"--shuffle-ties=x"},
                                             {"--idle-timeout", "-1s"},
                                             {"--max-request-bytes", "5"},
                                             {"--memory-mib", "1"},
                                             {"--log-level", "loud"},
                                             {"stray"}}) {
    const ParsedOptions parsed = Parse(arguments);
    ASSERT_TRUE(parsed.exit) << arguments[0];
    EXPECT_EQ(parsed.exit->code, 2);
    EXPECT_THAT(parsed.exit->text, HasSubstr("bqcdc-serve: "));
  }
}

TEST(OptionsTest, OffLoopbackATokenIsNeededAndTlsOrAWord) {
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "bigquery", "127.evil.example"}) {
    SCOPED_TRACE(host);
    EXPECT_THAT(Parse({"--host", host}).exit.value_or(Exit{}).text,
                HasSubstr("give --bearer-token-file FILE"));
    EXPECT_THAT(Parse({"--host", host, "--allow-plaintext"}).exit.value_or(Exit{}).text,
                HasSubstr("give --bearer-token-file FILE"));
    EXPECT_THAT(Parse({"--host", host, "--bearer-token-file", "/b"}).exit.value_or(Exit{}).text,
                HasSubstr("give --tls-cert and --tls-key, or --allow-plaintext"));
    EXPECT_FALSE(Parse({"--host", host, "--bearer-token-file", "/b", "--allow-plaintext"}).exit);
    EXPECT_FALSE(
        Parse({"--host", host, "--bearer-token-file", "/b", "--tls-cert", "/c", "--tls-key", "/k"}).exit);
  }
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1"}) {
    EXPECT_FALSE(Parse({"--host", host}).exit) << host;
  }
  EXPECT_THAT(Parse({"--tls-cert", "/c"}).exit.value_or(Exit{}).text, HasSubstr("belong together"));
  EXPECT_THAT(Parse({"--tls-key", "/k"}).exit.value_or(Exit{}).text, HasSubstr("belong together"));
}

TEST(OptionsTest, HelpIsNoFailure) {
  const ParsedOptions parsed = Parse({"--help"});
  ASSERT_TRUE(parsed.exit);
  EXPECT_EQ(parsed.exit->code, 0);
  EXPECT_THAT(parsed.exit->text, HasSubstr("--data-dir"));
}

TEST(OptionsTest, TheVersionIsNoFailure) {
  const ParsedOptions parsed = Parse({"--version"});
  ASSERT_TRUE(parsed.exit);
  EXPECT_EQ(parsed.exit->code, 0);
  EXPECT_THAT(parsed.exit->text, testing::MatchesRegex("bqcdc-serve [0-9.]+\n"));
}

}  // namespace
}  // namespace bqcdc::emulator::server
