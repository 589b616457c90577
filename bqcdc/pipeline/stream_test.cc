#include "bqcdc/pipeline/stream.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/pipeline/testing/input_pipe.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "bqcdc/write/testing/decoded_row.h"
#include "bqcdc/write/testing/fake_write_service.h"

namespace bqcdc::pipeline {
namespace {

using rest::testing::FakeRestService;
using write::testing::DecodedRow;
using write::testing::DecodeRow;
using write::testing::FakeWriteService;
using write::testing::Reply;
using write::testing::SeenRequest;

constexpr char kTable[] = "p.d.t";

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stream-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    options_.table = {"p", "d", "t"};
    options_.encode_threads = 3;
    options_.dead_letter_path = directory_ + "/dead.jsonl";
    rest_.PutTable(kTable, {});
  }
  ~StreamTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::string Upsert(int id, const std::string& name, const std::string& more = "") {
    return absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":")", name, "\"", more, "}\n");
  }
  static std::string Own(int id, const std::string& sequence) {
    return Upsert(id, "n", absl::StrCat(R"(,"_CHANGE_SEQUENCE_NUMBER":")", sequence, "\""));
  }

  StreamOutcome Stream(FakeWriteService& service, std::vector<std::string> paths, RunMeter* meter = nullptr) {
    StreamSurroundings surroundings;
    surroundings.meter = meter;
    surroundings.client = &client_;
    surroundings.channels = [&service] { return write::MakeLocalChannel(service.target()); };
    surroundings.clock = &base::SystemClock::Get();
    surroundings.stop = &stop_;
    auto reader = LineReader::Open(std::move(paths), stop_, options_.input);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return StreamChanges(options_, std::move(surroundings), *std::move(reader));
  }
  std::vector<nlohmann::json> DeadLetters() const {
    std::ifstream stream(options_.dead_letter_path);
    std::vector<nlohmann::json> records;
    for (std::string line; std::getline(stream, line);) records.push_back(nlohmann::json::parse(line));
    return records;
  }
  static std::vector<DecodedRow> Stored(const FakeWriteService& service) {
    std::vector<DecodedRow> rows;
    for (const std::string& bytes : service.stored_rows()) rows.push_back(DecodeRow(bytes));
    return rows;
  }

  std::string directory_;
  FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{
      {.base_url = "http://fake", .project = "p", .pause_first = absl::Milliseconds(1)},
      rest_,
      no_token_,
      base::SystemClock::Get()};
  StopSignal stop_;
  StreamOptions options_;
};

TEST_F(StreamTest, NumbersRowsByEpochAndLine) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string one = File("one", Upsert(1, "a") + "\n" + Upsert(2, "b"));
  const std::string two = File("two", R"({"_CHANGE_TYPE":"DELETE","id":1})");
  const StreamOutcome outcome = Stream(service, {one, two});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.upserts, 2);
  EXPECT_EQ(outcome.summary.deletes, 1);
  const auto rows = Stored(service);
  ASSERT_EQ(rows.size(), 3u);
  const std::string epoch = absl::AsciiStrToUpper(absl::StrCat(absl::Hex(outcome.summary.epoch)));
  EXPECT_EQ(rows[0].sequence, epoch + "/1/1/0");
  EXPECT_EQ(rows[1].sequence, epoch + "/3/1/0");
  EXPECT_EQ(rows[2].sequence, epoch + "/4/1/0");
  EXPECT_EQ(rows[2].change_type, "DELETE");
  EXPECT_EQ(rows[1].name, "b");
  const auto labels = rest_.GetTable(kTable).labels;
  EXPECT_EQ(labels.at("bqcdc_epoch"), std::to_string(outcome.summary.epoch));
  EXPECT_EQ(labels.at("bqcdc_sequence"), "assigned");
}

TEST_F(StreamTest, ALaterRunHasAHigherEpochEvenIfTheClockWentBack) {
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_epoch"] = "9000000000000000000"; });
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.epoch, 9000000000000000001u);
}

TEST_F(StreamTest, AResumedEpochRepeatsItsNumbers) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upsert(1, "a") + Upsert(2, "b"));
  const StreamOutcome first = Stream(service, {file});
  options_.resume_epoch = first.summary.epoch;
  const StreamOutcome second = Stream(service, {file});
  ASSERT_TRUE(second.status.ok()) << second.status;
  const auto rows = service.stored_rows();
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0], rows[2]);
  EXPECT_EQ(rows[1], rows[3]);
}

