// What those see who watch a run: metrics, health, logs, status, check.

#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

constexpr char kSecret[] = "c3ll-v4lue";

std::string Upsert(int id) {
  return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":")", kSecret, "\"}\n");
}

class Watching : public Scenario {
 protected:
  static bool Await(const std::function<bool()>& what) {
    for (const absl::Time deadline = absl::Now() + absl::Seconds(30); absl::Now() < deadline;) {
      if (what()) return true;
      absl::SleepFor(absl::Milliseconds(10));
    }
    return false;
  }
  // The port that the program has printed.
  static int PortOf(const Program& program) {
    int port = 0;
    const std::regex told("metrics on http://127\\.0\\.0\\.1:(\\d+)/metrics");
    Await([&] {
      const std::string text = program.ReadErrorSoFar();
      std::smatch match;
      if (std::regex_search(text, match, told)) port = std::stoi(match[1]);
      return port > 0;
    });
    return port;
  }
  // Each line of a run with --log-format json.
  static std::vector<nlohmann::json> ParseLines(const std::string& text) {
    std::vector<nlohmann::json> objects;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      nlohmann::json object = nlohmann::json::parse(std::string(line), nullptr, false);
      EXPECT_TRUE(object.is_object()) << line;
      if (object.is_object()) objects.push_back(std::move(object));
    }
    return objects;
  }
  static nlohmann::json EventOf(const std::vector<nlohmann::json>& lines, const char* event) {
    for (const nlohmann::json& line : lines) {
      if (line.value("event", "") == event) return line;
    }
    return nlohmann::json();
  }
  static std::string Get(int port, const char* path, int* code = nullptr) {
    httplib::Client client("127.0.0.1", port);
    const auto answer = client.Get(path);
    if (code != nullptr) *code = answer ? answer->status : -1;
    return answer ? answer->body : "";
  }
};

TEST_F(Watching, MetricsAndHealthOfARunThatWorks) {
  CreateTable();
  const auto run = Start({"stream", "d.t", "--metrics-port", "0", "--flush-interval", "10ms"});
  const int port = PortOf(*run);
  ASSERT_GT(port, 0) << run->ReadErrorSoFar();
  run->Write(Upsert(1) + Upsert(2) + "{\"_CHANGE_TYPE\":\"DELETE\",\"id\":1}\n" + "not json " + kSecret +
             "\n");
  std::string body;
  const auto has = [&body](const char* line) { return absl::StrContains(body, line); };
  EXPECT_TRUE(Await([&] {
    body = Get(port, "/metrics");
    return has("bqcdc_rows_total{change_type=\"upsert\"} 2\n") &&
           has("bqcdc_rows_total{change_type=\"delete\"} 1\n") && has("bqcdc_lag_bytes 0\n") &&
           has("bqcdc_connections 1\n") && has("bqcdc_calls_opened_total 1\n") &&
           has("bqcdc_watermark_errors_total 0\n");
  })) << body;
  for (const char* line : {"bqcdc_dead_letters_total{reason=\"not_an_object\"} 1\n", "bqcdc_healthy 1\n",
                           "bqcdc_lag_seconds 0\n", "bqcdc_lanes 1\n", "table=\"p.d.t\"",
                           "bqcdc_window_use_ratio{connection=\"0\"} "})
    EXPECT_TRUE(has(line)) << line << "\n" << body;
  EXPECT_FALSE(has(kSecret)) << body;
  int code = 0;
  EXPECT_EQ(Get(port, "/healthz", &code), "ok\n");
  EXPECT_EQ(code, 200);

  // Every name of the guide, and no other.
  std::set<std::string> told, scraped;
  std::ifstream guide(absl::StrCat(BQCDC_SOURCE_DIRECTORY, "/docs/guides/metrics.md"));
  const std::regex row(R"re(\| `(bqcdc_\w+).*)re"), type(R"re(# TYPE (\w+) .*)re");
  std::smatch match;
  for (std::string line; std::getline(guide, line);) {
    if (std::regex_match(line, match, row)) told.insert(match[1]);
  }
  std::stringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, type)) scraped.insert(match[1]);
  }
  EXPECT_EQ(scraped, told);
  EXPECT_EQ(run->Wait().exit_code, 3);
}

TEST_F(Watching, HealthIsLostWhenTheServiceIsSilent) {
  CreateTable();
  const auto run = Start(
      {"stream", "d.t", "--metrics-port", "0", "--flush-interval", "10ms", "--health-timeout", "100ms"});
  const int port = PortOf(*run);
  ASSERT_GT(port, 0) << run->ReadErrorSoFar();
  run->Write(Upsert(1));
  ASSERT_TRUE(
      Await([&] { return absl::StrContains(Get(port, "/metrics"), "{change_type=\"upsert\"} 1\n"); }));
  server().Kill();
  run->Write(Upsert(2));
  int code = 0;
  std::string reason;
  EXPECT_TRUE(Await([&] {
    reason = Get(port, "/healthz", &code);
    return code == 503;
  }));
  EXPECT_TRUE(absl::StartsWith(reason, "rows wait, and none was acknowledged for ")) << reason;
  EXPECT_TRUE(absl::StrContains(Get(port, "/metrics"), "bqcdc_healthy 0\n"));
}

