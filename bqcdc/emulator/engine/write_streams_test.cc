#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"
#include "bqcdc/emulator/engine/store.h"
#include "bqcdc/emulator/engine/stream_sql.h"
#include "bqcdc/emulator/engine/testing/killed_child.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// Created write streams: offsets, visibility, restarts and kills.
namespace bqcdc::emulator::engine {
namespace {

using testing::Kill;
using testing::KilledChildDirectory;
using testing::Plain;
using testing::RunUntilKilled;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;

TableDriver::Options ManualApplies(bool primary_key = true) {
  TableDriver::Options options = TableDriver::ManualApplies();
  options.primary_key = primary_key;
  return options;
}

std::string Create(TableDriver& table, WriteStreamType type) {
  auto stream = table.database().CreateWriteStream(table.id(), type);
  EXPECT_TRUE(stream.ok()) << stream.status();
  return stream.ok() ? stream->id : "";
}

WriteStream Get(TableDriver& table, const std::string& id) {
  auto stream = table.database().GetWriteStream(table.id(), id);
  EXPECT_TRUE(stream.ok()) << stream.status();
  return stream.value_or(WriteStream());
}

// Returns the offset of the first row.
absl::StatusOr<int64_t> Append(TableDriver& table, const std::string& id, const std::vector<TestRow>& rows,
                               std::optional<int64_t> offset = std::nullopt) {
  AppendBatch batch = table.MakeBatch(rows);
  const auto stream = std::make_shared<StreamAppend>(StreamAppend{id, offset});
  batch.stream = stream;
  const absl::Status status = table.AppendBatchAndWait(std::move(batch));
  if (!status.ok()) return status;
  return stream->stored_offset;
}

// "kFault" as a number, expected and received offset; the status if it is no refusal.
std::string RefusalText(const absl::Status& status) {
  const auto refusal = RefusalOf(status);
  if (!refusal) return status.ToString();
  return absl::StrCat(static_cast<int>(refusal->fault), " ", refusal->expected_offset, " ",
                      refusal->received_offset);
}
std::string Text(StreamFault fault, int64_t expected = 0, int64_t received = 0) {
  return RefusalText(StreamRefused({fault, expected, received}));
}

TEST(WriteStreamsTest, CommittedRowsAreVisibleAtOnceAndOffsetsAreExact) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kCommitted);
  EXPECT_EQ(Append(table, id, {Plain(1, "a"), Plain(2, "b")}, 0).value(), 0);
  EXPECT_EQ(table.Rows(), "1=a 2=b");
  EXPECT_EQ(RefusalText(Append(table, id, {Plain(1, "a")}, 0).status()),
            Text(StreamFault::kOffsetExists, 2, 0));
  EXPECT_EQ(RefusalText(Append(table, id, {Plain(1, "a")}, 5).status()),
            Text(StreamFault::kOffsetBeyond, 2, 5));
  EXPECT_EQ(Append(table, id, {Plain(3, "c")}).value(), 2);
  table.Restart();
  EXPECT_EQ(RefusalText(Append(table, id, {Plain(3, "c")}, 2).status()),
            Text(StreamFault::kOffsetExists, 3, 2));
  EXPECT_EQ(Append(table, id, {Plain(4, "d")}, 3).value(), 3);
  EXPECT_EQ(table.Rows(), "1=a 2=b 3=c 4=d");
  EXPECT_EQ(Get(table, id).next_offset, 4);
}

