#include "bqcdc/writer/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/credentials/token_source.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "bqcdc/write/testing/decoded_row.h"
#include "bqcdc/write/testing/fake_write_service.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc {
namespace {

using rest::testing::FakeRestService;
using write::testing::DecodedRow;
using write::testing::DecodeRow;
using write::testing::FakeWriteService;
using write::testing::Reply;
using write::testing::SeenRequest;

class WriterTest : public ::testing::Test {
 protected:
  WriterTest() {
    for (const char* table : {"p.d.t", "p.d.u"}) rest_.PutTable(table, {});
    options_.flush_interval = absl::Milliseconds(5);
  }

  WriterParts Parts(FakeWriteService& service) {
    WriterParts parts;
    parts.client = &client_;
    parts.channels = [&service] { return write::MakeLocalChannel(service.target()); };
    parts.clock = &base::SystemClock::Get();
    parts.parse_table = [](std::string_view text) { return rest::ParseTableName(text, "p"); };
    return parts;
  }
  std::unique_ptr<Writer> Open(FakeWriteService& service) {
    auto writer = WriterOpener::Open(Parts(service), options_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }
  static absl::Status Put(TableWriter& table, std::int64_t id, const std::string& name,
                          std::uint64_t position) {
    return table.Append(ChangeType::kUpsert, {{table.epoch(), position, 1, 0}}, Fill(table, id, name));
  }
  static std::function<void(Row&)> Fill(const TableWriter& table, std::int64_t id, const std::string& name) {
    const ColumnHandle id_column = *table.Column("id"), name_column = *table.Column("NAME");
    return [=](Row& row) { row.SetInt64(id_column, id).SetText(name_column, name); };
  }

  FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{
      {.base_url = "http://fake", .project = "p", .pause_first = absl::Milliseconds(1)},
      rest_,
      no_token_,
      base::SystemClock::Get()};
  WriterOptions options_;
};

TEST_F(WriterTest, ADroppedColumnTakesOnlyTheRowsThatCarryIt) {
  std::atomic<bool> dropped{false};
  std::map<int, bool> tells_name;  // by call
  FakeWriteService service([&](const SeenRequest& request) {
    if (request.has_schema)
      tells_name[request.call] = std::count(request.fields.begin(), request.fields.end(), "name") > 0;
    if (!dropped || !tells_name[request.call]) return Reply::Ok();
    return Reply::Refuse(absl::InvalidArgumentError("Input schema has more fields than BigQuery schema"), {},
                         write::StorageErrorCode::kSchemaMismatchExtraFields);
  });
  std::vector<RefusedRow> refused;
  options_.on_refused = [&](const RefusedRow& row) {
    refused.push_back(row);
    return absl::OkStatus();
  };
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  ASSERT_TRUE(Put(*table, 1, "a", 1).ok());
  ASSERT_TRUE(writer->Flush().ok());
  dropped = true;
  rest_.ChangeTable("p.d.t", [](auto& changed) {
    changed.schema_fields = R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"}])";
  });
  ASSERT_TRUE(Put(*table, 2, "b", 2).ok());
  ASSERT_TRUE(table->AppendJson(R"({"id":3,"_CHANGE_TYPE":"UPSERT"})", {{table->epoch(), 3, 1, 0}}).ok());
  ASSERT_TRUE(writer->Close().ok()) << writer->status();
  EXPECT_EQ(table->settled(), 3u);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].append, 2u);
  EXPECT_EQ(refused[0].message, "column name: the table has no such column any more");
  const auto stored = service.stored_rows();
  ASSERT_EQ(stored.size(), 2u);
  EXPECT_EQ(DecodeRow(stored[1]).id, 3);
}

