// Two programs as a person runs them: bqcdc against bqcdc-serve.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "bqcdc/base/testing/sanitizer_factors.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

using StreamEndToEnd = Scenario;
using Rows = std::vector<std::string>;

std::string Upsert(int id, const std::string& name) {
  return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":")", name, "\"}\n");
}
std::string Delete(int id) { return absl::StrCat(R"({"_CHANGE_TYPE":"DELETE","id":)", id, "}\n"); }

constexpr char kAll[] = "SELECT id, name FROM d.t ORDER BY id";

TEST_F(StreamEndToEnd, TheLaterOfTwoFilesWinsEvenIfItIsShorter) {
  CreateTable();
  std::string first;
  for (int i = 1; i <= 50; ++i) first += Upsert(1 + i % 5, absl::StrCat("first", i));
  RunOk({"stream", "d.t", File("first.jsonl", first)});
  RunOk({"stream", "d.t", File("second.jsonl", Upsert(1, "second") + Delete(2))});
  EXPECT_EQ(Query(kAll), (Rows{"1,second", "3,first47", "4,first48", "5,first49"}));
}

TEST_F(StreamEndToEnd, TheSameFileTwiceGivesTheSameRows) {
  CreateTable();
  const std::string file =
      File("in.jsonl", Upsert(1, "a") + Upsert(2, "b") + Upsert(1, "c") + Delete(2) + Upsert(3, "d"));
  RunOk({"stream", "d.t", file});
  const Rows want = {"1,c", "3,d"};
  EXPECT_EQ(Query(kAll), want);
  RunOk({"stream", "d.t", file});
  EXPECT_EQ(Query(kAll), want);
}

// Whatever the number of threads, and whether the lines become rows or are set aside.
TEST_F(StreamEndToEnd, LinesOfMegabytesKeepToTheBoundOfMemory) {
  constexpr std::int64_t kPeakKiB = 176 * 1024;
  // Line by line: what this process holds counts in the peak of the one that it starts.
  const auto write = [&](const std::string& name, const char* column, std::size_t bytes) {
    File(name, "");
    std::ofstream file(absl::StrCat(directory(), "/", name));
    for (int id = 0; id < 24; ++id) {
      file << R"({"_CHANGE_TYPE":"UPSERT","id":)" << id << ",\"" << column << "\":\""
           << std::string(bytes, 'x') << "\"}\n";
    }
    return name;
  };
  for (const std::string& file :
       {write("rows.jsonl", "name", 8'000'000), write("bad.jsonl", "nope", 12'000'000)}) {
    const ProgramResult result = Run({"stream", "d.t", file, "--dry-run", "--schema", "id:INT64,name:STRING",
                                      "--primary-key", "id", "--encode-threads", "8"});
    EXPECT_TRUE(absl::StrContains(result.err, "24 ")) << result.err;
    EXPECT_LT(result.peak_kib, kPeakKiB * base::kSanitizerMemoryFactor) << file;
  }
}

TEST_F(StreamEndToEnd, ATableAsWideAsCdcTakesIt) {
  constexpr int kColumns = 2'000;
  std::string definition = "CREATE TABLE d.wide (c0 INT64", row = R"({"_CHANGE_TYPE":"UPSERT","c0":1)";
  for (int i = 1; i < kColumns; ++i) {
    absl::StrAppend(&definition, ", c", i, " STRING");
    absl::StrAppend(&row, ",\"c", i, "\":\"v", i, "\"");
  }
  CreateTable();
  RunOk({"query", definition + ", PRIMARY KEY (c0) NOT ENFORCED)"});
  RunOk({"stream", "d.wide"}, row + "}\n" + R"({"_CHANGE_TYPE":"UPSERT","c0":2,"c1999":"x"})" + "\n");
  EXPECT_EQ(Query("SELECT c0, c1, c1999 FROM d.wide ORDER BY c0"), (Rows{"1,v1,v1999", "2,,x"}));
}