TEST_F(Watching, APortThatIsTakenAndAWrongRateAreTold) {
  CreateTable();
  const auto first = Start({"stream", "d.t", "--metrics-port", "0"});
  const int port = PortOf(*first);
  ASSERT_GT(port, 0);
  const ProgramResult taken = Run({"stream", "d.t", "--metrics-port", std::to_string(port)});
  EXPECT_EQ(taken.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(taken.err, absl::StrCat("cannot listen on 127.0.0.1:", port))) << taken.err;
  const ProgramResult rate = Run({"stream", "d.t", "--rate-limit", "fast"});
  EXPECT_EQ(rate.exit_code, 2);
  EXPECT_EQ(
      rate.err,
      "bqcdc: --rate-limit: 'fast' is no rate; give 5000/s for rows or 10MiB/s for bytes, more than 0\n");
}

TEST_F(Watching, ARateLimitIsKept) {
  CreateTable();
  std::string input;
  for (int i = 0; i < 80; ++i) input += Upsert(i);
  const absl::Time start = absl::Now();
  const ProgramResult limited = RunOk({"stream", "d.t", "--rate-limit", "200/s"}, input);
  // 80 rows take 0.4 s; the last batch of 20 goes when the others are paid for, less the burst of 0.1 s.
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(200));
  EXPECT_TRUE(absl::StrContains(limited.err, "80 rows written")) << limited.err;
  EXPECT_TRUE(absl::StrContains(limited.err, " in 4 requests")) << limited.err;
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.t"), std::vector<std::string>{"80"});
}

TEST_F(Watching, WithoutATerminalThereIsNoProgressAndJsonLogsAreJson) {
  CreateTable();
  std::string input;
  for (int i = 0; i < 1000; ++i) input += Upsert(i);
  const ProgramResult plain = RunOk({"stream", "d.t"}, input);
  EXPECT_EQ(plain.err.find_first_of("\r\033"), std::string::npos) << plain.err;
  EXPECT_FALSE(absl::StrContains(plain.err, "whole run")) << plain.err;
  EXPECT_TRUE(absl::StrContains(plain.err, "acknowledged within ")) << plain.err;
  EXPECT_TRUE(absl::StrContains(RunOk({"stream", "d.t", "-v"}, input).err, "bqcdc: info: whole run of "));

  const ProgramResult json = RunOk({"stream", "d.t", "--log-format", "json"}, input);
  const std::vector<nlohmann::json> objects = ParseLines(json.err);
  const nlohmann::json end = EventOf(objects, "end");
  ASSERT_TRUE(end.is_object()) << json.err;
  EXPECT_EQ(end["event"], "end");
  EXPECT_EQ(end["rows"], 1000);
  EXPECT_EQ(end["table"], "p.d.t");
  EXPECT_GE(end["acknowledge_ms"]["p99"].get<double>(), end["acknowledge_ms"]["p50"].get<double>());
  EXPECT_GE(end["slowest"].size(), 1u);
  EXPECT_TRUE(end["failure"].is_null());
  EXPECT_FALSE(absl::StrContains(json.err, kSecret));
}

TEST_F(Watching, WithJsonEveryLineIsAnObjectAndTheEndTellsTheFailure) {
  CreateTable();
  const std::string bad = Upsert(1) + "no json\n";
  const ProgramResult aside = Run({"stream", "d.t", "--log-format", "json", "--metrics-port", "0"}, bad);
  EXPECT_EQ(aside.exit_code, 3);
  std::vector<nlohmann::json> lines = ParseLines(aside.err);
  EXPECT_GT(EventOf(lines, "metrics")["port"].get<int>(), 0) << aside.err;
  EXPECT_GT(EventOf(lines, "end")["epoch"].get<std::uint64_t>(), 0u) << aside.err;
  EXPECT_TRUE(absl::StrContains(lines.back()["message"].get<std::string>(), "line 2")) << aside.err;

  const ProgramResult missing = Run({"stream", "d.missing", "--log-format", "json"}, Upsert(1));
  EXPECT_EQ(missing.exit_code, 1);
  lines = ParseLines(missing.err);
  EXPECT_EQ(EventOf(lines, "end")["failure"], "Not found: Table p:d.missing") << missing.err;
  EXPECT_EQ(EventOf(lines, "end")["table"], "p.d.missing");
  EXPECT_EQ(EventOf(lines, "error")["message"], "Not found: Table p:d.missing");
  EXPECT_EQ(EventOf(lines, "error")["level"], "error");
  EXPECT_EQ(EventOf(lines, "error")["exit_code"], 1);

  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"stream", "d.t", "--flush-interval", "soon"},
        {"stream", "d.t", "missing.jsonl"},
        {"set-staleness", "d.t", "15m"},
        {"query", "DELETE FROM d.t WHERE true"},
        {"create-table", "d.new", "--schema", "id:INT64", "--primary-key", "id"}}) {
    std::vector<std::string> with = arguments;
    with.insert(with.end(), {"--log-format", "json"});
    const ProgramResult result = Run(with);
    lines = ParseLines(result.err);
    EXPECT_EQ(lines.size(), 1u) << arguments.back() << "\n" << result.err;
    if (result.exit_code != 0) {
      EXPECT_EQ(EventOf(lines, "error")["exit_code"], result.exit_code);
    }
  }
}

