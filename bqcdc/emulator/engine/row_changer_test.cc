#include "bqcdc/emulator/engine/row_changer.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/engine/testing/killed_child.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Delete;
using testing::Kill;
using testing::KilledChildDirectory;
using testing::Plain;
using testing::RunUntilKilled;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;

// Every row below 1000 is named `name`, those above go, and row 1000 + `n` comes.
absl::StatusOr<RowChanges> Everything(const catalog::TableId& id, const std::string& name, int n,
                                      ReadSession& session) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, session.FindTable(id));
  BQCDC_ASSIGN_OR_RETURN(const std::string rows, session.NumberedRelationSql(table, IngestColumn::kLeftOut));
  RowChanges changes;
  changes.duckdb_sql = absl::StrCat("SELECT 2, \"$row\", id, '", name, "' FROM ", rows,
                                    " WHERE id < 1000 UNION ALL SELECT 3, \"$row\", NULL, NULL FROM ", rows,
                                    " WHERE id >= 1000 UNION ALL SELECT 1, NULL, ", 1000 + n, ", 'new'");
  return changes;
}

absl::StatusOr<RowChangeCounts> ChangeEverything(TableDriver& table, const std::string& name, int n) {
  return table.database().ChangeRows(
      table.id(), [&](ReadSession& session) { return Everything(table.id(), name, n, session); });
}

TEST(RowChangerTest, UpdatesDeletesAndInsertsAtOnceAndForGood) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a"), Plain(2, "b")}).ok());
  table.Apply();
  ASSERT_TRUE(table.Append({Plain(3, "c"), Plain(1000, "old")}).ok());  // these wait in the delta
  const auto counts = ChangeEverything(table, "x", 1);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->updated, 3);
  EXPECT_EQ(counts->deleted, 1);
  EXPECT_EQ(counts->inserted, 1);
  EXPECT_EQ(table.Rows(), "1=x 2=x 3=x 1001=new");
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=x 2=x 3=x 1001=new");
}

TEST(RowChangerTest, ARefusedStatementChangesNothing) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a"), Plain(2, "b")}).ok());
  const auto with = [&](const std::string& sql, std::function<absl::Status(const Chunk&)> check) {
    return table.database()
        .ChangeRows(table.id(),
                    [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
                      BQCDC_ASSIGN_OR_RETURN(RowChanges changes, Everything(table.id(), "x", 1, session));
                      absl::StrAppend(&changes.duckdb_sql, sql);
                      changes.check = check;
                      return changes;
                    })
        .status();
  };
  const absl::Status twice = with(" UNION ALL SELECT 3, 0, NULL, NULL", nullptr);
  EXPECT_EQ(twice.message(), "UPDATE/MERGE must match at most one source row for each target row");
  EXPECT_TRUE(absl::IsInvalidArgument(with(" UNION ALL SELECT 1, NULL, 1, error('no')", nullptr)));
  size_t looked_at = 0;
  const absl::Status checked = with("", [&](const Chunk& rows) {
    looked_at += rows.row_count();
    return absl::InvalidArgumentError("not these");
  });
  EXPECT_EQ(checked.message(), "not these");
  EXPECT_EQ(looked_at, 3U);
  EXPECT_EQ(table.Rows(), "1=a 2=b");
  EXPECT_EQ(table.database()
                .ChangeRows({"p", "d", "nope"}, [](ReadSession&) { return RowChanges{}; })
                .status()
                .code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(ChangeEverything(table, "x", 1).ok());  // and the connection is good for the next
}

TEST(RowChangerTest, ATableIsRefusedWhileItIsActiveWithCdc) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Upsert(1, "a", "5"), Plain(2, "b")}).ok());
  EXPECT_EQ(ChangeEverything(table, "x", 1).status().code(), absl::StatusCode::kFailedPrecondition);
  table.Apply();
  EXPECT_EQ(ChangeEverything(table, "x", 1).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(table.Rows(), "1=a 2=b");
  table.clock().Advance(absl::Minutes(31));
  ASSERT_TRUE(ChangeEverything(table, "x", 1).ok());
  EXPECT_EQ(table.Rows(), "1=x 2=x 1001=new");
  // An updated row is as old as the change that it came from; an inserted one has no number.
  ASSERT_TRUE(table.Append({Upsert(1, "late", "4"), Upsert(1001, "newer", "1")}).ok());
  EXPECT_EQ(table.Rows(), "1=x 2=x 1001=newer");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=x 2=x 1001=newer");
}

// A replay with the numbers of the first time finds neither rows nor deletes in its way.
TEST(RowChangerTest, ATruncatedTableRemembersNoDeletes) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Upsert(1, "a", "5"), Upsert(2, "b", "5"), Delete(2, "6")}).ok());
  table.Apply();
  table.clock().Advance(absl::Minutes(31));  // no longer active with changes
  const auto truncate = [&] {
    return table.database()
        .ChangeRows(table.id(),
                    [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
                      BQCDC_ASSIGN_OR_RETURN(const catalog::Table found, session.FindTable(table.id()));
                      BQCDC_ASSIGN_OR_RETURN(const std::string rows,
                                             session.NumberedRelationSql(found, IngestColumn::kLeftOut));
                      RowChanges changes;
                      changes.duckdb_sql = absl::StrCat("SELECT 3, \"$row\", NULL, NULL FROM ", rows);
                      changes.truncates = true;
                      return changes;
                    })
        .status();
  };
  ASSERT_TRUE(truncate().ok()) << truncate();
  ASSERT_TRUE(table.Append({Upsert(1, "c", "1"), Upsert(2, "d", "1")}).ok());
  EXPECT_EQ(table.Rows(), "1=c 2=d");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=c 2=d");
}