TEST_F(StreamEndToEnd, OfTwoRunsAtOnceTheEarlierStops) {
  CreateTable();
  auto first = Start({"stream", "d.t", "--claim-check-interval", "50ms", "--flush-interval", "10ms"});
  first->Write(Upsert(1, "first"));
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (Query(kAll).empty() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(20));
  const ProgramResult second = RunOk({"stream", "d.t"}, Upsert(1, "second"));
  // Its input stays open: it learns of the other by itself.
  while (!absl::StrContains(first->ReadErrorSoFar(), "another run") && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  const ProgramResult stopped = first->Wait();
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(
      stopped.err, "bqcdc: another run has taken over table p.d.t: this table was last written by epoch "))
      << stopped.err;
  EXPECT_EQ(Query(kAll), Rows{"1,second"});
}

TEST_F(StreamEndToEnd, AResumedEpochRepeatsItsNumbersSoNothingChanges) {
  CreateTable();
  const std::string file = File("in.jsonl", Upsert(1, "a") + Upsert(1, "b") + Upsert(2, "c"));
  const std::string said = RunOk({"stream", "d.t", file}).err;
  const std::size_t at = said.find("epoch ");
  ASSERT_NE(at, std::string::npos) << said;
  const std::string epoch = said.substr(at + 6, said.find('\n', at) - at - 6);
  // With the same numbers an earlier line stays earlier: its repeat loses against what is there.
  RunOk({"stream", "d.t", "--epoch", epoch, File("part.jsonl", Upsert(1, "a"))});
  EXPECT_EQ(Query(kAll), (Rows{"1,b", "2,c"}));
  RunOk({"stream", "d.t", "--epoch", epoch, file});
  EXPECT_EQ(Query(kAll), (Rows{"1,b", "2,c"}));
  // A later run takes the table; the old epoch is refused from then on.
  RunOk({"stream", "d.t", File("later.jsonl", Upsert(1, "z"))});
  const ProgramResult refused = Run({"stream", "d.t", "--epoch", epoch, file});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(refused.err, "was last written by epoch ")) << refused.err;
  EXPECT_EQ(Query(kAll), (Rows{"1,z", "2,c"}));
}

TEST_F(StreamEndToEnd, CreateTableTwiceIsANoOpAndADifferentTableIsShown) {
  server();
  const std::vector<std::string> create = {
      "create-table",  "d.t", "--schema",        "id:INT64,name:STRING(20),price:NUMERIC(10,2)",
      "--primary-key", "id",  "--max-staleness", "15m",
      "--cluster-by",  "id"};
  EXPECT_EQ(RunOk(create).err, "created table p.d.t\n");
  EXPECT_EQ(RunOk(create).err, "table p.d.t exists as wanted\n");
  const ProgramResult differs =
      Run({"create-table", "p:d.t", "--schema", "id:INT64,name:STRING(30),price:NUMERIC(10,2)",
           "--primary-key", "id", "--max-staleness", "1h"});
  EXPECT_EQ(differs.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(differs.err, "table p.d.t exists and is not as wanted:")) << differs.err;
  EXPECT_TRUE(absl::StrContains(differs.err, "STRING(30)")) << differs.err;
  EXPECT_TRUE(absl::StrContains(differs.err, "max_staleness: wanted 0-0 0 1:0:0, is 0-0 0 0:15:0"))
      << differs.err;
  RunOk({"set-staleness", "d.t", "1h"});
  EXPECT_EQ(Query("SELECT option_value FROM d.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = 't'"),
            Rows{"0-0 0 1:0:0"});
}