TEST(WriteStreamsTest, OffsetsHoldWithinOneGroupCommit) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kCommitted);
  constexpr int kAppends = 50;
  std::vector<absl::Status> statuses(kAppends);
  std::vector<std::shared_ptr<StreamAppend>> appends;
  absl::Notification done;
  for (int i = 0; i < kAppends; ++i) {
    AppendBatch batch = table.MakeBatch({Plain(i, "x")});
    // Every tenth comes twice, and one is left out.
    const int64_t offset = i == 45 ? 99 : i % 10 == 9 ? i - i / 10 - 1 : i - i / 10;
    appends.push_back(std::make_shared<StreamAppend>(StreamAppend{id, offset}));
    batch.stream = appends.back();
    table.database().Append(std::move(batch), [&, i](absl::Status status) {
      statuses[i] = std::move(status);
      if (i + 1 == kAppends) done.Notify();
    });
  }
  done.WaitForNotification();
  for (int i = 0; i < kAppends; ++i) {
    if (i == 45) {
      EXPECT_EQ(RefusalText(statuses[i]), Text(StreamFault::kOffsetBeyond, 41, 99));
    } else if (i > 45) {
      EXPECT_TRUE(RefusalOf(statuses[i])) << i << statuses[i];
    } else if (i % 10 == 9) {
      EXPECT_EQ(RefusalOf(statuses[i])->fault, StreamFault::kOffsetExists) << i;
    } else {
      EXPECT_TRUE(statuses[i].ok()) << i << statuses[i];
    }
  }
  EXPECT_EQ(Get(table, id).next_offset, 41);
}

TEST(WriteStreamsTest, NothingIsAppendedAfterFinalize) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kCommitted);
  ASSERT_TRUE(Append(table, id, {Plain(1, "a"), Plain(2, "b")}).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(table.database().FinalizeWriteStream(table.id(), id)->next_offset, 2);
    EXPECT_EQ(RefusalText(Append(table, id, {Plain(3, "c")}, 2).status()), Text(StreamFault::kFinalized));
    table.Restart();
  }
  EXPECT_EQ(table.Rows(), "1=a 2=b");
}

TEST(WriteStreamsTest, PendingRowsShowTogetherWhenTheyAreCommitted) {
  for (const bool primary_key : {true, false}) {
    TableDriver table(ManualApplies(primary_key));
    ASSERT_TRUE(table.Append({Plain(9, "before")}).ok());
    const std::string a = Create(table, WriteStreamType::kPending);
    const std::string b = Create(table, WriteStreamType::kPending);
    EXPECT_EQ(Append(table, a, {Plain(1, "a"), Plain(2, "b")}, 0).value(), 0);
    table.Restart();
    EXPECT_EQ(Append(table, b, {Plain(3, "c")}).value(), 0);
    EXPECT_EQ(Append(table, a, {Plain(4, "d")}, 2).value(), 2);
    table.Apply();
    EXPECT_EQ(table.Rows(), "9=before");
    ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), a).ok());
    // One that is not finalized keeps both back.
    auto outcome = table.database().CommitWriteStreams(table.id(), {a, b, "unknown"});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_EQ(outcome->refused.size(), 2u);
    for (const auto& refused : outcome->refused) {
      EXPECT_EQ(refused.fault, refused.id == b ? StreamFault::kNotFinalized : StreamFault::kNotFound);
    }
    EXPECT_EQ(table.Rows(), "9=before");
    ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), b).ok());
    outcome = table.database().CommitWriteStreams(table.id(), {a, b});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_TRUE(outcome->refused.empty());
    EXPECT_EQ(table.Rows(), "1=a 2=b 3=c 4=d 9=before");
    EXPECT_EQ(absl::FromUnixMicros(*Get(table, a).commit_us), outcome->commit_time);
    ASSERT_TRUE(table.Append({Plain(10, "after")}).ok());
    table.Restart();
    EXPECT_EQ(table.Rows(), "1=a 2=b 3=c 4=d 9=before 10=after");
    outcome = table.database().CommitWriteStreams(table.id(), {a});
    ASSERT_EQ(outcome->refused.size(), 1u);
    EXPECT_EQ(outcome->refused[0].fault, StreamFault::kAlreadyCommitted);
    table.Apply();
    EXPECT_EQ(table.Rows(), "1=a 2=b 3=c 4=d 9=before 10=after");
  }
}

TEST(WriteStreamsTest, ChangesApplyToCommittedRows) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kPending);
  ASSERT_TRUE(Append(table, id, {Plain(1, "a"), Plain(2, "b")}).ok());
  ASSERT_TRUE(table.Append({Upsert(1, "before", "1")}).ok());
  ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), id).ok());
  ASSERT_TRUE(table.database().CommitWriteStreams(table.id(), {id}).ok());
  EXPECT_EQ(table.Rows(), "1=a 1=before 2=b");
  ASSERT_TRUE(table.Append({Upsert(1, "after", "2")}).ok());
  EXPECT_EQ(table.Rows(), "1=after 2=b");
  table.Restart();
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=after 2=b");
}

