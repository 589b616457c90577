// Partitions and tables whose time is over.

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database_core.h"
#include "bqcdc/emulator/engine/partition_expiry.h"
#include "bqcdc/emulator/engine/table_expiry.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "bqcdc/emulator/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using ::testing::HasSubstr;
using testing::Plain;
using testing::TableDriver;
using testing::Upsert;

catalog::Table Partitioned(const std::string& type, schema::ColumnType column, int64_t expiration_ms) {
  catalog::Table table;
  table.schema.columns = {{.name = "t", .type = column}};
  table.time_partitioning = catalog::TimePartitioning{type, "t", expiration_ms};
  return table;
}

TEST(PartitionExpiryTest, APartitionIsKeptFromItsBeginning) {
  struct Case {
    const char* type;
    const char* now;
    const char* first_kept;
  };
  constexpr int64_t kDayMs = 24 * 3'600'000;
  const Case cases[] = {
      {"DAY", "2026-03-02 00:00:00", "2026-03-02"},  // that of yesterday has been kept a day by now
      {"DAY", "2026-03-01 23:59:59", "2026-03-01"},
      {"HOUR", "2026-03-02 05:00:00", "2026-03-01 06:00:00"},
      {"HOUR", "2026-03-02 04:59:59", "2026-03-01 05:00:00"},
      {"MONTH", "2026-03-02 00:00:00", "2026-04-01"},
      {"MONTH", "2026-03-01 23:59:59", "2026-03-01"},
      {"YEAR", "2026-01-02 00:00:00", "2027-01-01"},
      {"YEAR", "2026-01-01 12:00:00", "2026-01-01"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.now);
    absl::Time now;
    ASSERT_TRUE(absl::ParseTime("%Y-%m-%d %H:%M:%S", c.now, &now, nullptr));
    EXPECT_THAT(KeptRowsCondition(Partitioned(c.type, schema::ColumnType::kDatetime, kDayMs),
                                  absl::ToUnixMicros(now)),
                HasSubstr(c.first_kept));
  }
}

TEST(PartitionExpiryTest, WithoutExpirationThereIsNoCondition) {
  catalog::Table table = Partitioned("DAY", schema::ColumnType::kDate, 1);
  table.time_partitioning->expiration_ms.reset();
  EXPECT_EQ(KeptRowsCondition(table, 0), "");
  EXPECT_EQ(KeptRowsCondition(catalog::Table(), 0), "");
}