TEST_F(StreamEndToEnd, ValuesOfEveryTypeThatIsMoreThanAScalar) {
  server();
  RunOk({"create-table", "d.types", "--schema",
         "id:INT64,s:STRING(3),b:BYTES(2),n:NUMERIC(5,2),m:BIGNUMERIC(3,1),i:INTERVAL,g:GEOGRAPHY,r:RANGE<"
         "DATE>,"
         "rd:RANGE<DATETIME>,rt:RANGE<TIMESTAMP>,p:TIMESTAMP(12)",
         "--primary-key", "id"});
  const std::string good =
      R"({"_CHANGE_TYPE":"UPSERT","id":1,"s":"äöü","b":"AP8=","n":999.991,"m":"12.34","i":"1-2 3 4:5:6.5",)"
      R"("g":{"type":"Point","coordinates":[1,2.5]},"r":{"start":"2024-01-01"},)"
      R"~("rd":"[2024-01-01 00:00:00, 2024-02-01 12:00:00)","rt":{"start":null,"end":"2024-02-01 00:00:00+00"},)~"
      R"("p":"2024-01-15 12:33:16.123456789012+00"})"
      "\n";
  RunOk({"stream", "d.types", File("good.jsonl", good)});
  EXPECT_EQ(Query("SELECT s, b, n, m, i, g FROM d.types"),
            (Rows{"äöü,AP8=,999.99,12.3,1-2 3 4:5:6.500,POINT(1 2.5)"}));
  EXPECT_EQ(Query("SELECT r, rd, CAST(rt AS STRING) AS rt, CAST(p AS STRING) AS p FROM d.types"),
            (Rows{"\"[2024-01-01, UNBOUNDED)\",\"[2024-01-01T00:00:00, 2024-02-01T12:00:00)\","
                  "\"[UNBOUNDED, 2024-02-01 00:00:00+00)\",2024-01-15 12:33:16.123456789012+00"}));
  // What the types keep out is set aside, with the column named.
  std::string bad;
  for (const char* value :
       {R"("s":"four")", R"("b":"AAAA")", R"("n":1000)", R"("m":"100")", R"("i":"a while")", R"("g":"here")",
        R"("r":{"start":"2024-01-01","end":"2024-01-01"})", R"~("rt":"[2024-01-01]")~",
        R"("p":"2024-01-15 12:33:16.1234567890123+00")"}) {
    absl::StrAppend(&bad, R"({"_CHANGE_TYPE":"UPSERT","id":2,)", value, "}\n");
  }
  const ProgramResult refused =
      Run({"stream", "d.types", File("bad.jsonl", bad), "--dead-letter", File("dead", "")});
  EXPECT_EQ(refused.exit_code, 3) << refused.err;
  const std::string dead = ReadFile("dead");
  for (const char* column : {"s", "b", "n", "m", "i", "g", "r", "rt", "p"}) {
    EXPECT_TRUE(absl::StrContains(dead, absl::StrCat("column ", column, ": "))) << column << "\n" << dead;
  }
  EXPECT_EQ(Query("SELECT id FROM d.types"), Rows{"1"});
}

TEST_F(StreamEndToEnd, ATableWithItsProjectNeedsNoOther) {
  server();
  environment_.erase("GOOGLE_CLOUD_PROJECT");
  RunOk({"create-table", "p:d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id",
         "--max-staleness", "15m"});
  RunOk({"set-staleness", "p.d.t", "0"});
  RunOk({"stream", "p.d.t"}, Upsert(1, "a"));
  EXPECT_EQ(Run({"query", "SELECT 1"}).exit_code, 2);
}

TEST_F(StreamEndToEnd, StalenessShowsTheOldBaselineUntilTheClockHasMoved) {
  server();
  RunOk({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id", "--max-staleness",
         "15m"});
  RunOk({"stream", "d.t"}, Upsert(1, "old"));
  RunOk({"admin", "apply"});
  RunOk({"stream", "d.t"}, Upsert(1, "new"));
  EXPECT_EQ(Query(kAll), Rows{"1,old"});
  RunOk({"admin", "clock", "advance", "16m"});
  EXPECT_EQ(Query(kAll), Rows{"1,new"});
}