TEST(RowChangerTest, RowsThatComeMeanwhileComeAfterTheStatement) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a")}).ok());
  const auto counts =
      table.database().ChangeRows(table.id(), [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
        EXPECT_TRUE(table.Append({Plain(2, "b")}).ok());
        return Everything(table.id(), "x", 1, session);
      });
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->updated, 1);
  EXPECT_EQ(table.Rows(), "1=x 2=b 1001=new");
  table.Apply();
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=x 2=b 1001=new");
}

TEST(RowChangerTest, AChangeThatComesMeanwhileRefusesTheStatement) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a")}).ok());
  const auto counts =
      table.database().ChangeRows(table.id(), [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
        EXPECT_TRUE(table.Append({Upsert(2, "b", "1")}).ok());
        return Everything(table.id(), "x", 1, session);
      });
  EXPECT_EQ(counts.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(table.Rows(), "1=a 2=b");
}

TEST(RowChangerTest, AStatementMayRewriteMoreThanMemoryHolds) {
  constexpr int64_t kRows = 200'000, kRowsOfAppend = 20'000;
  constexpr int kWords = 30;
  TableDriver::Options options = TableDriver::ManualApplies();
  options.database.memory_bytes_max = 64 * 1024 * 1024;  // the names are 90 MB
  TableDriver table(options);
  std::mt19937_64 random(1);
  for (int64_t id = 0; id < kRows;) {
    std::vector<TestRow> rows;
    for (const int64_t end = id + kRowsOfAppend; id < end; ++id) {
      std::string name;
      for (int word = 0; word < kWords; ++word) absl::StrAppend(&name, absl::Hex(random()));
      rows.push_back(Plain(id, name));
    }
    ASSERT_TRUE(table.Append(rows).ok());
    table.Apply();
  }
  const auto counts =
      table.database().ChangeRows(table.id(), [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
        BQCDC_ASSIGN_OR_RETURN(const catalog::Table entity, session.FindTable(table.id()));
        BQCDC_ASSIGN_OR_RETURN(const std::string rows,
                               session.NumberedRelationSql(entity, IngestColumn::kLeftOut));
        RowChanges changes;
        changes.duckdb_sql = absl::StrCat("SELECT 2, \"$row\", id + 1, name FROM ", rows);
        changes.check = [](const Chunk&) { return absl::OkStatus(); };
        return changes;
      });
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->updated, kRows);
}

TEST(RowChangerTest, AReaderSeesAllOrNothing) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a"), Plain(2, "b")}).ok());
  const auto count = [&](ReadSession& session) {
    const auto relation = session.RelationSql(*session.FindTable(table.id()));
    const auto result =
        session.Execute(absl::StrCat("SELECT count(*) FROM ", *relation, " WHERE name = 'x'"));
    return (*(*result)->Next())->Reader(0).Int64(0);
  };
  const auto before = table.database().BeginRead();
  ASSERT_TRUE(before.ok());
  const auto changed =
      table.database().ChangeRows(table.id(), [&](ReadSession& session) -> absl::StatusOr<RowChanges> {
        RowChanges changes = *Everything(table.id(), "x", 1, session);
        // Looked at when the changes stand ready.
        changes.check = [&](const Chunk&) {
          const auto meanwhile = table.database().BeginRead();
          EXPECT_EQ(count(**meanwhile), 0);
          return absl::OkStatus();
        };
        return changes;
      });
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(count(**before), 0);
  EXPECT_EQ(count(**table.database().BeginRead()), 2);
}

void ChangeUntilKilled(const std::string& directory) {
  TableDriver::Options options = TableDriver::ManualApplies();
  options.directory = directory;
  TableDriver table(options);
  if (!table.Append({Plain(1, "v0"), Plain(2, "v0"), Plain(1000, "new")}).ok()) _exit(1);
  std::ofstream noted(directory + "/acknowledged", std::ios::app);
  for (int i = 1; i <= 5; ++i) {
    if (!ChangeEverything(table, absl::StrCat("v", i), i).ok()) _exit(1);
    noted << i << std::endl;
  }
  _exit(0);
}

class ChangeKilledTest : public ::testing::TestWithParam<Kill> {};

TEST_P(ChangeKilledTest, AllOfAStatementIsThereOrNothing) {
  testing::TemporaryDirectory directory;
  ASSERT_TRUE(RunUntilKilled(GetParam(), "ChangeChild.DISABLED_Lives", directory.path()));
  int last = 0;
  std::ifstream noted(directory.path() + "/acknowledged");
  for (int i = 0; noted >> i;) last = i;
  TableDriver::Options options = TableDriver::ManualApplies();
  options.directory = directory.path();
  TableDriver table(options);
  const int want = GetParam().point == base::Failpoint::kChangeRowsAfterCommit ? last + 1 : last;
  EXPECT_EQ(table.Rows(), absl::StrCat("1=v", want, " 2=v", want, " ", 1000 + want, "=new"));
  ASSERT_TRUE(ChangeEverything(table, "later", 7).ok());
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=later 2=later 1007=new");
}

INSTANTIATE_TEST_SUITE_P(Kills, ChangeKilledTest,
                         ::testing::Values(Kill{base::Failpoint::kChangeRowsBeforeCommit, 1},
                                           Kill{base::Failpoint::kChangeRowsBeforeCommit, 3},
                                           Kill{base::Failpoint::kChangeRowsAfterCommit, 1},
                                           Kill{base::Failpoint::kChangeRowsAfterCommit, 3}),
                         [](const auto& info) { return testing::KillName(info.param); });

// Runs in the child process only.
TEST(ChangeChild, DISABLED_Lives) {
  if (KilledChildDirectory() != nullptr) ChangeUntilKilled(KilledChildDirectory());
}

}  // namespace
}  // namespace bqcdc::emulator::engine