TEST_F(StreamTest, AnEpochThatBeganLongAgoWantsForce) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File("in", Upsert(1, "a"));
  const auto repeat = [&](absl::Duration age, const std::string& sequence = "assigned") {
    options_.resume_epoch = static_cast<std::uint64_t>(absl::ToUnixMicros(absl::Now() - age));
    rest_.ChangeTable(kTable, [&](auto& table) {
      table.labels["bqcdc_epoch"] = std::to_string(options_.resume_epoch);
      table.labels["bqcdc_sequence"] = sequence;
    });
    return Stream(service, {sequence == "own" ? File("own", Own(1, "1")) : file}).status;
  };
  EXPECT_TRUE(repeat(absl::Hours(39)).ok());
  EXPECT_TRUE(repeat(-absl::Hours(1)).ok()) << "chosen behind that of a clock that was ahead";
  EXPECT_TRUE(repeat(absl::Hours(41), "own").ok()) << "such rows have one number for ever";
  const std::size_t stored = service.stored_rows().size();
  const absl::Status refused = repeat(absl::Hours(41));
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(
      refused.message(),
      absl::StrCat("epoch ", options_.resume_epoch,
                   " began 41h ago: what it had sent would be sent again with its old numbers, which the "
                   "service may have forgotten after 40h")))
      << refused;
  EXPECT_EQ(service.stored_rows().size(), stored);
  options_.replay_old = true;
  EXPECT_TRUE(repeat(absl::Hours(41)).ok());
}

TEST_F(StreamTest, AnEpochThatATableWasNotWrittenByIsNew) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.resume_epoch = static_cast<std::uint64_t>(absl::ToUnixMicros(absl::Now() - absl::Hours(41)));
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.epoch, options_.resume_epoch);
}

TEST_F(StreamTest, AnEpochThatIsCountedByHandIsRepeated) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.resume_epoch = 7;
  for (int run = 0; run < 2; ++run) {
    const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.summary.epoch, 7u);
  }
}

TEST_F(StreamTest, RefusesALowerEpoch) {
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_epoch"] = "200"; });
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.resume_epoch = 199;
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "was last written by epoch 200")) << outcome.status;
  EXPECT_EQ(service.call_count(), 0);
}

TEST_F(StreamTest, OfTwoStartersOneStops) {
  // Another run claims the table between our look and our claim.
  bool raced = false;
  rest_.on_request = [&](const http::Request& request) {
    if (request.method != "PATCH" || std::exchange(raced, true)) return;
    rest_.ChangeTable(kTable, [](auto& table) {
      table.labels["bqcdc_epoch"] = "77";
      table.labels["bqcdc_owner"] = "other";
    });
  };
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_TRUE(
      absl::StrContains(outcome.status.message(), "another run has taken table p.d.t at the same moment"))
      << outcome.status;
  EXPECT_EQ(service.call_count(), 0);
}

TEST_F(StreamTest, AChangeOfOtherMetadataDoesNotStopTheClaim) {
  bool raced = false;
  rest_.on_request = [&](const http::Request& request) {
    if (request.method == "PATCH" && !std::exchange(raced, true)) {
      rest_.ChangeTable(kTable, [](auto& table) { table.labels["team"] = "x"; });
    }
  };
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  EXPECT_TRUE(Stream(service, {File("in", Upsert(1, "a"))}).status.ok());
  EXPECT_EQ(rest_.GetTable(kTable).labels.at("team"), "x");
}

TEST_F(StreamTest, ARunningWriterStopsWhenItHasLostTheTable) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.claim_check_interval = absl::Milliseconds(20);
  options_.batch.flush_interval = absl::Milliseconds(5);
  testing::InputPipe input;
  input.Write(Upsert(1, "a"));
  std::thread thief([&] {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (service.stored_rows().empty() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    rest_.ChangeTable(kTable, [](auto& table) {
      table.labels["bqcdc_epoch"] = "9000000000000000000";
      table.labels["bqcdc_owner"] = "other";
    });
  });
  // The pipe stays open: the run waits for more input when it learns of it.
  const StreamOutcome outcome = Stream(service, {input.path()});
  thief.join();
  EXPECT_TRUE(
      absl::StrContains(outcome.status.message(), "this table was last written by epoch 9000000000000000000"))
      << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 1);
}

TEST_F(StreamTest, ATableThatIsCreatedAgainHaltsTheRun) {
  FakeWriteService service([&](const SeenRequest&) {
    rest_.ChangeTable(kTable, [](auto& table) { table = {.creation_time_ms = 2000}; });
    return Reply::Refuse(absl::NotFoundError("Table 123:d.t is re-created."));
  });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_EQ(outcome.status.message(), "table p.d.t was created again during the run");
  EXPECT_EQ(outcome.summary.rows_unsettled, 1);
}

TEST_F(StreamTest, ATableWithoutPrimaryKeyIsRefusedBeforeTheFirstRow) {
  rest_.PutTable(kTable, {.primary_key = ""});
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "table p.d.t has no primary key"))
      << outcome.status;
  EXPECT_EQ(service.call_count(), 0);
}