TEST_F(StreamEndToEnd, OwnNumbersDecideWhateverTheirOrder) {
  CreateTable();
  const auto own = [](int id, const char* type, const char* name, const char* number) {
    return absl::StrCat(R"({"_CHANGE_TYPE":")", type, R"(","id":)", id, R"(,"name":")", name,
                        R"(","_CHANGE_SEQUENCE_NUMBER":")", number, "\"}\n");
  };
  RunOk({"stream", "d.t"}, own(1, "UPSERT", "Alice Restored", "3") + own(2, "UPSERT", "Bob", "4") +
                               own(1, "DELETE", "", "2") + own(1, "UPSERT", "Alice", "1"));
  EXPECT_EQ(Query(kAll), (Rows{"1,Alice Restored", "2,Bob"}));
  const ProgramResult mixed = Run({"stream", "d.t"}, Upsert(1, "x"));
  EXPECT_EQ(mixed.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(mixed.err, "numbered by their source until now")) << mixed.err;
}

TEST_F(StreamEndToEnd, RowsThatTheServiceRefusesAreSetAside) {
  server();
  RunOk({"create-table", "d.t", "--schema", "id:INT64,name:STRING,day:DATE", "--primary-key", "id"});
  std::string text;
  for (int i = 1; i <= 1000; ++i) text += i % 100 == 0 ? "{broken\n" : Upsert(i, "x");
  const ProgramResult result = Run({"stream", "d.t"}, text);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_TRUE(absl::StrContains(result.err, "p.d.t: 990 rows written (990 upserts, 0 deletes)"))
      << result.err;
  EXPECT_TRUE(absl::StrContains(
      result.err, "10 rows set aside in ./t.dead-letter.jsonl:\n  line 100 (-): the line is not valid JSON"))
      << result.err;
  const std::string letters = ReadFile("t.dead-letter.jsonl");
  EXPECT_EQ(std::count(letters.begin(), letters.end(), '\n'), 10);
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.t"), Rows{"990"});
}

TEST_F(StreamEndToEnd, ATerminatedRunSettlesWhatItHasRead) {
  CreateTable();
  auto run = Start({"stream", "d.t", "--flush-interval", "1h"});
  run->Write(Upsert(1, "a") + Upsert(2, "b"));
  absl::SleepFor(absl::Milliseconds(500));  // Until the lines were read; a part would be sent all the same.
  run->Signal(SIGTERM);
  absl::SleepFor(
      absl::Seconds(1));  // Wait() ends the input, which must not come before the signal is noticed.
  const ProgramResult result = run->Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "interrupted after line 2")) << result.err;
  EXPECT_EQ(Query(kAll), (Rows{"1,a", "2,b"}));
}

// What it is counts, not by which name it is read.
TEST_F(StreamEndToEnd, ATerminatedRunOfANamedPipeIsNoFailure) {
  CreateTable();
  const std::string fifo = directory() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int writer = open(fifo.c_str(), O_RDWR | O_CLOEXEC);  // So that nobody waits for the other end.
  ASSERT_GE(writer, 0);
  auto run = Start({"stream", "d.t", fifo, "--flush-interval", "5ms"});
  const std::string line = Upsert(1, "a");
  ASSERT_EQ(write(writer, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  while (Query(kAll) != Rows{"1,a"}) absl::SleepFor(absl::Milliseconds(20));
  run->Signal(SIGTERM);
  const ProgramResult result = run->Wait();
  close(writer);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "interrupted after line 1")) << result.err;
}

