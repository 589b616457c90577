// What a person meets first: help, wrong usage, names of tables, statements.

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

using Usage = Scenario;

TEST_F(Usage, WithoutACommandItShowsTheHelp) {
  const ProgramResult help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  const ProgramResult nothing = Run({});
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_EQ(nothing.out, "");
  EXPECT_EQ(nothing.err, help.out);
  for (const char* command : {"serve", "create-table", "stream", "query", "set-staleness", "status", "check",
                              "dead-letter", "bench", "admin"})
    EXPECT_TRUE(absl::StrContains(help.out, absl::StrCat("\n  ", command, " "))) << command;
  EXPECT_TRUE(absl::StartsWith(Run({"--version"}).out, "bqcdc "));
}

TEST_F(Usage, EachCommandHasHelp) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"create-table"},
                                                  {"stream"},
                                                  {"query"},
                                                  {"set-staleness"},
                                                  {"status"},
                                                  {"check"},
                                                  {"admin"},
                                                  {"admin", "clock"},
                                                  {"admin", "apply"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const ProgramResult help = Run(arguments);
    EXPECT_EQ(help.exit_code, 0) << command.back();
    EXPECT_TRUE(absl::StrContains(help.out, "Usage: bqcdc ")) << help.out;
    EXPECT_TRUE(absl::StrContains(help.out, "Common flags")) << help.out;
  }
  const ProgramResult serve = Run({"serve", "--help"});
  EXPECT_EQ(serve.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(serve.out, "--http-port")) << serve.out;
}

TEST_F(Usage, FaultsNameWhatIsWrongAndWhereTheRightWayStands) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"strem", "d.t"}, "bqcdc: no command is called strem\nRun \"bqcdc --help\" for more.\n"},
      {{"stream"}, "bqcdc: TABLE is required\nRun \"bqcdc stream --help\" for more.\n"},
      {{"admin", "clock"},
       "bqcdc: bqcdc admin clock: which command?\nRun \"bqcdc admin clock --help\" for more.\n"},
      {{"query", "SELECT 1", "--format", "xml"},
       "bqcdc: --format: 'xml' is none of table, json, csv\nRun \"bqcdc query --help\" for more.\n"}};
  for (const auto& [arguments, want] : cases) {
    const ProgramResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << arguments.front();
    EXPECT_EQ(result.err, want);
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(Usage, ASchemaThatSlippedInChangesNoTable) {
  CreateTable();
  const std::string file = File("schema.json", "[]");
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--evolve-schema", "bogus"},
       "bqcdc: --evolve-schema: column bogus has no type; write bogus:STRING, or "},
      {{"--evolve-schema", file},
       "bqcdc: --evolve-schema: 'schema.json' is a file; write @schema.json to read it"},
      {{"--dry-run", "--schema", "id:INT64", "--primary-key", "id", "--evolve-schema", "name:STRING"},
       "bqcdc: --dry-run changes no table, so there is nothing for --evolve-schema to do"}};
  for (const auto& [flags, want] : cases) {
    std::vector<std::string> arguments = {"stream", "d.t"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const ProgramResult result = Run(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_TRUE(absl::StartsWith(result.err, want)) << result.err;
  }
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 't'"),
            std::vector<std::string>{"2"});
}