// By somebody else, and the service had no occasion to tell of it.
TEST_F(WriterTest, WhatTheTableTakesSinceItWasChangedIsNotRefused) {
  const auto columns = [&](const char* more) {
    rest_.ChangeTable("p.d.t", [&](auto& changed) {
      changed.schema_fields = absl::StrCat(
          R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING")", more, "]");
    });
  };
  for (const bool json : {false, true}) {
    FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
    columns(R"(,"maxLength":"3"})");
    auto writer = Open(service);
    TableWriter* const table = *writer->OpenTable("d.t");
    ASSERT_TRUE(Put(*table, 1, "a", 1).ok());
    columns(R"(,"maxLength":"9"},{"name":"extra","type":"INTEGER"})");
    const SequenceNumber second{{table->epoch(), 2, 1, 0}};
    const absl::Status status =
        json ? table->AppendJson(R"({"id":2,"name":"longer","_CHANGE_TYPE":"UPSERT"})", second)
             : table->Append(ChangeType::kUpsert, second, Fill(*table, 2, "longer"));
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_TRUE(table->Column("extra").ok());
    ASSERT_TRUE(writer->Close().ok()) << writer->status();
    EXPECT_EQ(service.stored_rows().size(), 2u);
  }
  columns("}");
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  columns(R"(},{"name":"late","type":"INTEGER"})");
  EXPECT_TRUE(table->Column("LATE").ok());
  EXPECT_TRUE(absl::IsNotFound(table->Column("bogus").status()));
}

TEST_F(WriterTest, EvolvesATableWhileItWrites) {
  std::atomic<bool> known{false};
  std::atomic<int> refused{0};
  FakeWriteService service([&](const SeenRequest& request) {
    const bool tells_extra = std::count(request.fields.begin(), request.fields.end(), "extra") > 0;
    if (!request.has_schema || !tells_extra || known) return Reply::Ok();
    known = ++refused == 2;  // It comes to know the column later than REST.
    return Reply::Refuse(absl::InvalidArgumentError("Input schema has more fields than BigQuery schema"), {},
                         write::StorageErrorCode::kSchemaMismatchExtraFields);
  });
  rest_.on_request = [&](const http::Request& request) {
    if (!absl::StrContains(request.body, "ADD COLUMN IF NOT EXISTS `extra` INT64")) return;
    rest_.ChangeTable("p.d.t", [](auto& changed) {
      changed.schema_fields =
          R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"},{"name":"extra","type":"INTEGER"}])";
    });
  };
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  ASSERT_TRUE(Put(*table, 1, "a", 1).ok());
  // Looked at a moment ago, so the next look is due in 10 s.
  EXPECT_TRUE(absl::IsNotFound(table->Column("extra").status()));

  const absl::Status differs = table->EvolveSchema("name:INT64,extra:INT64");
  EXPECT_TRUE(absl::IsFailedPrecondition(differs)) << differs;
  EXPECT_TRUE(absl::StrContains(differs.message(), "column name: wanted INT64, is STRING")) << differs;
  const absl::Status unclear = table->EvolveSchema("name");
  EXPECT_TRUE(absl::IsInvalidArgument(unclear)) << unclear;
  EXPECT_TRUE(absl::StrContains(unclear.message(), "table p.d.t: ")) << unclear;
  EXPECT_TRUE(absl::IsNotFound(table->Column("extra").status()));

  const absl::Status evolved = table->EvolveSchema(R"([{"name":"extra","type":"INTEGER"}])");
  ASSERT_TRUE(evolved.ok()) << evolved;
  const auto extra = table->Column("extra");
  ASSERT_TRUE(extra.ok()) << extra.status();
  const ColumnHandle id = *table->Column("id");
  ASSERT_TRUE(table
                  ->Append(ChangeType::kUpsert, {{table->epoch(), 2, 1, 0}},
                           [&](Row& row) { row.SetInt64(id, 2).SetInt64(*extra, 7); })
                  .ok());
  ASSERT_TRUE(writer->Close().ok()) << writer->status();
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(service.stored_rows().size(), 2u);
  EXPECT_TRUE(absl::IsFailedPrecondition(table->EvolveSchema("extra:INT64"))) << "it is closed";
}

TEST_F(WriterTest, EvolvesNoTableThatAnotherHasTaken) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  auto other = Open(service);
  ASSERT_TRUE(other->OpenTable("d.t").ok());
  const absl::Status status = table->EvolveSchema("extra:INT64");
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_TRUE(rest_.queries().empty());
}