TEST_F(StreamEndToEnd, ATerminatedRunDoesNotWaitLongForAServiceThatIsNotThere) {
  CreateTable();
  auto run = Start({"stream", "d.t", "--storage-endpoint", "127.0.0.1:1", "--flush-interval", "5ms",
                    "--drain-timeout", "200ms"});
  run->Write(Upsert(1, "a"));
  absl::SleepFor(absl::Milliseconds(500));  // Until the line was read.
  const absl::Time signalled = absl::Now();
  run->Signal(SIGTERM);
  absl::SleepFor(absl::Milliseconds(100));  // Wait() ends the input.
  const ProgramResult result = run->Wait();
  EXPECT_LT(absl::Now() - signalled, absl::Seconds(60)) << "not the five minutes of a lost connection";
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "what had been read could not be settled within 200ms"))
      << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "1 row not written: the service was never reached"))
      << result.err;
}

TEST_F(StreamEndToEnd, AServerThatIsKilledAndComesBackLosesNothing) {
  const std::string http = FreePort(), grpc = FreePort();
  environment_["BIGQUERY_EMULATOR_HOST"] = "http://127.0.0.1:" + http;
  environment_["GOOGLE_CLOUD_PROJECT"] = "p";
  const auto start_server = [&] {
    auto server =
        Start({"serve", "--project", "p", "--data-dir", "data", "--http-port", http, "--grpc-port", grpc});
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (Run({"query", "SELECT 1"}).exit_code != 0 && absl::Now() < deadline)
      absl::SleepFor(absl::Milliseconds(50));
    return server;
  };
  auto server = start_server();
  RunOk({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id"});
  auto run = Start({"stream", "d.t", "--flush-interval", "5ms", "--batch-rows", "20"});
  constexpr int kRows = 3000, kKeys = 100, kKills = 3;
  for (int i = 0; i < kRows; ++i) {
    run->Write(Upsert(i % kKeys, absl::StrCat("v", i)));
    if (i % 50 == 0) absl::SleepFor(absl::Milliseconds(5));
    if (i % (kRows / (kKills + 1)) == kRows / (kKills + 1) - 1 && i + 1 < kRows) {
      // A run that starts while the server is away ends with an error, as it should: this one has begun.
      const absl::Time deadline = absl::Now() + absl::Seconds(60);
      while (Query("SELECT COUNT(*) > 0 FROM d.t") != Rows{"true"} && absl::Now() < deadline)
        absl::SleepFor(absl::Milliseconds(20));
      server->Signal(SIGKILL);
      server->Wait();
      server = start_server();
    }
  }
  const ProgramResult result = run->Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "p.d.t: 3,000 rows written")) << result.err;
  EXPECT_EQ(Query("SELECT COUNT(*), COUNTIF(name = CONCAT('v', CAST(id + 2900 AS STRING))) FROM d.t"),
            Rows{"100,100"});
}

TEST_F(StreamEndToEnd, TheTableIsChangedToWhatIsAskedFor) {
  CreateTable();
  const std::string file = File("in.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":1,"note":"new"})"
                                            "\n");
  EXPECT_EQ(Run({"stream", "d.t", file}).exit_code, 3) << "the table has no column note";
  const ProgramResult result = Run({"stream", "d.t", file, "--evolve-schema", "name:STRING,note:STRING"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "changed the columns of table p.d.t: 1 statement")) << result.err;
  EXPECT_EQ(Query("SELECT id, name, note FROM d.t"), Rows{"1,,new"});
  const ProgramResult again = Run({"stream", "d.t", file, "--evolve-schema", "note:INT64"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(again.err, "column note: wanted INT64, is STRING")) << again.err;
}

TEST_F(StreamEndToEnd, ARunThatIsRefusedDoesNotChangeTheTable) {
  CreateTable();
  const std::string file = File("in.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":1}
)");
  const std::string checkpoint = file + ".checkpoint";
  EXPECT_EQ(Run({"stream", "d.t", file, "--checkpoint", checkpoint}).exit_code, 0);
  Query("CREATE TABLE d.other (id INT64 PRIMARY KEY NOT ENFORCED)");
  const ProgramResult of_other =
      Run({"stream", "d.other", file, "--checkpoint", checkpoint, "--evolve-schema", "added:STRING"});
  EXPECT_EQ(of_other.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(of_other.err, "the checkpoint is of table p.d.t")) << of_other.err;
  EXPECT_EQ(Run({"stream", "d.t", file, "--epoch", "3", "--evolve-schema", "added:STRING"}).exit_code, 1);
  Query("CREATE TABLE d.keyless (id INT64)");
  EXPECT_EQ(Run({"stream", "d.keyless", file, "--evolve-schema", "added:STRING"}).exit_code, 1);
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.INFORMATION_SCHEMA.COLUMNS WHERE column_name = 'added'"),
            Rows{"0"});
}