TEST_F(StreamTest, BrokenLinesAreSetAsideAndLaterLinesCount) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const std::string file = File(
      "in", Upsert(1, "a") + "{broken\n" + R"({"_CHANGE_TYPE":"UPSERT","id":null})" + "\n" + Upsert(2, "b"));
  const StreamOutcome outcome = Stream(service, {file});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 2);
  EXPECT_EQ(outcome.summary.set_aside, 2);
  const auto records = DeadLetters();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["line"], 2);
  EXPECT_EQ(records[0]["row"], "{broken");
  EXPECT_EQ(records[0]["source"], file);
  EXPECT_FALSE(records[0].contains("column"));
  EXPECT_EQ(records[1]["line"], 3);
  EXPECT_EQ(records[1]["reason"], "null_key");
  EXPECT_EQ(records[1].value("column", ""), "id");
  EXPECT_EQ(records[1]["position"], "3");
}

TEST_F(StreamTest, TheServicesBadRowsAreSetAsideInSeveralWaves) {
  // Rows are refused for their name, never all of a request's at once.
  FakeWriteService service([](const SeenRequest& request) {
    for (const char* bad : {"bad1", "bad2", "bad3"}) {
      std::vector<write::RowError> errors;
      for (std::size_t i = 0; i < request.rows.size(); ++i) {
        if (DecodeRow(request.rows[i]).name == bad)
          errors.push_back({static_cast<std::int64_t>(i), "Value is bad on field name."});
      }
      if (!errors.empty())
        return Reply::Refuse(absl::InvalidArgumentError("Errors found while processing rows."), errors);
    }
    return Reply::Ok();
  });
  std::string text;
  for (int i = 1; i <= 40; ++i) text += Upsert(i, i % 4 == 0 ? absl::StrCat("bad", 1 + i / 4 % 3) : "good");
  options_.batch.batch_rows = 8;
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 30);
  EXPECT_EQ(outcome.summary.set_aside, 10);
  std::map<std::int64_t, int> stored;
  for (const DecodedRow& row : Stored(service)) ++stored[row.id];
  EXPECT_EQ(stored.size(), 30u);
  for (const auto& [id, count] : stored) {
    EXPECT_EQ(count, 1) << id;
    EXPECT_NE(id % 4, 0) << id;
  }
  const auto records = DeadLetters();
  ASSERT_EQ(records.size(), 10u);
  for (const auto& record : records) {
    EXPECT_EQ(record["line"].get<int>() % 4, 0);
    EXPECT_EQ(record["reason"], "refused");
    EXPECT_EQ(record["message"], "Value is bad on field name.");
    EXPECT_EQ(record.value("column", ""), "name");
  }
}

TEST_F(StreamTest, FindsABadRowThatTheServiceDoesNotName) {
  FakeWriteService service([](const SeenRequest& request) {
    for (const std::string& row : request.rows) {
      if (DecodeRow(row).id == 13) return Reply::Refuse(absl::InvalidArgumentError("cannot be decoded"));
    }
    return Reply::Ok();
  });
  std::string text;
  for (int i = 1; i <= 50; ++i) text += Upsert(i, "x");
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 49);
  ASSERT_EQ(DeadLetters().size(), 1u);
  EXPECT_EQ(DeadLetters()[0]["line"], 13);
}

TEST_F(StreamTest, MaxBadRowsHalts) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.bad_rows_max = 1;
  const StreamOutcome outcome = Stream(service, {File("in", "{\n{\n" + Upsert(1, "a"))});
  EXPECT_EQ(outcome.status.message(), "more than 1 bad row (--max-bad-rows)");
}

TEST_F(StreamTest, ALostConnectionLosesAndReordersNothing) {
  // Every third request ends the call, some after they were stored.
  int seen = 0;
  std::vector<std::string> stored;
  FakeWriteService service([&](const SeenRequest& request) {
    if (++seen % 3 != 0) {
      stored.insert(stored.end(), request.rows.begin(), request.rows.end());
      return Reply::Ok();
    }
    if (seen % 2 == 0) stored.insert(stored.end(), request.rows.begin(), request.rows.end());
    return Reply::EndCall(absl::UnavailableError("lost"));
  });
  std::string text;
  for (int i = 1; i <= 300; ++i) text += Upsert(i % 7, absl::StrCat("v", i));
  options_.batch.batch_rows = 10;
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 300);
  std::map<std::int64_t, int> highest;  // version by key: a repeat may lag, never skip
  for (const std::string& bytes : stored) {
    const DecodedRow row = DecodeRow(bytes);
    const int version = std::stoi(row.name.substr(1));
    if (highest[row.id] != 0) {
      EXPECT_LE(version, highest[row.id] + 7);
    }
    highest[row.id] = std::max(highest[row.id], version);
  }
  for (int key = 0; key < 7; ++key) EXPECT_GT(highest[key], 293) << key;
}