TEST(WriteStreamsTest, BufferedRowsShowUpToTheFlushedOffset) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kBuffered);
  const auto flush = [&](int64_t offset) {
    return table.database().FlushWriteStream(table.id(), id, offset);
  };
  EXPECT_EQ(RefusalText(flush(0)), Text(StreamFault::kFlushBeyond, 0, 0));
  ASSERT_TRUE(Append(table, id, {Plain(1, "a"), Plain(2, "b"), Plain(3, "c")}, 0).ok());
  EXPECT_EQ(table.Rows(), "");
  ASSERT_TRUE(flush(1).ok());
  EXPECT_EQ(table.Rows(), "1=a 2=b");
  EXPECT_EQ(RefusalText(flush(1)), Text(StreamFault::kAlreadyFlushed, 2, 1));
  EXPECT_EQ(RefusalText(flush(3)), Text(StreamFault::kFlushBeyond, 3, 3));
  table.Restart();
  EXPECT_EQ(RefusalText(flush(0)), Text(StreamFault::kAlreadyFlushed, 2, 0));
  ASSERT_TRUE(Append(table, id, {Plain(4, "d")}, 3).ok());
  ASSERT_TRUE(flush(3).ok());
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=a 2=b 3=c 4=d");
  ASSERT_TRUE(Append(table, id, {Plain(5, "never")}).ok());
  ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), id).ok());
  EXPECT_EQ(RefusalText(flush(4)), Text(StreamFault::kFinalized));
}

TEST(WriteStreamsTest, TypesTakeWhatIsTheirs) {
  TableDriver table(ManualApplies());
  const std::string committed = Create(table, WriteStreamType::kCommitted);
  const std::string pending = Create(table, WriteStreamType::kPending);
  for (const std::string& id : {committed, pending}) {
    ASSERT_TRUE(Append(table, id, {Plain(1, "a")}).ok());
    EXPECT_EQ(RefusalText(table.database().FlushWriteStream(table.id(), id, 0)),
              Text(StreamFault::kWrongType));
  }
  ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), committed).ok());
  EXPECT_EQ(table.database().CommitWriteStreams(table.id(), {committed})->refused.at(0).fault,
            StreamFault::kWrongType);
}

TEST(WriteStreamsTest, StagedRowsFollowTheColumns) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kPending);
  ASSERT_TRUE(Append(table, id, {Plain(1, "a")}, 0).ok());
  auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
    entity.schema.columns.emplace_back().name = "extra";
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  ASSERT_TRUE(Append(table, id, {Plain(2, "b")}, 1).ok());
  changed = table.database().RenameColumns(table.id(), std::nullopt, {{"extra", "more"}});
  ASSERT_TRUE(changed.ok()) << changed.status();
  table.Restart();
  const auto drop = [](catalog::Table& entity) {
    entity.schema.columns.pop_back();
    return absl::OkStatus();
  };
  changed = table.database().UpdateTable(table.id(), std::nullopt, drop, ColumnDrops::kAllowed);
  ASSERT_TRUE(changed.ok()) << changed.status();
  ASSERT_TRUE(Append(table, id, {Plain(3, "c")}, 2).ok());
  ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), id).ok());
  ASSERT_TRUE(table.database().CommitWriteStreams(table.id(), {id}).ok());
  EXPECT_EQ(table.Rows(), "1=a 2=b 3=c");
}