TEST(PartitionExpiryTest, WhatIsKeptLongerThanThereAreTimesIsKept) {
  constexpr int64_t kYearMs = 366LL * 24 * 3'600'000;
  const int64_t now_us = 1'772'409'600'000'000;  // 2026-03-02
  EXPECT_NE(KeptRowsCondition(Partitioned("DAY", schema::ColumnType::kDate, 2'000 * kYearMs), now_us), "");
  for (const int64_t long_ms : {2'030 * kYearMs, std::numeric_limits<int64_t>::max()})
    EXPECT_EQ(KeptRowsCondition(Partitioned("DAY", schema::ColumnType::kDate, long_ms), now_us), "");
}

int64_t StoredRows(TableDriver& table) {
  const auto session = *table.database().BeginRead();
  const auto result = session->Execute("SELECT count(*) FROM baseline.main.b1");
  return (*(*result)->Next())->Reader(0).Int64(0);
}

void PartitionByIngestion(TableDriver& table, absl::Duration expiration) {
  const auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
    entity.time_partitioning = catalog::TimePartitioning{"DAY", "", absl::ToInt64Milliseconds(expiration)};
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
}

TEST(PartitionExpiryTest, RowsOfExpiredPartitionsAreNotSeenAndGoWithTheNextApply) {
  TableDriver table(TableDriver::ManualApplies());
  PartitionByIngestion(table, absl::Hours(48));
  ASSERT_TRUE(table.Append({Upsert(1, "old", "1"), Plain(2, "old")}).ok());
  table.Apply();
  table.clock().Advance(absl::Hours(24));
  ASSERT_TRUE(table.Append({Upsert(3, "new", "1"), Plain(4, "new")}).ok());
  EXPECT_EQ(table.Rows(), "1=old 2=old 3=new 4=new");
  table.clock().Advance(absl::Hours(24));
  EXPECT_EQ(table.Rows(), "3=new 4=new");  // merged with what waits
  EXPECT_EQ(StoredRows(table), 2);
  table.Apply();
  EXPECT_EQ(StoredRows(table), 2);
  EXPECT_EQ(table.Rows(), "3=new 4=new");
  table.clock().Advance(absl::Hours(48));
  EXPECT_EQ(table.Rows(), "");
}

TEST(PartitionExpiryTest, AStatementDoesNotFindExpiredRows) {
  TableDriver table(TableDriver::ManualApplies());
  PartitionByIngestion(table, absl::Hours(24));
  ASSERT_TRUE(table.Append({Plain(1, "old")}).ok());
  table.clock().Advance(absl::Hours(24));
  ASSERT_TRUE(table.Append({Plain(2, "new")}).ok());
  const auto counts = table.database().ChangeRows(table.id(), [&](ReadSession& session) {
    const catalog::Table entity = *session.FindTable(table.id());
    RowChanges changes;
    changes.duckdb_sql =
        "SELECT 3, \"$row\", NULL, NULL FROM " + *session.NumberedRelationSql(entity, IngestColumn::kLeftOut);
    changes.check = [](const Chunk&) { return absl::OkStatus(); };
    return changes;
  });
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->deleted, 1);
}

void SetExpiration(TableDriver& table, absl::Duration after) {
  const auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
    entity.expiration_time_ms = absl::ToUnixMillis(table.clock().Now() + after);
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
}

TEST(TableExpiryTest, AnExpiredTableIsGone) {
  TableDriver table(TableDriver::ManualApplies());
  ASSERT_TRUE(table.Append({Plain(1, "a")}).ok());
  SetExpiration(table, absl::Hours(1));
  table.clock().Advance(absl::Minutes(59));
  EXPECT_EQ(table.Rows(), "1=a");
  table.clock().Advance(absl::Minutes(1));
  EXPECT_TRUE(absl::IsNotFound(table.database().GetTable(table.id()).status()));
  EXPECT_TRUE(table.database().ListTables({"p", "d"})->empty());
  ASSERT_TRUE(table.database().WaitForBackground().ok());
  const auto session = *table.database().BeginRead();
  EXPECT_FALSE(session->Execute("SELECT count(*) FROM baseline.main.b1").ok());  // its rows, too
  EXPECT_TRUE(table.database().DropDataset({"p", "d"}, /*drop_tables=*/false).ok());
}

// The applier looks while others make and alter tables: each such change frees a catalog.
TEST(TableExpiryTest, TheNextTimeIsReadFromACatalogThatStays) {
  const base::ManualClock clock(absl::UnixEpoch());
  DatabaseCore core({}, &clock, nullptr);
  const auto put_catalog = [&core] {
    auto state = std::make_shared<catalog::CatalogState>();
    for (int64_t uid = 1; uid <= 200; ++uid) {
      catalog::Table table;
      table.uid = uid;
      table.id = {"p", "d", std::to_string(uid)};
      table.expiration_time_ms = uid;
      state->PutTable(std::move(table));
    }
    absl::MutexLock lock(&core.mutex);
    core.catalog = std::move(state);
  };
  put_catalog();
  std::atomic<bool> stop = false;
  std::thread changes([&] {
    while (!stop) put_catalog();
  });
  const TableExpiry expiry(&core, [](const catalog::Table&) { return absl::OkStatus(); });
  int wrong = 0;
  for (int look = 0; look < 50'000; ++look) wrong += expiry.NextDueUs() != 1000;
  stop = true;
  changes.join();
  EXPECT_EQ(wrong, 0);
}

TEST(TableExpiryTest, ATableThatIsToLiveLongerDoes) {
  TableDriver table(TableDriver::ManualApplies());
  SetExpiration(table, absl::Hours(1));
  SetExpiration(table, absl::Hours(2));
  table.clock().Advance(absl::Hours(1));
  ASSERT_TRUE(table.database().WaitForBackground().ok());
  EXPECT_TRUE(table.database().GetTable(table.id()).ok());
}

TEST(TableExpiryTest, ATableMayLiveLongerThanMicrosecondsCount) {
  TableDriver table(TableDriver::ManualApplies());
  const auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
    entity.expiration_time_ms = std::numeric_limits<int64_t>::max();
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  ASSERT_TRUE(table.database().WaitForBackground().ok());
  EXPECT_TRUE(table.database().GetTable(table.id()).ok());
}

TEST(TableExpiryTest, DatasetsGiveTheirDefaults) {
  TableDriver table(TableDriver::ManualApplies());
  Database& database = table.database();
  const auto set = [&](std::optional<int64_t> of_tables, std::optional<int64_t> of_partitions) {
    return database
        .UpdateDataset({"p", "d"}, std::nullopt,
                       [&](catalog::Dataset& dataset) {
                         dataset.default_table_expiration_ms = of_tables;
                         dataset.default_partition_expiration_ms = of_partitions;
                         return absl::OkStatus();
                       })
        .ok();
  };
  const auto create = [&](bool partitioned) {
    catalog::Table made;
    made.id = {"p", "d", "made"};
    made.schema.columns = {{.name = "t", .type = schema::ColumnType::kDate}};
    if (partitioned) made.time_partitioning = catalog::TimePartitioning{"DAY", "t", std::nullopt};
    return *database.CreateTable(made, /*replace=*/true);
  };
  const int64_t now_ms = absl::ToUnixMillis(table.clock().Now());
  ASSERT_TRUE(set(3'600'000, std::nullopt));
  EXPECT_EQ(create(false).expiration_time_ms, now_ms + 3'600'000);
  EXPECT_EQ(create(true).expiration_time_ms, now_ms + 3'600'000);
  constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
  ASSERT_TRUE(set(kForever, std::nullopt));
  EXPECT_EQ(create(false).expiration_time_ms, kForever);
  ASSERT_TRUE(set(3'600'000, 7'200'000));
  EXPECT_EQ(create(false).expiration_time_ms, now_ms + 3'600'000);
  EXPECT_FALSE(create(true).expiration_time_ms.has_value());
  EXPECT_EQ(create(true).time_partitioning->expiration_ms, 7'200'000);
}

}  // namespace
}  // namespace bqcdc::emulator::engine