TEST_F(StreamTest, RefusalsThatPassAreSentAgain) {
  int refusals = 4;
  FakeWriteService service([&](const SeenRequest&) {
    if (refusals == 0) return Reply::Ok();
    switch (--refusals) {
      case 0:
        return Reply::Refuse(absl::AbortedError("aborted because of prior failures"));
      case 1:
        return Reply::Refuse(absl::UnavailableError("Task is overloaded"), {{0, "not a bad row"}});
      case 2:
        return Reply::Refuse(absl::PermissionDeniedError("Permission denied (or it may not exist)."));
      default:
        return Reply::Refuse(absl::ResourceExhaustedError("Exceeds 'AppendRows throughput' quota"));
    }
  });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 1);
  EXPECT_EQ(outcome.summary.set_aside, 0);
}

TEST_F(StreamTest, ARefusalThatCannotPassHalts) {
  FakeWriteService service([](const SeenRequest&) {
    return Reply::Refuse(absl::InvalidArgumentError(
        "Create UPSERT stream is not supported for primary key disabled table: t"));
  });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "give the table a primary key")) << outcome.status;
  EXPECT_EQ(outcome.summary.rows_unsettled, 1);
}

TEST_F(StreamTest, OwnNumbersArePassedThrough) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome outcome = Stream(service, {File("in", Own(1, "00fF/b") + Own(2, "2"))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(rest_.GetTable(kTable).labels.at("bqcdc_sequence"), "own");
  ASSERT_EQ(Stored(service).size(), 2u);
  EXPECT_EQ(outcome.summary.ties, 0);
}

TEST_F(StreamTest, NumbersOnSomeLinesOnlyAreRefused) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  StreamOutcome outcome = Stream(service, {File("in", Own(1, "1") + Upsert(2, "b"))});
  EXPECT_EQ(outcome.status.message(),
            "line 2 brings no _CHANGE_SEQUENCE_NUMBER, line 1 does; either every line of a run brings one or "
            "none does");
  EXPECT_EQ(outcome.summary.rows(), 1);
  rest_.PutTable(kTable, {});
  outcome = Stream(service, {File("in", Upsert(2, "b") + Own(1, "1"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "line 2 brings a _CHANGE_SEQUENCE_NUMBER"))
      << outcome.status;
}

TEST_F(StreamTest, MixingOwnAndAssignedNumbersInOneTableIsRefused) {
  rest_.ChangeTable(kTable, [](auto& table) { table.labels["bqcdc_sequence"] = "own"; });
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "numbered by their source until now"))
      << outcome.status;
  EXPECT_EQ(service.call_count(), 0);
}

TEST_F(StreamTest, TiesAreNeverUnderWayTogether) {
  // Answers are late, so that requests pile up if they may.
  absl::Mutex mutex;
  std::map<std::string, int> under_way;
  int seen = 0;
  FakeWriteService service([&](const SeenRequest& request) {
    std::map<std::string, int> in_request;
    for (const std::string& bytes : request.rows) {
      const DecodedRow row = DecodeRow(bytes);
      EXPECT_EQ(++in_request[absl::StrCat(row.id, "@", row.sequence)], 1);
    }
    // A refused request keeps its rows unsettled.
    return ++seen % 2 == 1 ? Reply::Refuse(absl::ResourceExhaustedError("quota")) : Reply::Ok();
  });
  std::string text;
  for (int i = 0; i < 20; ++i) text += Own(1, "5") + Own(2, "6") + Own(1, "7");
  options_.batch.batch_rows = 4;
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 60);
  EXPECT_EQ(outcome.summary.ties, 57);
}

TEST_F(StreamTest, AnUnknownColumnLeadsToOneLookAtTheSchema) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  std::string text = Upsert(1, "a");
  for (int i = 2; i <= 20; ++i) text += Upsert(i, "a", R"(,"extra":"x")");
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.set_aside, 19);
  EXPECT_EQ(DeadLetters()[0]["reason"], "unknown_column");
  int looks = 0;
  for (const auto& request : rest_.requests()) looks += request.method == "GET";
  EXPECT_EQ(looks, 2);
}