TEST(WriteStreamsTest, StreamsGoWithTheirTable) {
  TableDriver table(ManualApplies());
  const std::string id = Create(table, WriteStreamType::kPending);
  ASSERT_TRUE(Append(table, id, {Plain(1, "a")}, 0).ok());
  const catalog::Table entity = *table.database().GetTable(table.id());
  ASSERT_TRUE(table.database().DropTable(table.id()).ok());
  EXPECT_EQ(table.database().GetWriteStream(table.id(), id).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(table.database().CreateTable(entity, false).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(RefusalText(table.database().GetWriteStream(table.id(), id).status()),
              Text(StreamFault::kNotFound));
    EXPECT_EQ(RefusalText(Append(table, id, {Plain(2, "b")}).status()), Text(StreamFault::kNotFound));
    table.Restart();
  }
  EXPECT_EQ(table.Rows(), "");
}

TEST(WriteStreamsTest, LifetimesEnd) {
  TableDriver table(ManualApplies());
  const std::string committed = Create(table, WriteStreamType::kCommitted);
  const std::string buffered = Create(table, WriteStreamType::kBuffered);
  const std::string pending = Create(table, WriteStreamType::kPending);
  const std::string finalized = Create(table, WriteStreamType::kPending);
  ASSERT_TRUE(Append(table, pending, {Plain(1, "a")}).ok());
  ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), finalized).ok());
  const auto lives = [&](const std::string& id) {
    return table.database().GetWriteStream(table.id(), id).ok();
  };
  table.clock().Advance(absl::Hours(4));
  EXPECT_TRUE(lives(finalized));
  table.clock().Advance(absl::Microseconds(1));
  EXPECT_FALSE(lives(finalized));
  table.clock().Advance(absl::Hours(19));
  ASSERT_TRUE(Append(table, pending, {Plain(2, "b")}).ok());  // traffic
  table.clock().Advance(absl::Hours(24));
  EXPECT_TRUE(lives(pending));
  table.clock().Advance(absl::Seconds(1));
  EXPECT_FALSE(lives(pending));
  table.clock().Advance(absl::Hours(24));
  EXPECT_TRUE(lives(committed));
  table.clock().Advance(absl::Hours(24));
  EXPECT_FALSE(lives(committed));
  // The next one that is created sweeps; nothing of them comes back.
  Create(table, WriteStreamType::kBuffered);
  EXPECT_TRUE(lives(buffered));
  table.Restart();
  EXPECT_TRUE(lives(buffered));
  EXPECT_FALSE(lives(pending));
  table.clock().Advance(absl::Hours(7 * 24));
  EXPECT_FALSE(lives(buffered));
}

TEST(WriteStreamsTest, RowsThatWereShownOrExpiredNoLongerWait) {
  testing::TemporaryDirectory directory;
  TableDriver::Options options = ManualApplies();
  options.directory = directory.path();
  int64_t uid = 0, version = 0;
  {
    TableDriver table(options);
    const std::string pending = Create(table, WriteStreamType::kPending);
    const std::string expired = Create(table, WriteStreamType::kPending);
    const std::string buffered = Create(table, WriteStreamType::kBuffered);
    for (const std::string& id : {pending, expired, buffered}) {
      ASSERT_TRUE(Append(table, id, {Plain(1, "a"), Plain(2, "b")}).ok());
    }
    ASSERT_TRUE(table.database().FinalizeWriteStream(table.id(), pending).ok());
    ASSERT_TRUE(table.database().CommitWriteStreams(table.id(), {pending})->refused.empty());
    ASSERT_TRUE(table.database().FlushWriteStream(table.id(), buffered, 0).ok());
    table.clock().Advance(absl::Hours(25));
    Create(table, WriteStreamType::kCommitted);
    const catalog::Table entity = *table.database().GetTable(table.id());
    uid = entity.uid;
    version = entity.schema_version;
  }
  auto store = Store::Open(directory.path(), 256 << 20, 1);
  ASSERT_TRUE(store.ok()) << store.status();
  auto connection = *(*store)->Connect();
  // The second row of the buffered stream.
  EXPECT_EQ(*connection->ReadInt64("SELECT count(*) FROM " + StagedTable(uid, version)),
            std::optional<int64_t>(1));
  EXPECT_EQ(*connection->ReadInt64("SELECT count(*) FROM delta.main.stream"), std::optional<int64_t>(2));
}