TEST_F(Watching, DebugTellsOfEndpointsConnectionsAndRequests) {
  CreateTable();
  const std::string err = RunOk({"stream", "d.t", "--log-level", "debug"}, Upsert(1)).err;
  for (const char* line :
       {"bqcdc: debug: REST endpoint http://127.0.0.1:", "bqcdc: debug: a channel to 127.0.0.1:",
        "bqcdc: debug: table p.d.t is claimed by epoch ",
        "bqcdc: debug: 1 AppendRows call opened, 1 in all\n",
        "bqcdc: debug: 1 request sent, 1 row acknowledged ", "bqcdc: info: whole run of "})
    EXPECT_TRUE(absl::StrContains(err, line)) << line << "\n" << err;
  EXPECT_FALSE(absl::StrContains(err, kSecret)) << err;
  EXPECT_FALSE(absl::StrContains(RunOk({"stream", "d.t", "--log-level", "info"}, Upsert(1)).err, "debug"));
}

TEST_F(Watching, StatusFollowsTheTable) {
  CreateTable();
  nlohmann::json before = nlohmann::json::parse(RunOk({"status", "d.t", "--format", "json"}).out);
  EXPECT_TRUE(before["epoch"].is_null());
  EXPECT_TRUE(before["watermark"].is_null());
  EXPECT_TRUE(before["unapplied_rows"].is_null());
  const std::string said = RunOk({"stream", "d.t"}, Upsert(1)).err;
  const nlohmann::json after = nlohmann::json::parse(RunOk({"status", "d.t", "--format", "json"}).out);
  EXPECT_TRUE(absl::StrContains(said, absl::StrCat("epoch ", after["epoch"].get<std::uint64_t>(), "\n")))
      << said;
  EXPECT_EQ(after["sequence"], "assigned");
  EXPECT_TRUE(after["watermark"].is_string());
  EXPECT_EQ(after["unapplied_rows"], 1);
  const std::string text = RunOk({"status", "d.t"}).out;
  EXPECT_TRUE(absl::StrContains(text, "unapplied changes: about 1 row, ")) << text;
  EXPECT_EQ(Run({"status", "d.missing"}).exit_code, 1);
}

TEST_F(Watching, CheckTellsWhatIsMissingAndWritesNothing) {
  CreateTable();
  const std::string before = RunOk({"status", "d.t", "--format", "json"}).out;
  const ProgramResult well = RunOk({"check", "d.t"});
  EXPECT_FALSE(absl::StrContains(well.out, "fail ")) << well.out;
  for (const char* line :
       {"ok    REST endpoint: ", "ok    gRPC endpoint: ", "answers and knows the table's default stream\n",
        "ok    rights: the local server has no access control\n", "warn  primary key: id; ",
        "warn  max_staleness: 0: every query merges", "ok    ownership: never written by bqcdc"})
    EXPECT_TRUE(absl::StrContains(well.out, line)) << line << "\n" << well.out;
  EXPECT_EQ(RunOk({"status", "d.t", "--format", "json"}).out, before);

  const ProgramResult missing = Run({"check", "d.missing"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_TRUE(
      absl::StrContains(missing.out, "fail  table: Not found: Table p:d.missing → bqcdc create-table"))
      << missing.out;
  EXPECT_EQ(missing.err, "");

  RunOk({"query", "CREATE TABLE d.nokey (id INT64)"});
  const ProgramResult keyless = Run({"check", "d.nokey"});
  EXPECT_EQ(keyless.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(keyless.out, "fail  primary key: there is none")) << keyless.out;

  environment_["BIGQUERY_EMULATOR_HOST"] = "http://127.0.0.1:1";
  const ProgramResult unreached = Run({"check", "d.t", "--storage-endpoint", "127.0.0.1:1"});
  EXPECT_EQ(unreached.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(unreached.out, "fail  REST endpoint: cannot reach ")) << unreached.out;
  EXPECT_TRUE(absl::StrContains(unreached.out, "fail  gRPC endpoint: cannot reach 127.0.0.1:1"))
      << unreached.out;

  const ProgramResult tokenless = Run({"check", "p.d.t", "--access-token-file", "nofile", "--endpoint",
                                       "https://127.0.0.1:1", "--storage-endpoint", "127.0.0.1:1"});
  EXPECT_EQ(tokenless.exit_code, 1);
  EXPECT_FALSE(absl::StrContains(tokenless.out, "ok  ")) << tokenless.out;
  EXPECT_TRUE(absl::StrContains(tokenless.out, "fail  REST endpoint: cannot reach https://127.0.0.1:1"))
      << tokenless.out;
}

}  // namespace
}  // namespace bqcdc::end_to_end