// By somebody else, while the run goes on. Nothing tells of it but the rows.
TEST_F(StreamTest, WhatTheTableTakesSinceItWasChangedIsNotRefused) {
  struct Change {
    const char *before, *after, *value;
  };
  for (const Change& change : std::vector<Change>{
           {R"({"name":"v","type":"STRING","maxLength":"3"})",
            R"({"name":"v","type":"STRING","maxLength":"9"})", R"("longer")"},
           {R"({"name":"v","type":"INTEGER","mode":"REQUIRED"})", R"({"name":"v","type":"INTEGER"})", "null"},
           {R"({"name":"v","type":"INTEGER"})", R"({"name":"v","type":"NUMERIC"})", R"("1.5")"},
           {R"({"name":"v","type":"INTEGER"})", R"({"name":"v","type":"NUMERIC"})", "9223372036854775808"},
           {R"({"name":"v","type":"INTEGER"})", R"({"name":"v","type":"FLOAT"})", "1.5"},
           {R"({"name":"v","type":"NUMERIC","precision":"4","scale":"2"})",
            R"({"name":"v","type":"NUMERIC"})", R"("123456.5")"},
           {R"({"name":"w","type":"STRING"})", R"({"name":"v","type":"STRING"})", R"("new")"}}) {
    SCOPED_TRACE(change.after);
    const auto columns = [&](const char* column) {
      rest_.ChangeTable(kTable, [&](auto& table) {
        table.schema_fields =
            absl::StrCat(R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},)", column, "]");
      });
    };
    rest_.PutTable(kTable, {});
    columns(change.before);
    int requests = 0;
    FakeWriteService service([&](const SeenRequest&) {
      if (++requests == 1) columns(change.after);
      return Reply::Ok();
    });
    // The later lines come when the table has been changed, and the service had no occasion to tell of it.
    testing::InputPipe input;
    const auto send = [&](int id, const std::string& value) {
      input.Write(absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)", id, value.empty() ? "" : ",\"v\":", value,
                               "}\n"));
    };
    options_.batch.batch_rows = 1;
    std::thread writer([&] {
      send(1, absl::StrContains(change.before, "REQUIRED") ? "1" : "");
      for (int i = 0; i < 2000 && service.stored_rows().empty(); ++i) absl::SleepFor(absl::Milliseconds(5));
      send(2, change.value);
      send(3, change.value);
      input.End();
    });
    const StreamOutcome outcome = Stream(service, {input.path()});
    writer.join();
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_EQ(outcome.summary.set_aside, 0);
    EXPECT_EQ(outcome.summary.upserts, 3);
  }
}

// The second name comes within the interval in which the table is looked at once.
TEST_F(StreamTest, ARowIsNotRefusedByALookThatIsOlderThanIt) {
  options_.schema_read_interval = absl::Milliseconds(300);
  options_.batch.batch_rows = 1;
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  testing::InputPipe input;
  const auto looks = [&] {
    int count = 0;
    for (const auto& request : rest_.requests()) count += request.method == "GET";
    return count;
  };
  std::thread writer([&] {
    input.Write(Upsert(1, "a"));
    input.Write(Upsert(2, "a", R"(,"bogus":"x")"));
    for (int i = 0; i < 2000 && looks() < 2; ++i) absl::SleepFor(absl::Milliseconds(1));
    rest_.ChangeTable(kTable, [](auto& table) {
      table.schema_fields =
          R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"},{"name":"extra","type":"STRING"}])";
    });
    input.Write(Upsert(3, "a", R"(,"extra":"x")"));
    input.End();
  });
  const StreamOutcome outcome = Stream(service, {input.path()});
  writer.join();
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.set_aside, 1);
  EXPECT_EQ(outcome.summary.upserts, 2);
  EXPECT_EQ(looks(), 3);
}

// Rows that were read before, and wait, go without the column; those that carry it are set aside as such that
// are read after.
TEST_F(StreamTest, AColumnThatIsDroppedMeanwhileTakesOnlyTheRowsThatCarryIt) {
  for (const int connections : {1, 4}) {
    rest_.PutTable(kTable, {});
    rest_.ChangeTable(kTable, [](auto& table) {
      table.schema_fields =
          R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"},{"name":"extra","type":"STRING"}])";
    });
    std::map<int, bool> tells_extra;  // by call
    std::set<std::int64_t> stored;
    std::size_t stored_before = 0;
    FakeWriteService service([&](const SeenRequest& request) {
      if (request.has_schema)
        tells_extra[request.call] = std::count(request.fields.begin(), request.fields.end(), "extra") > 0;
      if (stored.size() >= 12 && stored_before == 0) {
        stored_before = stored.size();
        rest_.ChangeTable(kTable, [](auto& table) {
          table.schema_fields =
              R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"}])";
        });
      }
      if (stored_before > 0 && tells_extra[request.call]) {
        return Reply::Refuse(absl::InvalidArgumentError(
                                 "Input schema has more fields than BigQuery schema, extra fields: 'extra'"),
                             {}, write::StorageErrorCode::kSchemaMismatchExtraFields);
      }
      // Some come twice: a refused schema ends the call, and what it had not answered goes again.
      for (const std::string& row : request.rows) stored.insert(DecodeRow(row).id);
      return Reply::Ok();
    });
    std::string text;
    constexpr int kRows = 400;
    for (int id = 1; id <= kRows; ++id) text += Upsert(id, "n", id % 3 == 0 ? R"(,"extra":"x")" : "");
    options_.batch.batch_rows = 4;
    options_.connections_max = connections;
    options_.scaling_period = absl::Milliseconds(1);
    options_.schema_read_interval = absl::Milliseconds(200);
    options_.dead_letter_path = directory_ + "/dead" + std::to_string(connections);
    const StreamOutcome outcome = Stream(service, {File("in", text)});
    ASSERT_TRUE(outcome.status.ok()) << outcome.status;
    std::set<std::int64_t> aside;
    for (const auto& record : DeadLetters()) {
      EXPECT_EQ(record["reason"], "unknown_column");
      EXPECT_TRUE(absl::StrContains(record["message"].get<std::string>(), "extra")) << record;
      EXPECT_TRUE(aside.insert(record["line"].get<std::int64_t>()).second);
    }
    EXPECT_EQ(outcome.summary.rows(), static_cast<std::int64_t>(stored.size()));
    EXPECT_EQ(outcome.summary.set_aside, static_cast<std::int64_t>(aside.size()));
    for (int id = 1; id <= kRows; ++id) {
      EXPECT_EQ(stored.count(id) + aside.count(id), 1u) << id;
      EXPECT_TRUE(id % 3 == 0 || aside.count(id) == 0) << id;
    }
    EXPECT_EQ(aside.size(), kRows / 3 - stored_before / 3) << stored_before;
  }
}