TEST_F(Usage, ValuesOutOfRangeAreRefusedWithTheRange) {
  server();
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--health-timeout", "abc"}, "--health-timeout: "},
      {{"--health-timeout", "0"}, "--health-timeout must be from 1ms to 720h, not 0\n"},
      {{"--retry-timeout", "0"}, "--retry-timeout must be from 1ms to 720h, not 0\n"},
      {{"--retry-attempts", "0"}, "--retry-attempts: must be at least 1, not 0\n"},
      {{"--schema-timeout", "0s"}, "--schema-timeout must be from 1ms to 720h, not 0s\n"},
      {{"--drain-timeout", "1000h"}, "--drain-timeout must be from 0s to 720h, not 1000h\n"},
      {{"--flush-interval", "1000h"}, "--flush-interval must be from 0s to 720h, not 1000h\n"},
      {{"--claim-check-interval", "1ms"}, "--claim-check-interval must be from 10ms to 720h, not 1ms\n"},
      {{"--checkpoint-interval", "0"}, "--checkpoint-interval must be from 1ms to 720h, not 0\n"},
      {{"--follow-interval", "0"}, "--follow-interval must be from 1ms to 720h, not 0\n"},
      {{"--target-latency", "0"}, "--target-latency must be from 1ms to 720h, not 0\n"},
      {{"--bytes-in-flight", "0"}, "--bytes-in-flight must be from 1MiB to 16GiB, not 0\n"},
      {{"--batch-bytes", "0"}, "--batch-bytes must be from 1B to 1GiB, not 0\n"},
      {{"--max-request-bytes", "1KiB"}, "--max-request-bytes must be from 16KiB to 20MiB, not 1KiB\n"},
      {{"--max-line-bytes", "0"}, "--max-line-bytes must be from 64B to 1GiB, not 0\n"},
      {{"--batch-rows", "0"}, "--batch-rows: must be at least 1, not 0\n"},
      {{"--requests-in-flight", "0"}, "--requests-in-flight: Value 0 not in range "},
      {{"--max-connections", "101"}, "--max-connections: Value 101 not in range "},
      {{"--encode-threads", "0"}, "--encode-threads: Value 0 not in range "}};
  for (const auto& [flags, want] : cases) {
    const ProgramResult result = Run({"stream", "d.t", flags[0], flags[1]});
    EXPECT_EQ(result.exit_code, 2) << flags[0];
    EXPECT_TRUE(absl::StartsWith(result.err, absl::StrCat("bqcdc: ", want))) << result.err;
  }
  for (const auto& [flag, want] : {std::pair("--row-bytes", "--row-bytes must be from 1B to 8MiB, not 0\n"),
                                   {"--batch-bytes", "--batch-bytes must be from 1B to 9MiB, not 0\n"}}) {
    const ProgramResult result = Run({"bench", "write", "d", flag, "0"});
    EXPECT_EQ(result.exit_code, 2) << flag;
    EXPECT_EQ(result.err, absl::StrCat("bqcdc: ", want));
  }
  EXPECT_EQ(Run({"create-table", "d.t", "--schema", "a:INT64,b,c,d,e", "--primary-key", "a", "--cluster-by",
                 "a,b,c,d,e"})
                .err,
            "bqcdc: --cluster-by must name 1 to 4 columns, not 5\n");
}

TEST_F(Usage, TheLeastValuesWork) {
  CreateTable();
  RunOk({"stream", "d.t", "--bytes-in-flight", "1MiB", "--max-line-bytes", "64", "--batch-bytes", "1",
         "--flush-interval", "0", "--max-request-bytes", "16KiB"},
        "{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":1}\n{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":2}\n");
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.t"), std::vector<std::string>{"2"});
}

TEST_F(Usage, TablesHaveThreeFormsOfName) {
  server();
  const std::vector<std::string> columns = {"--schema", "id:INT64", "--primary-key", "id"};
  for (const char* name :
       {"d.one", "p.d.two", "p:d.three", "q.d.four", "example.com:x:d.five", "d.with spaces"}) {
    std::vector<std::string> create = {"create-table", name};
    create.insert(create.end(), columns.begin(), columns.end());
    RunOk(create);
    RunOk({"stream", name}, "{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":1}\n");
    RunOk({"set-staleness", name, "15m"});
  }
  EXPECT_EQ(Query("SELECT table_name FROM d.INFORMATION_SCHEMA.TABLES ORDER BY table_name"),
            (std::vector<std::string>{"one", "three", "two", "with spaces"}));
  for (const char* name : {"", "t", ".t", "d.", "a.b.c.d", "p.d:t", "d x.t", "`d.t`"}) {
    std::vector<std::string> create = {"create-table", name};
    create.insert(create.end(), columns.begin(), columns.end());
    const ProgramResult result = Run(create);
    EXPECT_EQ(result.exit_code, 2) << name;
    EXPECT_TRUE(absl::StrContains(result.err, absl::StrCat("bqcdc: '", name, "' is no table; give ")))
        << result.err;
  }
}

TEST_F(Usage, StatementsWithoutRowsPrintNone) {
  server();
  RunOk({"query", "CREATE SCHEMA d"});
  const ProgramResult created =
      RunOk({"query", "-- a comment (of one line)\n/* and\nmore */ # first\nCREATE TABLE d.t (id INT64)"});
  EXPECT_EQ(created.out, "");
  EXPECT_EQ(RunOk({"query", "INSERT INTO d.t (id) VALUES (1)"}).err, "1 row affected\n");
  EXPECT_EQ(RunOk({"query", "INSERT INTO d.t (id) VALUES (2), (3)"}).err, "2 rows affected\n");
  EXPECT_EQ(RunOk({"query", "-", "--format", "csv"}, "-- in order\nSELECT id FROM d.t ORDER BY id").out,
            "id\n1\n2\n3\n");
}

}  // namespace
}  // namespace bqcdc::end_to_end
