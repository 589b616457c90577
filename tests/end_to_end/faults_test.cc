// Each row of docs/guides/faults.md: fault → exit code → message.

#include <duckdb.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <functional>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

struct DocumentedFault {
  std::string name;
  int exit_code = 0;
  std::string message;  // "…" stands for any text
};

std::vector<DocumentedFault> ReadDocument() {
  std::ifstream file(BQCDC_SOURCE_DIRECTORY "/docs/guides/faults.md");
  std::vector<DocumentedFault> faults;
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    int exit_code = 0;
    if (cells.size() != 5 || !absl::SimpleAtoi(cells[2], &exit_code)) continue;
    const std::string message(absl::StripAsciiWhitespace(cells[3]));
    faults.push_back({std::string(absl::StripAsciiWhitespace(cells[1])), exit_code,
                      message.substr(1, message.size() - 2)});
  }
  return faults;
}

// Whether the parts of `pattern` stand in `text` one behind the other.
bool Matches(const std::string& text, const std::string& pattern) {
  std::size_t at = 0;
  for (const absl::string_view part : absl::StrSplit(pattern, "…")) {
    const std::size_t found = text.find(std::string(part), at);
    if (found == std::string::npos) return false;
    at = found + part.size();
  }
  return true;
}

class Faults : public Scenario {
 protected:
  // A good line, then the one in question, then a good one.
  ProgramResult StreamLine(const std::string& line, std::vector<std::string> flags = {}) {
    std::vector<std::string> arguments = {"stream", "d.t",
                                          File("in.jsonl", absl::StrCat(Good(1), line, "\n", Good(3)))};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    ProgramResult result = Run(arguments);
    if (result.exit_code == 3) {
      EXPECT_TRUE(absl::StrContains(result.err, "p.d.t: 2 rows written")) << result.err;
    }
    return result;
  }
  static std::string Good(int id) {
    return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":"x"})", "\n");
  }
  static std::string Numbered(const char* number) {
    return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"_CHANGE_SEQUENCE_NUMBER":")", number, "\"}\n");
  }
  ProgramResult Serve(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {ProgramPath("bqcdc"), "serve"});
    return RunProgram(std::move(flags), {}, directory());
  }
  void FreshTable() {
    RunOk({"query", "CREATE SCHEMA IF NOT EXISTS d"});
    RunOk({"query", "DROP TABLE IF EXISTS d.t"});
    CreateTable();
  }
  static std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }
  void SetFormat(const std::string& file, int format) {
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
    ASSERT_EQ(duckdb_open(file.c_str(), &database), DuckDBSuccess);
    ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
    const std::string sql = absl::StrCat("UPDATE meta SET value = ", format, " WHERE name = 'format'");
    EXPECT_EQ(duckdb_query(connection, sql.c_str(), nullptr), DuckDBSuccess);
    duckdb_disconnect(&connection);
    duckdb_close(&database);
  }

  ProgramResult StreamIntoAServerThatGoesAway();
  ProgramResult OpenNewerFormat();
  ProgramResult DropUnderARun();
  std::map<std::string, std::function<ProgramResult()>> Provocations();
};