// The calls in which the service says so end by it, until it takes the old schema once more. What was sent
// stays as it is, what waits behind it goes without the column.
TEST_F(StreamTest, ACallThatEndsForTheSchemaLeadsToOneLookAtTheTable) {
  rest_.ChangeTable(kTable, [](auto& table) {
    table.schema_fields =
        R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"},{"name":"extra","type":"STRING"}])";
  });
  constexpr int kCallsThatEnd = 5;
  std::map<int, bool> tells_extra;  // by call
  std::vector<bool> stored_with_extra;
  FakeWriteService service([&](const SeenRequest& request) {
    if (request.has_schema)
      tells_extra[request.call] = std::count(request.fields.begin(), request.fields.end(), "extra") > 0;
    if (request.call < kCallsThatEnd) {
      rest_.ChangeTable(kTable, [](auto& table) {
        table.schema_fields =
            R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"}])";
      });
      return Reply::EndCall(absl::InvalidArgumentError(
          "Input schema has more fields than BigQuery schema, extra fields: 'extra'"));
    }
    stored_with_extra.push_back(tells_extra[request.call]);
    return Reply::Ok();
  });
  options_.batch.batch_rows = 1;
  options_.requests_in_flight_max = 1;
  options_.connections_max = 1;
  RunMeter meter(base::SystemClock::Get());
  const StreamOutcome outcome = Stream(
      service, {File("in", Upsert(1, "a") + Upsert(2, "b", R"(,"extra":"x")") + Upsert(3, "c"))}, &meter);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(stored_with_extra, (std::vector<bool>{true, false}));
  ASSERT_EQ(DeadLetters().size(), 1u);
  EXPECT_EQ(DeadLetters()[0]["line"], 2);
  EXPECT_EQ(DeadLetters()[0]["reason"], "unknown_column");
  EXPECT_EQ(meter.Snapshot().schema_refetches, 1) << "however many calls have ended";
  EXPECT_EQ(
      meter.Snapshot().call_errors,
      (std::map<write::AppendAction, std::int64_t>{{write::AppendAction::kRefetchSchema, kCallsThatEnd}}));
}

TEST_F(StreamTest, AColumnThatWasAddedMeanwhileIsWritten) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  bool looked = false;
  rest_.on_request = [&](const http::Request& request) {
    if (request.method != "GET" || !std::exchange(looked, true)) return;
    rest_.ChangeTable(kTable, [](auto& table) {
      table.schema_fields =
          R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"},{"name":"extra","type":"STRING"}])";
    });
  };
  const StreamOutcome outcome =
      Stream(service, {File("in", Upsert(1, "a") + Upsert(2, "b", R"(,"extra":"x")"))});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 2);
  EXPECT_EQ(outcome.summary.set_aside, 0);
  EXPECT_EQ(service.requests().back().has_schema, true);
}

TEST_F(StreamTest, NothingIsClaimedForAnEmptyInput) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  const StreamOutcome outcome = Stream(service, {File("in", "\n\n")});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 0);
  EXPECT_TRUE(rest_.GetTable(kTable).labels.empty());
}

TEST_F(StreamTest, RequestsStayBelowTheLimit) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.request_bytes_max = 20000;
  options_.batch.batch_bytes = 1 << 20;
  std::string text;
  for (int i = 1; i <= 200; ++i) text += Upsert(i, std::string(i * 20, 'x'));
  text += Upsert(201, std::string(30000, 'y'));  // Fits into no request: a row error.
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 200);
  EXPECT_EQ(outcome.summary.set_aside, 1);
  for (const SeenRequest& request : service.requests()) EXPECT_LE(request.byte_count, 20000u);
}