TEST(WriteStreamsTest, ADirectoryOfTheFormatBeforeIsOpenedAndBecomesANewOne) {
  testing::TemporaryDirectory directory;
  TableDriver::Options options = ManualApplies();
  options.directory = directory.path();
  {
    TableDriver table(options);
    ASSERT_TRUE(table.Append({Plain(1, "a"), Upsert(2, "b", "1")}).ok());
  }
  {
    auto store = Store::Open(directory.path(), 256 << 20, 1);
    ASSERT_TRUE(store.ok()) << store.status();
    auto connection = *(*store)->Connect();
    ASSERT_TRUE(connection->Run("UPDATE baseline.main.meta SET value = 1 WHERE name = 'format'").ok());
    ASSERT_TRUE(connection->Run("DROP TABLE delta.main.stream").ok());
  }
  {
    TableDriver table(options);
    EXPECT_EQ(table.Rows(), "1=a 2=b");
    ASSERT_TRUE(Append(table, Create(table, WriteStreamType::kCommitted), {Plain(3, "c")}, 0).ok());
    EXPECT_EQ(table.Rows(), "1=a 2=b 3=c");
  }
  auto store = Store::Open(directory.path(), 256 << 20, 1);
  ASSERT_TRUE(store.ok()) << store.status();
  auto connection = *(*store)->Connect();
  EXPECT_EQ(*connection->ReadInt64("SELECT value FROM baseline.main.meta WHERE name = 'format'"),
            std::optional(Store::kFormat));
}

// What the child does until it is killed: a COMMITTED stream grows, of a PENDING and a BUFFERED one each
// round commits or flushes some rows; columns are added and changes applied. It notes what was acknowledged:
// "stream id", "committed N" (rows), "pending ROUND", "flushed N" (rows).
constexpr int kPendingRows = 3;