ProgramResult Faults::StreamIntoAServerThatGoesAway() {
  auto server = local_server::LocalServer::Start({"--project", "p"});
  EXPECT_TRUE(server.ok()) << server.status();
  environment_["BIGQUERY_EMULATOR_HOST"] = (*server)->rest();
  RunOk({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id"});
  auto run = Start({"stream", "d.t", "--flush-interval", "10ms", "--retry-timeout", "1s"});
  run->Write(Good(1));
  for (const absl::Time deadline = absl::Now() + absl::Seconds(30);
       absl::Now() < deadline && Query("SELECT id FROM d.t").empty();) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  (*server)->Kill();
  run->Write(Good(2));
  return run->Wait();
}

ProgramResult Faults::OpenNewerFormat() {
  const std::string data = directory() + "/newer";
  {
    auto server = local_server::LocalServer::Start({"--data-dir", data});
    EXPECT_TRUE(server.ok()) << server.status();
    EXPECT_EQ((*server)->Terminate(), 0);
  }
  SetFormat(data + "/baseline.duckdb", 999);
  return Serve({"--data-dir", data, "--http-port", "0", "--grpc-port", "0"});
}

// The first row's answer shows that the run has read the schema; the second row is encoded by it.
ProgramResult Faults::DropUnderARun() {
  Query("ALTER TABLE d.t ADD COLUMN colour STRING");
  auto run = Start({"stream", "d.t", "--flush-interval", "10ms"});
  run->Write(Good(1));
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (Query("SELECT id FROM d.t").empty() && absl::Now() < deadline)
    absl::SleepFor(absl::Milliseconds(10));
  Query("ALTER TABLE d.t DROP COLUMN colour");
  run->Write(R"({"_CHANGE_TYPE":"UPSERT","id":2,"colour":"red"})"
             "\n");
  return run->Wait();
}

std::map<std::string, std::function<ProgramResult()>> Faults::Provocations() {
  return {
      {"no such file",
       [&] {
         return Run({"stream", "d.t", "missing.jsonl"});
       }},
      {"a directory instead of a file",
       [&] {
         return Run({"stream", "d.t", "."});
       }},
      {"broken JSON in line 2", [&] { return StreamLine("{broken"); }},
      {"unknown column", [&] { return StreamLine(R"({"_CHANGE_TYPE":"UPSERT","id":2,"colour":"red"})"); }},
      {"a column that is dropped while a row with it is on its way", [&] { return DropUnderARun(); }},
      {"wrong type", [&] { return StreamLine(R"({"_CHANGE_TYPE":"UPSERT","id":"two","name":"x"})"); }},
      {"NULL key", [&] { return StreamLine(R"({"_CHANGE_TYPE":"UPSERT","id":null,"name":"x"})"); }},
      {"missing key", [&] { return StreamLine(R"({"_CHANGE_TYPE":"DELETE","name":"x"})"); }},
      {"missing _CHANGE_TYPE", [&] { return StreamLine(R"({"id":2,"name":"x"})"); }},
      {"_CHANGE_TYPE INSERT", [&] { return StreamLine(R"({"_CHANGE_TYPE":"INSERT","id":2,"name":"x"})"); }},
      {"malformed sequence number",
       [&] {
         return Run({"stream", "d.t",
                     File("in.jsonl", absl::StrCat(Numbered("1"), Numbered("0x2"), Numbered("3")))});
       }},
      {"numbers on some lines only",
       [&] {
         return Run({"stream", "d.t", File("in.jsonl", absl::StrCat(Numbered("1"), Good(2)))});
       }},
      {"own numbers for a table whose rows bqcdc has numbered",
       [&] {
         RunOk({"stream", "d.t"}, Good(1));
         return Run({"stream", "d.t", File("in.jsonl", Numbered("1"))});
       }},
      {"a line that is too long",
       [&] {
         return StreamLine(
             absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":2,"name":")", std::string(300, 'x'), "\"}"),
             {"--max-line-bytes", "200"});
       }},
      {"more bad rows than allowed",
       [&] {
         return StreamLine("{broken", {"--max-bad-rows", "0"});
       }},
      {"dead letter file that cannot be written",
       [&] {
         return StreamLine("{broken", {"--dead-letter", "missing/dead.jsonl"});
       }},
      {"a dead letter file that is something else",
       [&] {
         return Run({"stream", "d.t", File("in.jsonl", Good(1)), "--dead-letter", File("notes.txt", "mine")});
       }},
      {"a dead letter file that is the input",
       [&] {
         return Run({"stream", "d.t", File("in.jsonl", Good(1)), "--dead-letter", "in.jsonl"});
       }},
      {"a checkpoint of another input",
       [&] {
         RunOk({"stream", "d.t", File("in.jsonl", Good(1)), "--checkpoint", "input.checkpoint"});
         return Run({"stream", "d.t", File("other.jsonl", Good(2)), "--checkpoint", "input.checkpoint"});
       }},
      {"a checkpoint of another table",
       [&] {
         RunOk({"stream", "d.t", File("in.jsonl", Good(1)), "--checkpoint", "table.checkpoint"});
         RunOk({"create-table", "d.u", "--schema", "id:INT64,name:STRING", "--primary-key", "id"});
         return Run({"stream", "d.u", "in.jsonl", "--checkpoint", "table.checkpoint"});
       }},
      {"a file that is no checkpoint",
       [&] {
         return Run({"stream", "d.t", "--checkpoint", File("notes.txt", "mine")});
       }},
      {"a checkpoint that is the input",
       [&] {
         return Run({"stream", "d.t", File("in.jsonl", Good(1)), "--checkpoint", "in.jsonl"});
       }},
      {"a checkpoint of a newer version",
       [&] {
         return Run({"stream", "d.t", "--checkpoint", File("newer.checkpoint", "{\"format\": 999}\n")});
       }},
      {"an epoch beside a checkpoint",
       [&] {
         return Run({"stream", "d.t", "--checkpoint", "unused", "--epoch", "5"});
       }},
      {"a pipe to be followed",
       [&] {
         return Run({"stream", "d.t", "--follow"});
       }},
      {"a retry of a file that is none",
       [&] {
         return Run({"dead-letter", "retry", File("in.jsonl", Good(1)), "--list"});
       }},
      {"no such table",
       [&] {
         return Run({"stream", "d.missing", File("in.jsonl", Good(1))});
       }},
      {"table without primary key",
       [&] {
         RunOk({"query", "CREATE TABLE d.nokey (id INT64)"});
         return Run({"stream", "d.nokey", File("in.jsonl", Good(1))});
       }},
      {"a lower epoch than the table's",
       [&] {
         RunOk({"stream", "d.t"}, Good(1));
         return Run({"stream", "d.t", "--epoch", "1", File("in.jsonl", Good(1))});
       }},
      {"an epoch that began long ago",
       [&] {
         RunOk({"stream", "d.t", "--epoch", "1700000000000000"}, Good(1));
         return Run({"stream", "d.t", "--epoch", "1700000000000000", File("in.jsonl", Good(1))});
       }},
      {"no table name",
       [&] {
         return Run({"stream", "t", File("in.jsonl", Good(1))});
       }},
      {"no project",
       [&] {
         environment_.erase("GOOGLE_CLOUD_PROJECT");
         return Run({"stream", "d.t", File("in.jsonl", Good(1))});
       }},
      {"a table that differs",
       [&] {
         return Run({"create-table", "d.t", "--schema", "id:STRING,name:STRING", "--primary-key", "id"});
       }},
      {"unreachable endpoint",
       [&] {
         return Run({"--endpoint", "http://127.0.0.1:1", "stream", "d.t", File("in.jsonl", Good(1))});
       }},
      {"unreachable storage endpoint",
       [&] {
         return Run({"stream", "d.t", "--storage-endpoint", "127.0.0.1:1", "--retry-timeout", "1s",
                     File("in.jsonl", Good(1))});
       }},
      {"unreachable storage endpoint, with a limit on attempts",
       [&] {
         return Run({"stream", "d.t", "--storage-endpoint", "127.0.0.1:1", "--retry-attempts", "2",
                     File("in.jsonl", Good(1))});
       }},
      {"one endpoint local and one not",
       [&] {
         environment_.erase("BIGQUERY_EMULATOR_HOST");
         return Run({"stream", "d.t", "--storage-endpoint", "localhost:9060", File("in.jsonl", Good(1))});
       }},
      {"server going away during a stream", [&] { return StreamIntoAServerThatGoesAway(); }},
      {"no credentials",
       [&] {
         environment_.erase("BIGQUERY_EMULATOR_HOST");
         environment_["GCE_METADATA_HOST"] = "127.0.0.1:1";
         return Run({"stream", "d.t", File("in.jsonl", Good(1))});
       }},
      {"metrics port taken",
       [&] {
         return StreamLine(Good(2), {"--metrics-port", PortOf(server().rest())});
       }},
      {"a rate that is none",
       [&] {
         return StreamLine(Good(2), {"--rate-limit", "fast"});
       }},
      {"batches larger than a request",
       [&] {
         return StreamLine(Good(2), {"--batch-bytes", "100MiB"});
       }},
      {"unknown flag",
       [&] {
         return Run({"stream", "d.t", "--nonsense"});
       }},
      {"port taken",
       [&] {
         return Serve({"--http-port", PortOf(server().rest()), "--grpc-port", "0"});
       }},
      {"unwritable data directory",
       [&] {
         return Serve({"--data-dir", "/proc/bqcdc", "--http-port", "0", "--grpc-port", "0"});
       }},
      {"newer data format", [&] { return OpenNewerFormat(); }},
      {"data directory in use",
       [&] {
         const std::string data = directory() + "/shared";
         auto other = local_server::LocalServer::Start({"--data-dir", data});
         EXPECT_TRUE(other.ok()) << other.status();
         return Serve({"--data-dir", data, "--http-port", "0", "--grpc-port", "0"});
       }},
  };
}

TEST_F(Faults, AreAsTheDocumentSays) {
  server();
  const auto provocations = Provocations();
  const std::vector<DocumentedFault> documented = ReadDocument();
  EXPECT_EQ(documented.size(), provocations.size()) << "a fault is documented and not tested, or the reverse";
  const auto environment = environment_;
  for (const DocumentedFault& fault : documented) {
    SCOPED_TRACE(fault.name);
    const auto found = provocations.find(fault.name);
    ASSERT_NE(found, provocations.end());
    FreshTable();
    const ProgramResult result = found->second();
    EXPECT_EQ(result.exit_code, fault.exit_code) << result.err;
    EXPECT_TRUE(Matches(result.err, fault.message)) << "wanted: " << fault.message << "\ngot: " << result.err;
    environment_ = environment;
  }
}

}  // namespace
}  // namespace bqcdc::end_to_end