TEST_F(WriterTest, StoresWhatWasAppended) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  ASSERT_TRUE(Put(*table, 1, "a", 1).ok());
  ASSERT_TRUE(
      table->AppendJson(R"({"id":2,"name":"b","_CHANGE_TYPE":"UPSERT"})", {{table->epoch(), 2, 1, 0}}).ok());
  ASSERT_TRUE(table->Append(ChangeType::kDelete, {{table->epoch(), 3, 1, 0}}, Fill(*table, 1, "")).ok());
  EXPECT_EQ(table->appended(), 3u);
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(table->settled(), 3u);
  const auto stored = service.stored_rows();
  ASSERT_EQ(stored.size(), 3u);
  EXPECT_EQ(DecodeRow(stored[0]).name, "a");
  EXPECT_EQ(DecodeRow(stored[1]).id, 2);
  EXPECT_EQ(DecodeRow(stored[2]).change_type, "DELETE");
  const WriterStats stats = writer->stats();
  EXPECT_EQ(stats.upserts, 2);
  EXPECT_EQ(stats.deletes, 1);
  EXPECT_FALSE(Put(*table, 4, "late", 4).ok()) << "it is closed";
}

TEST_F(WriterTest, RowsGoWithoutAFlushWhenTheyHaveWaitedLongEnough) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  auto stored = table->AppendAsync(ChangeType::kUpsert, {{table->epoch(), 1, 1, 0}}, Fill(*table, 1, "a"));
  EXPECT_TRUE(stored.get().ok());
  EXPECT_EQ(service.stored_rows().size(), 1u);
}

TEST_F(WriterTest, RowsOfManyTablesDoNotTakeTheRoomOfEachOther) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.connections_max = 1;
  options_.requests_in_flight_max = 1;
  options_.flush_interval = absl::Hours(1);
  auto writer = Open(service);
  for (int i = 0; i < 10; ++i) {
    const std::string name = absl::StrCat("p.d.many", i);
    rest_.PutTable(name, {});
    TableWriter* const table = *writer->OpenTable(name);
    const absl::Status taken =
        table->TryAppend(ChangeType::kUpsert, {{table->epoch(), 1, 1, 0}}, Fill(*table, i, "a"));
    EXPECT_TRUE(taken.ok()) << name << ": " << taken;
  }
  ASSERT_TRUE(writer->Close().ok()) << writer->status();
  EXPECT_EQ(service.stored_rows().size(), 10u);
}

// The flusher finds that the turn is taken, and is told when it is given back.
TEST_F(WriterTest, RowsGoInTimeThoughAnotherWasAppending) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const t = *writer->OpenTable("d.t");
  TableWriter* const u = *writer->OpenTable("d.u");
  auto stored = t->AppendAsync(ChangeType::kUpsert, {{t->epoch(), 1, 1, 0}}, Fill(*t, 1, "a"));
  const absl::Status refused = t->Append(ChangeType::kUpsert, {{t->epoch(), 2, 1, 0}}, [&](Row& row) {
    // Once this one is stored the flusher has been at both.
    EXPECT_TRUE(u->AppendAsync(ChangeType::kUpsert, {{u->epoch(), 1, 1, 0}}, Fill(*u, 1, "a")).get().ok());
    row.SetText(*t->Column("id"), "no number");
  });
  EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
  EXPECT_EQ(stored.wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST_F(WriterTest, BatchesShrinkWhereTheLatencyTargetIsMissed) {
  FakeWriteService service([](const SeenRequest&) {
    absl::SleepFor(absl::Milliseconds(3));  // The service's own time: no request can be within the target.
    return Reply::Ok();
  });
  options_.target_latency = absl::Milliseconds(1);
  options_.batch_bytes = 64 * 1024;
  options_.flush_interval = absl::Hours(1);
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  const std::string name(1000, 'x');
  for (std::uint64_t i = 1; i <= 4000; ++i)
    ASSERT_TRUE(Put(*table, static_cast<std::int64_t>(i), name, i).ok());
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(service.stored_rows().size(), 4000u);
  const std::vector<SeenRequest> requests = service.requests();
  std::size_t largest_of_the_last = 0;
  for (std::size_t i = requests.size() - 10; i < requests.size(); ++i)
    largest_of_the_last = std::max(largest_of_the_last, requests[i].byte_count);
  EXPECT_LE(largest_of_the_last, 20u * 1024) << "of 64 KiB that a batch may have";
  options_.target_latency = absl::Microseconds(10);
  EXPECT_TRUE(absl::IsInvalidArgument(WriterOpener::Open(Parts(service), options_).status()));
}

TEST_F(WriterTest, AttemptsAreLimitedAndTheErrorNamesTheOption) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Refuse(absl::UnavailableError("full")); });
  options_.retry_attempts_max = -1;
  EXPECT_EQ(WriterOpener::Open(Parts(service), options_).status(),
            absl::InvalidArgumentError("WriterOptions: retry_attempts_max must be 0 (no limit) or more"));
  options_.retry_attempts_max = 1;
  const std::unique_ptr<Writer> writer = Open(service);
  const auto table = writer->OpenTable("p.d.t");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_TRUE(Put(**table, 1, "a", 1).ok());
  const absl::Status status = writer->Close(absl::Now() + absl::Seconds(20));
  EXPECT_TRUE(absl::StrContains(status.message(),
                                "refused a request in 1 attempt (WriterOptions::retry_attempts_max): full"))
      << status;
  EXPECT_EQ(service.requests().size(), 1u);
}