TEST_F(StreamEndToEnd, AFieldIsAddedWithinAStruct) {
  CreateTable();  // and its dataset
  Query("CREATE TABLE d.n (id INT64 PRIMARY KEY NOT ENFORCED, st STRUCT<x INT64, l ARRAY<STRUCT<a INT64>>>)");
  const std::string schema = File("schema.json", R"([{"name":"st","type":"STRUCT","fields":[
    {"name":"y","type":"STRING"},{"name":"l","type":"STRUCT","mode":"REPEATED","fields":[{"name":"b","type":"DATE"}]}]}])");
  const std::string file = File(
      "in.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":1,"st":{"x":1,"y":"new","l":[{"a":2,"b":"2024-01-31"}]}}
)");
  const ProgramResult result = Run({"stream", "d.n", file, "--evolve-schema", "@" + schema});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(Query("SELECT st.x, st.y, st.l[0].a, st.l[0].b FROM d.n"), Rows{"1,new,2,2024-01-31"});
  // Nothing is left to do.
  const ProgramResult again = Run({"stream", "d.n", file, "--evolve-schema", "@" + schema});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_FALSE(absl::StrContains(again.err, "changed the columns")) << again.err;
}

TEST_F(StreamEndToEnd, AColumnIsWidenedUnderChangesThatWait) {
  CreateTable();  // and its dataset
  Query(
      "CREATE TABLE d.w (id INT64 PRIMARY KEY NOT ENFORCED, n INT64, b INT64) "
      "OPTIONS (max_staleness = INTERVAL 15 MINUTE)");
  const std::string before = File("before.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":1,"n":7,"b":8}
{"_CHANGE_TYPE":"UPSERT","id":2,"n":9,"b":9}
)");
  EXPECT_EQ(Run({"stream", "d.w", before}).exit_code, 0);
  const std::string after = File("after.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":1,"n":"0.5","b":"1e-30"}
)");
  const ProgramResult result = Run({"stream", "d.w", after, "--evolve-schema", "n:NUMERIC,b:BIGNUMERIC"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "changed the columns of table p.d.w: 2 statements"))
      << result.err;
  Query("ALTER TABLE d.w SET OPTIONS (max_staleness = NULL)");
  EXPECT_EQ(Query("SELECT id, n, b = BIGNUMERIC '1e-30' FROM d.w ORDER BY id"),
            (Rows{"1,0.5,true", "2,9,false"}));
}

TEST_F(StreamEndToEnd, AColumnIsDroppedUnderChangesThatWait) {
  CreateTable();  // and its dataset
  Query(
      "CREATE TABLE d.n (id INT64 PRIMARY KEY NOT ENFORCED, gone STRING, kept STRING) "
      "OPTIONS (max_staleness = INTERVAL 15 MINUTE)");
  const std::string before = File("before.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":1,"gone":"g","kept":"a"}
{"_CHANGE_TYPE":"UPSERT","id":2,"gone":"g","kept":"b"}
)");
  EXPECT_EQ(Run({"stream", "d.n", before}).exit_code, 0);
  Query("ALTER TABLE d.n DROP COLUMN gone");
  const std::string after = File("after.jsonl", R"({"_CHANGE_TYPE":"UPSERT","id":2,"kept":"c"}
{"_CHANGE_TYPE":"UPSERT","id":3,"gone":"g","kept":"d"}
)");
  const ProgramResult result = Run({"stream", "d.n", after});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "column gone: the table has no such column")) << result.err;
  Query("ALTER TABLE d.n SET OPTIONS (max_staleness = NULL)");
  EXPECT_EQ(Query("SELECT * FROM d.n ORDER BY id"), (Rows{"1,a", "2,c"}));
}

