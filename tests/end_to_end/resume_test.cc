// Checkpoints, logs that are followed, signals and the retry of dead letters, as a person meets them.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

using ResumeEndToEnd = Scenario;
using Rows = std::vector<std::string>;

constexpr char kAll[] = "SELECT id, name FROM d.t ORDER BY id";

std::string Upsert(int id, const std::string& name) {
  return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":")", name, "\"}\n");
}

// Waits for what another program does; false when it has not happened within 30 s.
template <typename Condition>
bool Await(Condition condition) {
  for (const absl::Time deadline = absl::Now() + absl::Seconds(30); absl::Now() < deadline;) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

TEST_F(ResumeEndToEnd, ARunThatHasEndedLeavesNothingToDoUntilTheFileGrows) {
  CreateTable();
  const std::string file = File("in.jsonl", Upsert(1, "a") + Upsert(2, "b"));
  RunOk({"stream", "d.t", file, "--checkpoint", "c"});
  const ProgramResult again = RunOk({"stream", "d.t", file, "--checkpoint", "c"});
  EXPECT_EQ(again.err, "p.d.t: nothing to do: the input was read to its end, line 2, by an earlier run\n");
  std::ofstream(directory() + "/" + file, std::ios::app) << Upsert(1, "later");
  const ProgramResult more = RunOk({"stream", "d.t", file, "--checkpoint", "c"});
  EXPECT_TRUE(absl::StrContains(more.err, "1 row written")) << more.err;
  EXPECT_TRUE(absl::StrContains(more.err, "resumed after line 2")) << more.err;
  EXPECT_EQ(Query(kAll), (Rows{"1,later", "2,b"}));
}

TEST_F(ResumeEndToEnd, RefusesACheckpointThatDoesNotFit) {
  CreateTable();
  const std::string file = File("in.jsonl", Upsert(1, "a") + Upsert(2, "b"));
  RunOk({"stream", "d.t", file, "--checkpoint", "c"});
  const ProgramResult other =
      Run({"stream", "d.t", File("other.jsonl", Upsert(2, "x")), "--checkpoint", "c"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(
      other.err, "bqcdc: the checkpoint does not fit: other.jsonl was truncated or is another"))
      << other.err;
  RunOk({"query", "DROP TABLE d.t"});
  RunOk({"admin", "clock", "advance", "1s"});  // A table is its name and its time of creation.
  CreateTable();
  const ProgramResult again = Run({"stream", "d.t", file, "--checkpoint", "c"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_TRUE(
      absl::StrContains(again.err, "bqcdc: table p.d.t was created again since the checkpoint was written"))
      << again.err;
  const ProgramResult none = Run({"stream", "d.t", file, "--checkpoint", File("no.json", "{\"id\":1}\n")});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(none.err, "bqcdc: checkpoint file no.json: it is no checkpoint")) << none.err;
}

TEST_F(ResumeEndToEnd, AFollowedFileIsStreamedUntilATermination) {
  CreateTable();
  const std::string log = File("app.log", Upsert(1, "a"));
  const std::vector<std::string> command = {
      "stream", "d.t", log, "--follow", "--checkpoint", "c", "--flush-interval", "10ms", "--follow-interval",
      "10ms"};
  auto run = Start(command);
  EXPECT_TRUE(Await([&] { return Query(kAll) == Rows{"1,a"}; }));
  const ProgramResult second = Run(command);
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(second.err, "bqcdc: checkpoint file c is in use by another run; each run needs one of its own\n");
  std::filesystem::rename(directory() + "/app.log", directory() + "/app.log.1");
  File("app.log", Upsert(2, "b"));
  EXPECT_TRUE(Await([&] { return Query(kAll) == Rows{"1,a", "2,b"}; }));
  run->Signal(SIGTERM);
  const ProgramResult ended = run->Wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;

  // What came and was rotated meanwhile comes first.
  std::ofstream(directory() + "/app.log", std::ios::app) << Upsert(3, "c");
  std::filesystem::rename(directory() + "/app.log", directory() + "/app.log.0");
  File("app.log", Upsert(4, "d"));
  run = Start(command);
  EXPECT_TRUE(Await([&] { return Query(kAll) == Rows{"1,a", "2,b", "3,c", "4,d"}; }));
  run->Signal(SIGINT);
  const ProgramResult last = run->Wait();
  EXPECT_EQ(last.exit_code, 0);
  EXPECT_TRUE(absl::StrContains(last.err, "2 rows written")) << last.err;
}

TEST_F(ResumeEndToEnd, AnInterruptedFileIsAFailureUnlessACheckpointKeepsThePlace) {
  CreateTable();
  constexpr int kLines = 200'000;  // More than is read ahead.
  for (const bool kept : {false, true}) {
    {
      std::ofstream file(directory() + "/changes");
      for (int i = 1; i <= kLines; ++i) file << Upsert(kept ? -i : i, std::string(60, 'x'));
    }
    std::vector<std::string> command = {"stream", "d.t", "changes", "--rate-limit", "100/s"};
    command.insert(command.end(), {"--flush-interval", "10ms"});
    if (kept) command.insert(command.end(), {"--checkpoint", "c"});
    auto run = Start(command);
    EXPECT_TRUE(Await(
        [&] { return Query(absl::StrCat("SELECT 1 FROM d.t WHERE id = ", kept ? -1 : 1)).size() == 1; }));
    run->Signal(SIGTERM);
    EXPECT_TRUE(Await([&] { return !run->Running(); }));
    const ProgramResult result = run->Wait();
    EXPECT_EQ(result.exit_code, kept ? 0 : 1) << result.err;
    EXPECT_TRUE(absl::StrContains(result.err, "interrupted after line ")) << result.err;
  }
}

TEST_F(ResumeEndToEnd, ASecondSignalEndsItAtOnce) {
  CreateTable();
  auto run = Start({"stream", "d.t", "--flush-interval", "10ms"});
  run->Write(Upsert(1, "a"));
  EXPECT_TRUE(Await([&] { return !Query(kAll).empty(); }));
  // The service stands still: what is read now is never acknowledged.
  kill(server().pid(), SIGSTOP);
  run->Write(Upsert(2, "b"));
  absl::SleepFor(absl::Milliseconds(300));
  run->Signal(SIGTERM);
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(run->Running());
  run->Signal(SIGTERM);
  EXPECT_TRUE(Await([&] { return !run->Running(); }));
  kill(server().pid(), SIGCONT);
  EXPECT_EQ(run->Wait().exit_code, 128 + SIGTERM);
}

TEST_F(ResumeEndToEnd, DeadLettersAreListedWithoutTheirValuesAndSentAgain) {
  CreateTable();
  const std::string file =
      File("in.jsonl",
           Upsert(1, "a") + R"({"_CHANGE_TYPE":"UPSERT","id":2,"colour":"secret"})" + "\n" + Upsert(3, "c"));
  EXPECT_EQ(Run({"stream", "d.t", file}).exit_code, 3);
  const ProgramResult list =
      RunOk({"dead-letter", "retry", "t.dead-letter.jsonl", "--list", "--format", "csv"});
  EXPECT_TRUE(absl::StartsWith(
      list.out, "reason,column,line,source,age,table,sequence\nunknown_column,colour,2,in.jsonl,"))
      << list.out;
  EXPECT_FALSE(absl::StrContains(list.out, "secret"));
  const ProgramResult failed = Run({"dead-letter", "retry", "t.dead-letter.jsonl"});
  EXPECT_EQ(failed.exit_code, 3);
  EXPECT_EQ(failed.err,
            "t.dead-letter.jsonl: 1 record, 0 written, 1 failed again (--list tells the reasons)\n");
  RunOk({"query", "ALTER TABLE d.t ADD COLUMN colour STRING"});
  const ProgramResult written = RunOk({"dead-letter", "retry", "t.dead-letter.jsonl"});
  EXPECT_EQ(written.err, "t.dead-letter.jsonl: 1 record, 1 written\n");
  EXPECT_EQ(ReadFile("t.dead-letter.jsonl"), "");
  EXPECT_EQ(Query("SELECT id, colour FROM d.t ORDER BY id"), (Rows{"1,", "2,secret", "3,"}));
  EXPECT_EQ(RunOk({"dead-letter", "retry", "t.dead-letter.jsonl"}).err,
            "t.dead-letter.jsonl: 0 records, 0 written\n");
}

TEST_F(ResumeEndToEnd, TheListNamesTheColumnWhereItIsKnown) {
  CreateTable();
  EXPECT_EQ(Run({"stream", "d.t"},
                "{broken\n" + Upsert(1, "a") + R"({"_CHANGE_TYPE":"UPSERT","id":"secret"})" + "\n")
                .exit_code,
            3);
  const std::vector<std::string> list = {"dead-letter", "retry", "t.dead-letter.jsonl", "--list", "--format"};
  const auto as = [&](const char* format) {
    std::vector<std::string> arguments = list;
    arguments.emplace_back(format);
    return RunOk(arguments).out;
  };
  const auto rows = nlohmann::json::parse(as("json"));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["reason"], "json_syntax");
  EXPECT_TRUE(rows[0]["column"].is_null()) << rows[0];
  EXPECT_EQ(rows[1]["reason"], "malformed");
  EXPECT_EQ(rows[1]["column"], "id");
  const std::string csv = as("csv"), table = as("table");
  EXPECT_TRUE(absl::StrContains(csv, "\njson_syntax,,1,-,")) << csv;
  EXPECT_TRUE(absl::StrContains(csv, "\nmalformed,id,3,-,")) << csv;
  EXPECT_TRUE(absl::StrContains(table, "| json_syntax | NULL   |")) << table;
  EXPECT_TRUE(absl::StrContains(table, "| malformed   | id     |")) << table;
}

// The number that it had keeps a retried row below what was written since.
TEST_F(ResumeEndToEnd, ARetriedRowDoesNotUndoALaterChange) {
  CreateTable();
  Run({"stream", "d.t",
       File("one.jsonl", Upsert(1, "a") + R"({"_CHANGE_TYPE":"UPSERT","id":1,"name":"b","x":1})" + "\n" +
                             R"({"_CHANGE_TYPE":"UPSERT","id":2,"name":"b","x":1})" + "\n")});
  RunOk({"stream", "d.t", File("two.jsonl", Upsert(1, "latest"))});
  RunOk({"query", "ALTER TABLE d.t ADD COLUMN x INT64"});
  const ProgramResult retried = RunOk({"dead-letter", "retry", "t.dead-letter.jsonl"});
  EXPECT_EQ(retried.err, "t.dead-letter.jsonl: 2 records, 2 written\n");
  EXPECT_EQ(Query(kAll), (Rows{"1,latest", "2,b"}));
}

}  // namespace
}  // namespace bqcdc::end_to_end
