#include "bqcdc/emulator/engine/cancellation.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Plain;
using testing::TableDriver;

// Hours of work, in one number.
constexpr char kEndless[] =
    "SELECT sum(a.range * b.range) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range <> b.range";
constexpr absl::Duration kSoon = absl::Seconds(10);

absl::Status Stopped() { return absl::CancelledError("stopped"); }

// Cancels after a moment; returns what `work` returned, and fails where that took long.
absl::Status RunAndCancel(Cancellation& cancellation, const std::function<absl::Status()>& work) {
  std::thread canceller([&] {
    absl::SleepFor(absl::Milliseconds(50));
    EXPECT_TRUE(cancellation.Cancel(Stopped()));
  });
  const absl::Time begun = absl::Now();
  const absl::Status status = work();
  EXPECT_LT(absl::Now() - begun, kSoon);
  canceller.join();
  return status;
}

// Every row is named `name`, after the work of `kEndless` where `endless` says so.
absl::StatusOr<RowChanges> Rename(const catalog::TableId& id, const std::string& name, bool endless,
                                  ReadSession& session) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, session.FindTable(id));
  BQCDC_ASSIGN_OR_RETURN(const std::string rows, session.NumberedRelationSql(table, IngestColumn::kLeftOut));
  RowChanges changes;
  changes.duckdb_sql = absl::StrCat("SELECT 2, \"$row\", id, '", name, "' FROM ", rows);
  if (endless) absl::StrAppend(&changes.duckdb_sql, " WHERE (", kEndless, ") <> id");
  changes.check = [](const Chunk&) { return absl::OkStatus(); };
  return changes;
}

TEST(CancellationTest, ARunningQueryEnds) {
  TableDriver table(TableDriver::ManualApplies());
  Cancellation cancellation;
  auto session = table.database().BeginRead(&cancellation);
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(RunAndCancel(cancellation, [&] { return (*session)->Execute(kEndless).status(); }), Stopped());
  // Nothing more runs under it, and the connection serves the next.
  EXPECT_EQ((*session)->Execute("SELECT 1").status(), Stopped());
  session->reset();
  EXPECT_EQ(table.Rows(), "");
}

TEST(CancellationTest, NothingBeginsAfterwards) {
  TableDriver table(TableDriver::ManualApplies());
  Cancellation cancellation;
  EXPECT_TRUE(cancellation.Cancel(Stopped()));
  EXPECT_TRUE(cancellation.Cancel(absl::CancelledError("again")));
  EXPECT_EQ(table.database().BeginRead(&cancellation).status(), Stopped());
  EXPECT_EQ(PointOfNoReturn::Enter(&cancellation).status(), Stopped());
}

TEST(CancellationTest, ACancelledStatementChangesNothing) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a"), Plain(2, "b")}).ok());
  Cancellation cancellation;
  const absl::Status status = RunAndCancel(cancellation, [&] {
    return table.database()
        .ChangeRows(
            table.id(), [&](ReadSession& session) { return Rename(table.id(), "x", true, session); },
            &cancellation)
        .status();
  });
  EXPECT_EQ(status, Stopped());
  EXPECT_EQ(table.Rows(), "1=a 2=b");
  // The next one finds no trace of it.
  const auto counts = table.database().ChangeRows(
      table.id(), [&](ReadSession& session) { return Rename(table.id(), "y", false, session); });
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(table.Rows(), "1=y 2=y");
}

TEST(CancellationTest, CancelledWhileItLooksAtTheRowsAStatementChangesNothing) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a")}).ok());
  Cancellation cancellation;
  const auto counts = table.database().ChangeRows(
      table.id(),
      [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
        BQCDC_ASSIGN_OR_RETURN(RowChanges changes, Rename(table.id(), "x", false, session));
        changes.check = [&](const Chunk&) {
          EXPECT_TRUE(cancellation.Cancel(Stopped()));
          return absl::OkStatus();
        };
        return changes;
      },
      &cancellation);
  EXPECT_EQ(counts.status(), Stopped());
  EXPECT_EQ(table.Rows(), "1=a");
}

TEST(CancellationTest, PastThePointOfNoReturnTheNextStatementFails) {
  TableDriver table(TableDriver::ManualApplies());
  Cancellation cancellation;
  auto session = table.database().BeginRead(&cancellation);
  ASSERT_TRUE(session.ok());
  {
    const auto committing = PointOfNoReturn::Enter(&cancellation);
    ASSERT_TRUE(committing.ok());
    EXPECT_FALSE(cancellation.Cancel(Stopped()));
    EXPECT_TRUE((*session)->Execute("SELECT 1").ok()) << "what makes the changes durable";
  }
  EXPECT_EQ((*session)->Execute("SELECT 1").status(), Stopped());
  EXPECT_EQ(cancellation.status(), Stopped());
  EXPECT_EQ(PointOfNoReturn::Enter(&cancellation).status(), Stopped());
  EXPECT_TRUE(PointOfNoReturn::Enter(nullptr).ok());
}

// Who cancels it between its end and the report of it is not told that it has changed nothing.
TEST(CancellationTest, AStatementThatHasCommittedIsNotCancelled) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a")}).ok());
  Cancellation cancellation;
  const auto change = [&] {
    return table.database().ChangeRows(
        table.id(), [&](ReadSession& session) { return Rename(table.id(), "x", false, session); },
        &cancellation);
  };
  ASSERT_TRUE(change().ok());
  ASSERT_TRUE(change().ok());
  EXPECT_FALSE(cancellation.Cancel(Stopped()));
  EXPECT_EQ(change().status(), Stopped());
}

TEST(CancellationTest, WhatRunsAfterACommitIsCancelled) {
  TableDriver table(TableDriver::ManualApplies());
  Cancellation cancellation;
  ASSERT_TRUE(PointOfNoReturn::Enter(&cancellation).ok());
  auto session = table.database().BeginRead(&cancellation);
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(cancellation.Cancel(Stopped()));
}

}  // namespace
}  // namespace bqcdc::emulator::engine