TEST_F(WriterTest, SeveralTablesShareAConnection) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const t = *writer->OpenTable("d.t");
  TableWriter* const u = *writer->OpenTable("d.u");
  EXPECT_TRUE(absl::IsAlreadyExists(writer->OpenTable("p.d.t").status()));
  for (int round = 1; round <= 5; ++round) {
    ASSERT_TRUE(Put(*t, round, "t", round).ok());
    ASSERT_TRUE(Put(*u, round, "u", round).ok());
    ASSERT_TRUE(writer->Flush().ok());
  }
  EXPECT_EQ(service.call_count(), 1);
  std::map<std::string, int> rows;
  for (const SeenRequest& request : service.requests()) rows[request.write_stream] += request.rows.size();
  EXPECT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows["projects/p/datasets/d/tables/t/streams/_default"], 5);
}

TEST_F(WriterTest, WhatDoesNotFitIsToldAndNotTaken) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  const SequenceNumber number{{table->epoch(), 1, 1, 0}};
  const absl::Status no_key = table->Append(ChangeType::kUpsert, number, [](Row&) {});
  EXPECT_TRUE(absl::IsInvalidArgument(no_key)) << no_key;
  EXPECT_TRUE(absl::StrContains(no_key.message(), "table p.d.t")) << no_key;
  EXPECT_TRUE(absl::StrContains(no_key.message(), "id")) << no_key;
  EXPECT_TRUE(
      absl::IsInvalidArgument(table->Append(ChangeType::kUpsert, {{1, 1, 1, 0}}, Fill(*table, 1, "a"))))
      << "another epoch";
  EXPECT_TRUE(
      absl::IsInvalidArgument(table->AppendJson(R"({"id":1,"x":2,"_CHANGE_TYPE":"UPSERT"})", number)));
  EXPECT_TRUE(absl::IsInvalidArgument(table->AppendJson("{", number)));
  EXPECT_TRUE(absl::IsNotFound(table->Column("x").status()));
  EXPECT_EQ(table->appended(), 0u);
  EXPECT_TRUE(writer->Close().ok());
  EXPECT_TRUE(service.stored_rows().empty());
}

TEST_F(WriterTest, RefusedRowsAreHandedOverAndTheOthersStored) {
  FakeWriteService service([](const SeenRequest& request) {
    std::vector<write::RowError> errors;
    for (std::size_t i = 0; i < request.rows.size(); ++i) {
      if (DecodeRow(request.rows[i]).name == "bad")
        errors.push_back({static_cast<std::int64_t>(i), "not good"});
    }
    return errors.empty() ? Reply::Ok() : Reply::Refuse(absl::InvalidArgumentError("rows"), errors);
  });
  std::vector<RefusedRow> refused;
  options_.flush_interval = absl::Hours(1);
  options_.on_refused = [&](const RefusedRow& row) {
    refused.push_back(row);
    return absl::OkStatus();
  };
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(Put(*table, i, i % 4 == 0 ? "bad" : "good", i).ok());
  auto answer =
      table->AppendAsync(ChangeType::kUpsert, {{table->epoch(), 11, 1, 0}}, Fill(*table, 11, "bad"));
  ASSERT_TRUE(writer->Close().ok());
  ASSERT_EQ(refused.size(), 3u);
  EXPECT_EQ(refused[0].append, 4u);
  EXPECT_EQ(refused[1].append, 8u);
  EXPECT_EQ(refused[1].sequence.sections[1], 8u);
  EXPECT_EQ(refused[1].message, "not good");
  EXPECT_TRUE(absl::IsInvalidArgument(answer.get()));
  EXPECT_EQ(service.stored_rows().size(), 8u);
  EXPECT_EQ(table->settled(), 11u);
}