TEST_F(StreamEndToEnd, AColumnIsDroppedWhileARunGoesOn) {
  CreateTable();  // and its dataset
  Query("CREATE TABLE d.m (id INT64 PRIMARY KEY NOT ENFORCED, gone STRING, kept STRING)");
  std::string text;
  constexpr int kRows = 300'000;
  for (int i = 0; i < kRows; ++i) {
    absl::StrAppend(&text, R"({"_CHANGE_TYPE":"UPSERT","id":)", i, i % 1000 == 0 ? R"(,"gone":"g")" : "",
                    R"(,"kept":"some text that makes the row a little longer"})", "\n");
  }
  const std::string file = File("in.jsonl", text);
  auto run = Start({"stream", "d.m", file, "--batch-bytes", "64KiB", "--max-connections", "3", "--rate-limit",
                    "100000/s"});
  const absl::Time deadline = absl::Now() + absl::Seconds(60);
  while (Query("SELECT COUNT(*) > 50000 FROM d.m") != Rows{"true"} && absl::Now() < deadline)
    absl::SleepFor(absl::Milliseconds(20));
  Query("ALTER TABLE d.m DROP COLUMN gone");
  const ProgramResult result = run->Wait();
  EXPECT_EQ(result.exit_code, 3) << result.err;
  std::int64_t aside = 0;
  for (const absl::string_view line :
       absl::StrSplit(ReadFile("m.dead-letter.jsonl"), '\n', absl::SkipEmpty())) {
    ++aside;
    EXPECT_TRUE(absl::StrContains(line, R"("reason":"unknown_column","column":"gone")")) << line;
  }
  EXPECT_GT(aside, 0);
  EXPECT_LT(aside, kRows / 1000);
  EXPECT_EQ(Query("SELECT COUNT(*), COUNTIF(MOD(id, 1000) > 0), COUNT(kept) FROM d.m"),
            Rows{absl::StrCat(kRows - aside, ",", kRows - kRows / 1000, ",", kRows - aside)});
}

TEST_F(StreamEndToEnd, BatchesShrinkForATargetOfLatency) {
  CreateTable();
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += Upsert(i, "some text that makes the row a little longer");
  const std::string file = File("in.jsonl", text);
  const auto requests = [&](const std::vector<std::string>& flags) {
    // Few under way, so that answers come while there is something to size by them.
    std::vector<std::string> arguments = {
        "stream", "d.t", file, "--batch-bytes", "64KiB", "--requests-in-flight", "2", "--max-connections",
        "1"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const std::string err = RunOk(arguments).err;
    const std::size_t at = err.find(" in ");
    return at == std::string::npos ? 0 : std::atoi(err.c_str() + at + 4);
  };
  const int large = requests({});
  EXPECT_GT(large, 0);
  EXPECT_GT(requests({"--target-latency", "1ms"}), 2 * large)
      << "no service acknowledges so much within that";
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.t"), Rows{"60000"});
  EXPECT_EQ(Run({"stream", "d.t", file, "--target-latency", "0"}).exit_code, 2);
}

TEST_F(StreamEndToEnd, ABenchWritesCountsAndLeavesNothingBehind) {
  server();
  const ProgramResult table =
      RunOk({"bench", "write", "d", "--rows", "3000", "--tables", "3", "--threads", "2", "--keys", "100"});
  EXPECT_TRUE(absl::StartsWith(table.out, "3,000 rows of ")) << table.out;
  EXPECT_TRUE(absl::StrContains(table.out, "acknowledged, p99")) << table.out;
  const ProgramResult json =
      RunOk({"bench", "write", "d", "--rows", "500", "--schema", "a:STRING,b:NUMERIC,c:DATE", "--primary-key",
             "a,b", "--row-bytes", "1KiB", "--format", "json"});
  EXPECT_TRUE(absl::StrContains(json.out, "\"rows\": 500")) << json.out;
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d.INFORMATION_SCHEMA.TABLES"), Rows{"0"});
}

TEST_F(StreamEndToEnd, TheStatusTellsHowFarACheckpointIs) {
  CreateTable();
  RunOk({"stream", "d.t", File("in.jsonl", Upsert(1, "a") + Upsert(2, "b")), "--checkpoint", "c"});
  const ProgramResult status = RunOk({"status", "d.t", "--checkpoint", "c"});
  EXPECT_TRUE(absl::StrContains(status.out, "line 2")) << status.out;
  EXPECT_EQ(Run({"status", "d.t", "--checkpoint", "missing"}).exit_code, 2);
}

TEST_F(StreamEndToEnd, AClosedStandardInputIsAnErrorAndNotTheFirstSocket) {
  CreateTable();
  const ProgramResult result =
      RunProgram({"/bin/sh", "-c", ProgramPath("bqcdc") + " stream d.t <&-"}, environment_, directory());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "Bad file descriptor")) << result.err;
}