TEST_F(StreamTest, RowsGoWhenTheyHaveWaitedLongEnough) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.batch.flush_interval = absl::Milliseconds(10);
  testing::InputPipe input;
  std::thread source([&] {
    input.Write(Upsert(1, "a"));
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (service.stored_rows().empty() && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    EXPECT_EQ(service.stored_rows().size(), 1u);
    stop_.Request();  // As SIGTERM does.
  });
  const StreamOutcome outcome = Stream(service, {input.path()});
  source.join();
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 1);
  EXPECT_TRUE(outcome.summary.interrupted);
}

// More rows than there is room for, so that the reader itself waits when the stop comes.
TEST_F(StreamTest, AStopIsNotWaitedForLongerThanTheDrainLimit) {
  FakeWriteService service([this](const SeenRequest& request) {
    Reply reply;
    reply.kind = Reply::Kind::kSilence;
    if (request.in_call == 1) stop_.Request();  // As SIGTERM does.
    return reply;
  });
  options_.drain_time_max = absl::Milliseconds(50);
  options_.requests_in_flight_max = 2;
  options_.connections_max = 1;
  options_.memory.batches = 4;
  options_.batch.batch_rows = 1;
  std::string text;
  for (int i = 1; i <= 100; ++i) text += Upsert(i, "a");
  const absl::Time begin = absl::Now();
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  EXPECT_LT(absl::Now() - begin, absl::Seconds(60)) << "not the five minutes of a lost connection";
  EXPECT_TRUE(absl::IsDeadlineExceeded(outcome.status)) << outcome.status;
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "could not be settled within 50ms"))
      << outcome.status;
  EXPECT_GE(outcome.summary.rows_unsettled, 2);
  EXPECT_TRUE(outcome.summary.ever_sent);
}

TEST_F(StreamTest, RowsThatNeverLeftAreToldApart) {
  options_.drain_time_max = absl::Milliseconds(50);
  StreamSurroundings surroundings;
  surroundings.client = &client_;
  surroundings.channels = [this] {
    stop_.Request();
    return write::MakeLocalChannel("127.0.0.1:1");  // Nobody listens there.
  };
  surroundings.clock = &base::SystemClock::Get();
  surroundings.stop = &stop_;
  auto reader = LineReader::Open({File("in", Upsert(1, "a"))}, stop_, options_.input);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const StreamOutcome outcome = StreamChanges(options_, std::move(surroundings), *std::move(reader));
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(outcome.summary.rows_unsettled, 1);
  EXPECT_FALSE(outcome.summary.ever_sent);
  EXPECT_TRUE(absl::StrContains(FormatSummary(outcome.summary, "p.d.t", ""),
                                "1 row not written: the service was never reached\n"));
}

TEST_F(StreamTest, KeysStayInOrderWhileTheNumberOfConnectionsChanges) {
  // A service that answers slowly: more connections bring more, so the run grows.
  FakeWriteService service([](const SeenRequest&) {
    absl::SleepFor(absl::Milliseconds(2));
    return Reply::Ok();
  });
  options_.connections_max = 4;
  options_.requests_in_flight_max = 1;
  options_.batch.batch_rows = 5;
  options_.scaling_period = absl::Milliseconds(30);
  std::string text;
  for (int i = 0; i < 4000; ++i) text += Upsert(i % 40, absl::StrCat(i));
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(outcome.summary.upserts, 4000);
  EXPECT_GT(service.call_count(), 1) << "the number of connections has not changed";
  std::map<std::int64_t, int> last;  // by key
  for (const DecodedRow& row : Stored(service)) {
    const int number = std::stoi(row.name);
    const auto [found, first] = last.emplace(row.id, number);
    if (!first) {
      EXPECT_EQ(number, found->second + 40) << "key " << row.id;
    }
    found->second = number;
  }
  EXPECT_EQ(last.size(), 40u);
}