TEST_F(WriterTest, ARefusedRowThatNobodyTakesEndsTheWriter) {
  FakeWriteService service([](const SeenRequest&) {
    return Reply::Refuse(absl::InvalidArgumentError("rows"), {{0, "secret value"}});
  });
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  ASSERT_TRUE(Put(*table, 1, "a", 1).ok());
  const absl::Status status = writer->Close();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "secret")) << status;
  EXPECT_FALSE(Put(*table, 2, "b", 2).ok());
}

TEST_F(WriterTest, BackPressureReachesTheCaller) {
  std::atomic<bool> silent{true};
  FakeWriteService service([&](const SeenRequest&) {
    Reply reply;
    if (silent) reply.kind = Reply::Kind::kSilence;
    return reply;
  });
  options_.memory_bytes_max = 4096;
  options_.batch_rows = 10;
  options_.flush_interval = absl::Hours(1);  // Nobody else has the turn for longer than TryAppend() waits.
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  const std::string text(100, 'x');
  int taken = 0;
  absl::Status status;
  for (; taken < 10'000 && status.ok(); taken += status.ok() ? 1 : 0) {
    status =
        table->TryAppend(ChangeType::kUpsert, {{table->epoch(), static_cast<std::uint64_t>(taken + 1), 1, 0}},
                         Fill(*table, taken, text));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_GT(taken, 10);
  EXPECT_LT(taken, 200) << "memory is bounded";
  const auto late = table->Append(ChangeType::kUpsert, {{table->epoch(), 1u << 20, 1, 0}},
                                  Fill(*table, 1, text), absl::Now() + absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_TRUE(absl::IsDeadlineExceeded(writer->Flush(absl::Now() + absl::Milliseconds(20))));
  EXPECT_EQ(table->appended(), static_cast<std::uint64_t>(taken)) << "what was refused was not taken";
  const auto no_room = table
                           ->AppendAsync(ChangeType::kUpsert, {{table->epoch(), 1u << 20, 1, 0}},
                                         Fill(*table, 1, text), absl::Now() + absl::Milliseconds(20))
                           .get();
  EXPECT_TRUE(absl::IsDeadlineExceeded(no_room)) << no_room;
  const std::future<void> room = table->WhenRoom();
  EXPECT_EQ(room.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  std::thread waiting([&] {
    EXPECT_TRUE(absl::IsCancelled(
        table->Append(ChangeType::kUpsert, {{table->epoch(), 1u << 21, 1, 0}}, Fill(*table, 1, text))));
  });
  absl::SleepFor(
      absl::Milliseconds(20));  // Not needed for the result, but for waiting to be what is cancelled.
  // Another thread waits for room.
  status = table->TryAppend(ChangeType::kUpsert, {{table->epoch(), 1u << 22, 1, 0}}, Fill(*table, 1, text));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  writer->Cancel();
  waiting.join();
  EXPECT_EQ(room.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

// While the writer lives: whoever waits for an answer may be the one who is to end it.
TEST_F(WriterTest, EveryAnswerComesWhereTheWriterEnds) {
  FakeWriteService service([](const SeenRequest&) {
    Reply reply;
    reply.kind = Reply::Kind::kSilence;
    return reply;
  });
  options_.flush_interval = absl::Hours(1);
  options_.batch_rows = 2;
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  std::vector<std::future<absl::Status>> answers;  // of two rows under way and of one that still waits
  for (std::uint64_t i = 1; i <= 3; ++i) {
    answers.push_back(
        table->AppendAsync(ChangeType::kUpsert, {{table->epoch(), i, 1, 0}}, Fill(*table, 1, "a")));
  }
  while (service.requests().empty()) absl::SleepFor(absl::Milliseconds(1));
  writer->Cancel();
  for (auto& answer : answers) {
    ASSERT_EQ(answer.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_EQ(answer.get().code(), absl::StatusCode::kUnknown);
  }
  EXPECT_TRUE(absl::IsCancelled(writer->Close()));
}

TEST_F(WriterTest, WhatIsTakenWhileItClosesIsStored) {
  options_.flush_interval = absl::Hours(1);  // Nothing goes by itself.
  for (int round = 0; round < 100; ++round) {
    FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
    auto writer = Open(service);
    TableWriter* const table = *writer->OpenTable("d.t");
    std::atomic<std::uint64_t> position{0}, taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        while (Put(*table, t, "a", ++position).ok()) ++taken;
      });
    }
    while (taken < 10) std::this_thread::yield();
    EXPECT_TRUE(writer->Close().ok()) << writer->status();
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(service.stored_rows().size(), taken.load());
    ASSERT_EQ(table->settled(), taken.load());
    ASSERT_EQ(table->appended(), taken.load());
  }
}

TEST_F(WriterTest, ManyThreadsAppend) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.batch_rows = 7;
  auto writer = Open(service);
  TableWriter* const table = *writer->OpenTable("d.t");
  std::atomic<std::uint64_t> position{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) ASSERT_TRUE(Put(*table, t, absl::StrCat(i), ++position).ok());
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(writer->Close().ok());
  std::map<std::int64_t, int> next;
  for (const std::string& bytes : service.stored_rows()) {
    const DecodedRow row = DecodeRow(bytes);
    EXPECT_EQ(row.name, absl::StrCat(next[row.id]++)) << "rows of one thread keep their order";
  }
  EXPECT_EQ(next.size(), 4u);
  EXPECT_EQ(table->settled(), 2000u);
}

TEST_F(WriterTest, ALaterWriterTakesTheTable) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  auto first = Open(service);
  TableWriter* const early = *first->OpenTable("d.t");
  auto second = Open(service);
  TableWriter* const late = *second->OpenTable("d.t");
  EXPECT_GT(late->epoch(), early->epoch());
  ASSERT_TRUE(Put(*late, 1, "late", 1).ok());
  EXPECT_TRUE(second->Close().ok());
}

TEST_F(WriterTest, ASerialWriterNumbersByTheOrderOfCalls) {
  FakeWriteService service([](const SeenRequest&) { return Reply::Ok(); });
  options_.batch_rows = 2;
  auto writer = WriterOpener::OpenSerial(Parts(service), options_, "d.t");
  ASSERT_TRUE(writer.ok()) << writer.status();
  const ColumnHandle id = *(*writer)->Column("id");
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE((*writer)->Append(ChangeType::kUpsert, [&](Row& row) { row.SetInt64(id, 1); }).ok());
  EXPECT_FALSE((*writer)->Append(ChangeType::kUpsert, [](Row&) {}).ok());
  const auto throws = [](Row&) { throw std::runtime_error("the caller's own"); };
  EXPECT_THROW((*writer)->Append(ChangeType::kUpsert, throws).IgnoreError(), std::runtime_error);
  ASSERT_TRUE((*writer)->AppendJson(R"({"id":1,"_CHANGE_TYPE":"DELETE"})").ok());
  ASSERT_TRUE((*writer)->Close().ok());
  EXPECT_EQ((*writer)->stats().upserts, 5);
  EXPECT_EQ((*writer)->stats().deletes, 1);
  const auto stored = service.stored_rows();
  ASSERT_EQ(stored.size(), 6u);
  for (std::size_t i = 0; i < stored.size(); ++i)
    EXPECT_TRUE(absl::EndsWith(DecodeRow(stored[i]).sequence, absl::StrCat("/", i + 1, "/1/0")));
  EXPECT_EQ(service.call_count(), 1);
}

}  // namespace
}  // namespace bqcdc