TEST_F(StreamEndToEnd, ATableToApplyIsOneOfTheProjectThatIsGiven) {
  server();
  environment_["GOOGLE_CLOUD_PROJECT"] = "another-project";
  CreateTable();
  RunOk({"stream", "d.t"}, Upsert(1, "a"));
  RunOk({"admin", "apply", "d.t"});
  const ProgramResult other = Run({"admin", "apply", "p:d.t"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(other.err, "Not found: Dataset p:d")) << other.err;
}

TEST_F(StreamEndToEnd, ADryRunNeedsNoServer) {
  const std::string file = File("in.jsonl", Upsert(1, "a") + R"({"_CHANGE_TYPE":"UPSERT","id":"x"})" + "\n");
  const ProgramResult result =
      Run({"stream", "d.t", file, "--dry-run", "--schema", "id:INT64,name:STRING", "--primary-key", "id"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_TRUE(absl::StrContains(result.err,
                                "dry run, nothing was sent; dry-run.d.t: 1 row valid (1 upsert, 0 deletes)"))
      << result.err;
  EXPECT_TRUE(absl::StrContains(result.err, "1 row to be set aside:\n  line 2 (in.jsonl): column id: "))
      << result.err;
  EXPECT_EQ(ReadFile("t.dead-letter.jsonl"), "");
}

TEST_F(StreamEndToEnd, QueriesPrintInThreeForms) {
  server();
  const std::string sql =
      "SELECT 1 AS n, 'a,\"b\"' AS s, CAST(NULL AS STRING) AS missing, TIMESTAMP '2024-01-02 03:04:05.6+00' "
      "AS time";
  EXPECT_EQ(RunOk({"query", sql}).out,
            "+---+-------+---------+---------------------------+\n"
            "| n | s     | missing | time                      |\n"
            "+---+-------+---------+---------------------------+\n"
            "| 1 | a,\"b\" | NULL    | 2024-01-02 03:04:05.6 UTC |\n"
            "+---+-------+---------+---------------------------+\n"
            "(1 row)\n");
  EXPECT_EQ(RunOk({"query", sql, "--format", "csv"}).out,
            "n,s,missing,time\n1,\"a,\"\"b\"\"\",,2024-01-02 03:04:05.6 UTC\n");
  EXPECT_EQ(
      RunOk({"query", sql, "--format=json"}).out,
      "[{\"n\":\"1\",\"s\":\"a,\\\"b\\\"\",\"missing\":null,\"time\":\"2024-01-02 03:04:05.6 UTC\"}]\n");
}

}  // namespace
}  // namespace bqcdc::end_to_end