int64_t CommittedId(int64_t row) { return 10'000 + row; }
int64_t PendingId(int64_t round, int64_t row) { return 20'000 + round * kPendingRows + row; }
int64_t BufferedId(int64_t row) { return 30'000 + row; }

void LiveUntilKilled(const std::string& directory) {
  TableDriver::Options options = ManualApplies();
  options.database.delta_bytes_max = 1024;
  options.directory = directory;
  TableDriver table(options);
  Database& database = table.database();
  std::ofstream noted(directory + "/acknowledged", std::ios::app);
  const auto must = [](bool good) {
    if (!good) _exit(1);
  };
  const std::string committed = Create(table, WriteStreamType::kCommitted);
  const std::string buffered = Create(table, WriteStreamType::kBuffered);
  noted << "streams " << committed << " " << buffered << std::endl;
  int64_t rows = 0;
  for (int round = 0; round < 20; ++round) {
    must(Append(table, committed, {Plain(CommittedId(rows), "c"), Plain(CommittedId(rows + 1), "c")}, rows)
             .ok());
    must(
        Append(table, buffered, {Plain(BufferedId(rows), "b"), Plain(BufferedId(rows + 1), "b")}, rows).ok());
    rows += 2;
    noted << "appended " << rows << std::endl;
    const std::string pending = Create(table, WriteStreamType::kPending);
    for (int i = 0; i < kPendingRows; ++i)
      must(Append(table, pending, {Plain(PendingId(round, i), "p")}, i).ok());
    must(database.FinalizeWriteStream(table.id(), pending).ok());
    must(database.CommitWriteStreams(table.id(), {pending}).ok());
    noted << "pending " << round + 1 << std::endl;
    must(database.FlushWriteStream(table.id(), buffered, rows - 2).ok());
    noted << "flushed " << rows - 1 << std::endl;
    table.clock().Advance(absl::Milliseconds(1));
    if (round % 3 == 2) table.Apply();
    if (round % 4 == 3) {
      must(database
               .UpdateTable(table.id(), std::nullopt,
                            [&](catalog::Table& entity) {
                              entity.schema.columns.emplace_back().name = absl::StrCat("c", round);
                              return absl::OkStatus();
                            })
               .ok());
    }
  }
  _exit(0);
}

class StreamKillTest : public ::testing::TestWithParam<Kill> {};

TEST_P(StreamKillTest, StreamsGoOnWhereTheyWere) {
  const std::string point(base::FailpointName(GetParam().point));
  testing::TemporaryDirectory directory;
  ASSERT_TRUE(RunUntilKilled(GetParam(), "StreamKillChild.DISABLED_Lives", directory.path()))
      << point << " was not reached";

  std::string committed, buffered;
  int64_t appended = 0, rounds = 0, flushed = 0;
  std::ifstream noted(directory.path() + "/acknowledged");
  for (std::string word; noted >> word;) {
    if (word == "streams") noted >> committed >> buffered;
    if (word == "appended") noted >> appended;
    if (word == "pending") noted >> rounds;
    if (word == "flushed") noted >> flushed;
  }
  ASSERT_FALSE(buffered.empty()) << point << " came too early to say anything";

  TableDriver::Options options = ManualApplies();
  options.directory = directory.path();
  TableDriver table(options);
  const int64_t committed_rows = Get(table, committed).next_offset;
  const WriteStream buffer = Get(table, buffered);
  EXPECT_TRUE(committed_rows == appended || committed_rows == appended + 2) << committed_rows;
  EXPECT_TRUE(buffer.next_offset == appended || buffer.next_offset == appended + 2) << buffer.next_offset;
  EXPECT_TRUE(buffer.released == flushed || buffer.released == appended - 1) << buffer.released;
  // Shown is what the streams say, once, and of pending streams all or nothing.
  const auto want = [&](int64_t committed_until, int64_t pending_rounds, int64_t buffered_until) {
    std::vector<std::string> rows;
    for (int64_t i = 0; i < committed_until; ++i) rows.push_back(absl::StrCat(CommittedId(i), "=c"));
    for (int64_t i = 0; i < pending_rounds * kPendingRows; ++i)
      rows.push_back(absl::StrCat(PendingId(0, i), "=p"));
    for (int64_t i = 0; i < buffered_until; ++i) rows.push_back(absl::StrCat(BufferedId(i), "=b"));
    return absl::StrJoin(rows, " ");
  };
  const std::string rows = table.Rows();
  const bool one_more = rows == want(committed_rows, rounds + 1, buffer.released);
  EXPECT_TRUE(one_more || rows == want(committed_rows, rounds, buffer.released))
      << rows << "\nacknowledged: " << appended << " appended, " << rounds << " committed, " << flushed
      << " flushed";
  rounds += one_more ? 1 : 0;
  // They go on at their offsets.
  EXPECT_EQ(Append(table, committed, {Plain(CommittedId(committed_rows), "c")}, committed_rows).value_or(-1),
            committed_rows);
  EXPECT_EQ(
      Append(table, buffered, {Plain(BufferedId(buffer.next_offset), "b")}, buffer.next_offset).value_or(-1),
      buffer.next_offset);
  EXPECT_TRUE(table.database().FlushWriteStream(table.id(), buffered, buffer.next_offset).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(table.Rows(), want(committed_rows + 1, rounds, buffer.next_offset + 1));
    table.Apply();
    table.Restart();
  }
}

std::vector<Kill> StreamKills() {
  using base::Failpoint;
  std::vector<Kill> kills;
  for (const Failpoint point : {Failpoint::kAppendBeforeCommit, Failpoint::kAppendBeforeAcknowledge,
                                Failpoint::kReleaseBeforeCommit, Failpoint::kReleaseAfterCommit}) {
    for (const int visit : {1, 2, 5, 12, 23}) kills.push_back({point, visit});
  }
  for (const Failpoint point :
       {Failpoint::kApplyBeforeCommit, Failpoint::kApplyAfterCommit, Failpoint::kDeltaBeforeDelete,
        Failpoint::kAlterBetweenFiles, Failpoint::kCheckpointBefore, Failpoint::kCheckpointAfter}) {
    for (const int visit : {2, 3}) kills.push_back({point, visit});
  }
  return kills;
}

INSTANTIATE_TEST_SUITE_P(Kills, StreamKillTest, ::testing::ValuesIn(StreamKills()),
                         [](const auto& info) { return testing::KillName(info.param); });

// Runs in the child process only.
TEST(StreamKillChild, DISABLED_Lives) {
  if (KilledChildDirectory() != nullptr) LiveUntilKilled(KilledChildDirectory());
}

}  // namespace
}  // namespace bqcdc::emulator::engine