TEST_F(StreamTest, TheMeterSeesWhatTheRunDid) {
  int requests = 0;
  FakeWriteService service([&requests](const SeenRequest&) {
    ++requests;
    if (requests == 1) return Reply::EndCall(absl::ResourceExhaustedError("quota"));
    if (requests == 2) return Reply::Refuse(absl::UnavailableError("try again"));
    if (requests == 3) return Reply::Refuse(absl::InvalidArgumentError("bad rows"), {{1, "bad"}});
    return Reply::Ok();
  });
  RunMeter meter(base::SystemClock::Get());
  const std::string text = Upsert(1, "a") + Upsert(2, "b") + R"({"_CHANGE_TYPE":"DELETE","id":1})" + "\n[]\n";
  const StreamOutcome outcome = Stream(service, {File("in", text)}, &meter);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  const RunSnapshot seen = meter.Snapshot();
  EXPECT_EQ(seen.table, kTable);
  EXPECT_EQ(seen.epoch, outcome.summary.epoch);
  EXPECT_EQ(seen.upserts, 1);
  EXPECT_EQ(seen.deletes, 1);
  EXPECT_EQ(seen.bytes(), outcome.summary.bytes);
  EXPECT_GT(seen.upsert_bytes, seen.delete_bytes);
  EXPECT_EQ(seen.dead_letters, (std::map<std::string, std::int64_t>{{"not_an_object", 1}, {"refused", 1}}));
  EXPECT_EQ(seen.requests, 3);
  EXPECT_EQ(seen.retries, 1);
  EXPECT_EQ(seen.errors.size(), 2u);
  EXPECT_EQ(seen.errors.at(write::AppendAction::kSetRowsAside), 1);
  EXPECT_EQ(seen.errors.at(write::AppendAction::kReopen), 1);
  EXPECT_EQ(seen.call_errors, (std::map<write::AppendAction, std::int64_t>{{write::AppendAction::kRetry, 1}}))
      << "told apart from answers";
  EXPECT_EQ(seen.acknowledge.count(), 1) << "a refusal is no acknowledgement";
  EXPECT_EQ(seen.service.count(), 3);
  EXPECT_GE(seen.acknowledge.Quantile(1), 2 * seen.service.Quantile(0.5))
      << "counted from the first sending on";
  EXPECT_EQ(seen.batch_fill.count, 1) << "repeats are no new batches";
  EXPECT_EQ(seen.fill.count(), 1);
  EXPECT_EQ(seen.slowest.list().size(), 3u);
  EXPECT_EQ(seen.connections, 1);
  EXPECT_EQ(seen.window_use, std::vector<double>{0});
  EXPECT_EQ(seen.input_bytes_read, text.size());
  EXPECT_EQ(seen.lag_bytes, 0u);
  EXPECT_EQ(seen.lag, absl::ZeroDuration());
  EXPECT_EQ(outcome.summary.acknowledge_p99, seen.acknowledge.Quantile(0.99));
}

TEST_F(StreamTest, AFailedRunIsSeenByItsMeter) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  rest_.RemoveTable(kTable);
  RunMeter meter(base::SystemClock::Get());
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))}, &meter);
  EXPECT_FALSE(outcome.status.ok());
  EXPECT_EQ(HealthOf(meter.Snapshot(), absl::Minutes(1)).code(), outcome.status.code());
}

TEST_F(StreamTest, ARateLimitKeepsBatchesSmallAndLosesNothing) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.rate_limit.rows_per_second = 1000;  // 100 rows at once
  std::string text;
  for (int i = 0; i < 250; ++i) text += Upsert(i, "n");
  const absl::Time start = absl::Now();
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  // The third batch goes once the first two are paid for, less the burst.
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(95));
  EXPECT_EQ(Stored(service).size(), 250u);
  EXPECT_EQ(outcome.summary.requests, 3);
}

// What has been read is a chunk of the file, here all of it, which would take 50 s at the limit.
TEST_F(StreamTest, AStopLiftsTheRateLimit) {
  options_.rate_limit.rows_per_second = 100;
  FakeWriteService service([&](const SeenRequest&) {
    stop_.Request();
    return Reply::Ok();
  });
  std::string text;
  for (int id = 1; id <= 5000; ++id) text += Upsert(id, "n");
  const absl::Time begun = absl::Now();
  const StreamOutcome outcome = Stream(service, {File("in", text)});
  ASSERT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_LT(absl::Now() - begun, absl::Seconds(15));
  EXPECT_EQ(outcome.summary.upserts, 5000);
  EXPECT_FALSE(outcome.summary.interrupted) << "nothing of the file is left";
}

TEST_F(StreamTest, ADeadLetterThatCannotBeWrittenHalts) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.dead_letter_path = directory_ + "/missing/dead.jsonl";
  const StreamOutcome outcome = Stream(service, {File("in", "{\n" + Upsert(1, "a"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "cannot open dead letter file")) << outcome.status;
}

TEST_F(StreamTest, AServerThatStaysAwayEndsTheRun) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  service.Stop();
  options_.patience.retry_time_max = absl::Milliseconds(300);
  const StreamOutcome outcome = Stream(service, {File("in", Upsert(1, "a"))});
  EXPECT_TRUE(absl::StrContains(outcome.status.message(), "append connection: ")) << outcome.status;
  EXPECT_EQ(outcome.summary.rows(), 0);
  EXPECT_EQ(outcome.summary.rows_unsettled, 1);
}

}  // namespace
}  // namespace bqcdc::pipeline
