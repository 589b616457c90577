#include "bqcdc/emulator/engine/database.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "bqcdc/emulator/engine/duckdb_connection.h"
#include "bqcdc/emulator/engine/store.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "bqcdc/emulator/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Delete;
using ::testing::HasSubstr;
using testing::Plain;
using testing::TableDriver;
using testing::TestRow;
using testing::Upsert;

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kMinuteUs = 60 * kSecondUs;

TableDriver::Options ManualApplies(std::optional<int64_t> max_staleness_us = std::nullopt) {
  TableDriver::Options options = TableDriver::ManualApplies();
  options.max_staleness_us = max_staleness_us;
  return options;
}

void SetStaleness(TableDriver& table, std::optional<int64_t> staleness_us) {
  auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
    entity.max_staleness_us = staleness_us;
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
}

TEST(DatabaseTest, StoryOfAliceAndBob) {
  TableDriver table(ManualApplies());
  ASSERT_TRUE(table
                  .Append({Upsert(1, "Alice", "1"), Delete(1, "2"), Upsert(1, "Alice Restored", "3"),
                           Upsert(2, "Bob", "4")})
                  .ok());
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  // Late and repeated changes alter nothing, before and after an apply and a restart.
  ASSERT_TRUE(table.Append({Upsert(1, "late", "1"), Delete(1, "2"), Upsert(2, "Bob", "4")}).ok());
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
  table.Apply();
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=Alice Restored 2=Bob");
}

TEST(DatabaseTest, DeletesAreRememberedOverAppliesAndRestarts) {
  TableDriver table(ManualApplies());
  ASSERT_TRUE(table.Append({Upsert(1, "a", "2"), Delete(1, "3"), Delete(9, "3")}).ok());
  table.Apply();
  table.Restart();
  ASSERT_TRUE(table.Append({Upsert(1, "late", "1"), Upsert(9, "late", "1")}).ok());
  EXPECT_EQ(table.Rows(), "");
  table.Apply();
  EXPECT_EQ(table.Rows(), "");
  table.clock().Advance(absl::Hours(48));
  ASSERT_TRUE(table.Append({Upsert(1, "48 h later", "1")}).ok());
  EXPECT_EQ(table.Rows(), "");
  table.clock().Advance(absl::Microseconds(1));
  ASSERT_TRUE(table.Append({Upsert(1, "back", "1")}).ok());
  EXPECT_EQ(table.Rows(), "1=back");
}

// Numbers count among changes of one key: under another key a row has none, and every change with one wins.
TEST(DatabaseTest, AnotherKeyForgetsTheNumbersOfTheOld) {
  TableDriver table(ManualApplies());
  const auto key = [&](std::vector<std::string> columns) {
    const auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
      entity.schema.primary_key = std::move(columns);
      return absl::OkStatus();
    });
    EXPECT_TRUE(changed.ok()) << changed.status();
  };
  ASSERT_TRUE(
      table.Append({Upsert(1, "k", "FF"), Upsert(2, "l", "FF"), Upsert(3, "m", "FF"), Delete(3, "100")})
          .ok());
  key({});
  key({"name"});
  ASSERT_TRUE(table.Append({Upsert(7, "k", "1")}).ok());
  EXPECT_EQ(table.Rows(), "2=l 7=k");
  key({"id"});
  ASSERT_TRUE(table.Append({Upsert(2, "n", "1"), Upsert(3, "o", "1")}).ok());
  EXPECT_EQ(table.Rows(), "2=n 3=o 7=k");
  table.Apply();
  table.Restart();
  EXPECT_EQ(table.Rows(), "2=n 3=o 7=k");
}

TEST(DatabaseTest, NullKeysMatchNullKeys) {
  TableDriver table(ManualApplies());
  ASSERT_TRUE(table.Append({Upsert(std::nullopt, "a", "1"), Upsert(1, "b", "1")}).ok());
  table.Apply();
  ASSERT_TRUE(table.Append({Upsert(std::nullopt, "c", "2")}).ok());
  EXPECT_EQ(table.Rows(), "NULL=c 1=b");
  table.Apply();
  ASSERT_TRUE(table.Append({Delete(std::nullopt, "3")}).ok());
  EXPECT_EQ(table.Rows(), "1=b");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=b");
  // What is applied of the key decides about late changes, be it a remembered DELETE or a row.
  ASSERT_TRUE(table.Append({Upsert(std::nullopt, "late", "2")}).ok());
  EXPECT_EQ(table.Rows(), "1=b");
  table.Apply();
  ASSERT_TRUE(table.Append({Upsert(std::nullopt, "d", "4")}).ok());
  table.Apply();
  ASSERT_TRUE(table.Append({Upsert(std::nullopt, "late", "3")}).ok());
  EXPECT_EQ(table.Rows(), "NULL=d 1=b");
  table.Apply();
  EXPECT_EQ(table.Rows(), "NULL=d 1=b");
}

TEST(DatabaseTest, PlainRowsAreVisibleAtOnceAndReplacedByKey) {
  TableDriver table(ManualApplies(10 * kMinuteUs));
  ASSERT_TRUE(table.Append({Plain(1, "bob"), Plain(1, "bob again"), Plain(2, "clarice")}).ok());
  EXPECT_EQ(table.Watermark(), -1);
  table.Apply();
  ASSERT_TRUE(table.Append({Plain(3, "late plain")}).ok());
  ASSERT_TRUE(table.Append({Upsert(1, "new"), Delete(2), Upsert(3, "three")}).ok());
  // Stale: none of the changes, all of the plain rows.
  EXPECT_EQ(table.Rows(), "1=bob 1=bob again 2=clarice 3=late plain");
  SetStaleness(table, 0);
  EXPECT_EQ(table.Rows(), "1=new 3=three");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=new 3=three");
  ASSERT_TRUE(table.Append({Plain(1, "beside")}).ok());
  EXPECT_EQ(table.Rows(), "1=beside 1=new 3=three");
}

TEST(DatabaseTest, TableWithoutKeyTakesPlainRows) {
  TableDriver::Options options = ManualApplies();
  options.primary_key = false;
  TableDriver table(options);
  ASSERT_TRUE(table.Append({Plain(1, "a"), Plain(1, "a")}).ok());
  EXPECT_EQ(table.Rows(), "1=a 1=a");
  table.Apply();
  ASSERT_TRUE(table.Append({Plain(2, "b")}).ok());
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=a 1=a 2=b");
  EXPECT_EQ(table.Watermark(), -1);
}

TEST(DatabaseTest, StalenessWindowHasItsEdges) {
  const int64_t staleness_us = 10 * kMinuteUs;
  TableDriver table(ManualApplies(staleness_us));
  ASSERT_TRUE(table.Append({Upsert(1, "old", "1")}).ok());
  EXPECT_EQ(table.Watermark(), table.now() - 1);
  table.Apply();
  EXPECT_EQ(table.Watermark(), table.now());
  const int64_t watermark = table.now();
  table.clock().Advance(absl::Minutes(1));
  ASSERT_TRUE(table.Append({Upsert(1, "new", "2")}).ok());
  table.clock().Set(absl::FromUnixMicros(watermark + staleness_us));
  EXPECT_EQ(table.Rows(), "1=old");
  table.clock().Advance(absl::Microseconds(1));
  EXPECT_EQ(table.Rows(), "1=new");
  EXPECT_EQ(table.Watermark(), watermark) << "a query moves no watermark";
  table.Restart();
  EXPECT_EQ(table.Rows(), "1=new");
  EXPECT_EQ(table.Watermark(), watermark);
}

TEST(DatabaseTest, BackgroundAppliesFollowTheClock) {
  TableDriver::Options options;
  options.max_staleness_us = 10 * kMinuteUs;
  TableDriver table(options);
  ASSERT_TRUE(table.Append({Upsert(1, "a", "1")}).ok());
  EXPECT_EQ(table.Rows(), "");
  table.clock().Advance(absl::Minutes(5));
  ASSERT_TRUE(table.database().WaitForBackground().ok());
  EXPECT_EQ(table.Watermark(), table.now());
  EXPECT_EQ(table.Rows(), "1=a");
  // Without changes the watermark goes on while the table is active, and stops 30 minutes after the last
  // change.
  for (int i = 0; i < 5; ++i) {
    table.clock().Advance(absl::Minutes(5));
    ASSERT_TRUE(table.database().WaitForBackground().ok());
    EXPECT_EQ(table.Watermark(), table.now());
  }
  const int64_t last = table.now();
  for (int i = 0; i < 3; ++i) {
    table.clock().Advance(absl::Minutes(5));
    ASSERT_TRUE(table.database().WaitForBackground().ok());
  }
  EXPECT_EQ(table.Watermark(), last);
}

TEST(DatabaseTest, CompactionWithoutStalenessIsInvisible) {
  TableDriver table(TableDriver::Options{});
  ASSERT_TRUE(table.Append({Upsert(1, "a", "1"), Upsert(2, "b", "1")}).ok());
  const std::string before = table.Rows();
  table.clock().Advance(absl::Seconds(30));
  ASSERT_TRUE(table.database().WaitForBackground().ok());
  EXPECT_EQ(table.Rows(), before);
  auto stats = table.database().Stats(table.id());
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->pending_changes, 0);
  EXPECT_EQ(stats->row_count, 2);
}

TEST(DatabaseTest, ActiveForHalfAnHourAfterTheLastChange) {
  TableDriver table(ManualApplies());
  EXPECT_FALSE(*table.database().IsActiveWithCdc(table.id()));
  ASSERT_TRUE(table.Append({Plain(1, "a")}).ok());
  EXPECT_FALSE(*table.database().IsActiveWithCdc(table.id()));
  ASSERT_TRUE(table.Append({Upsert(1, "a")}).ok());
  table.Apply();
  table.clock().Advance(absl::Minutes(30));
  EXPECT_TRUE(*table.database().IsActiveWithCdc(table.id()));
  table.clock().Advance(absl::Seconds(1));
  EXPECT_FALSE(*table.database().IsActiveWithCdc(table.id()));
}

TEST(DatabaseTest, IngestTimesRiseWhileTheClockStands) {
  TableDriver table(ManualApplies());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(table.Append({Upsert(1, absl::StrCat("v", i))}).ok());
    if (i == 2) table.Restart();
    if (i == 3) table.Apply();
    EXPECT_EQ(table.Rows(), absl::StrCat("1=v", i));
  }
}

TEST(DatabaseTest, SessionKeepsItsViewOverAppends) {
  TableDriver table(ManualApplies());
  ASSERT_TRUE(table.Append({Upsert(1, "a", "1"), Upsert(2, "b", "1")}).ok());
  auto session = table.database().BeginRead();
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE(table.Append({Upsert(1, "c", "2"), Delete(2, "2")}).ok());
  EXPECT_EQ(table.Rows(), "1=c");
  table.Apply();
  ASSERT_TRUE(table.database().WaitForBackground().ok());
  auto entity = (*session)->FindTable(table.id());
  auto relation = (*session)->RelationSql(*entity);
  ASSERT_TRUE(relation.ok()) << relation.status();
  auto result = (*session)->Execute("SELECT string_agg(name, ',' ORDER BY id) FROM " + *relation);
  ASSERT_TRUE(result.ok()) << result.status();
  auto chunk = (*result)->Next();
  EXPECT_EQ((*chunk)->Reader(0).Bytes(0), "a,b");
  EXPECT_EQ(table.Rows(), "1=c");
}

TEST(DatabaseTest, RefusesRowsOfAnotherTableOrSchema) {
  TableDriver table(ManualApplies());
  AppendBatch gone = table.MakeBatch({Plain(1, "a")});
  AppendBatch old = table.MakeBatch({Plain(1, "a")});
  auto changed = table.database().UpdateTable(table.id(), std::nullopt, [](catalog::Table& entity) {
    entity.schema.columns.emplace_back().name = "note";
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(table.AppendBatchAndWait(std::move(old)).code(), absl::StatusCode::kAborted);
  auto entity = *table.database().GetTable(table.id());
  ASSERT_TRUE(table.database().CreateTable(entity, /*replace=*/true).ok());
  EXPECT_EQ(table.AppendBatchAndWait(std::move(gone)).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(table.Rows(), "");
}

TEST(DatabaseTest, OneBadRequestDoesNotFailTheOthersOfItsGroup) {
  TableDriver table(ManualApplies());
  AppendBatch bad = table.MakeBatch({Plain(1, "a")});
  std::vector<schema::Column> one_column(1);
  bad.chunks[0] = Chunk(one_column, /*change_columns=*/true);
  bad.chunks[0].Writer(0).SetBytes(0, "x");
  bad.chunks[0].Writer(1).SetUint8(0, 0);
  bad.chunks[0].SetRowCount(1);
  absl::BlockingCounter done(3);
  std::vector<absl::Status> results(3);
  const auto store = [&](size_t i) {
    return [&, i](absl::Status status) {
      results[i] = std::move(status);
      done.DecrementCount();
    };
  };
  table.database().Append(table.MakeBatch({Plain(1, "a")}), store(0));
  table.database().Append(std::move(bad), store(1));
  table.database().Append(table.MakeBatch({Plain(2, "b")}), store(2));
  done.Wait();
  EXPECT_TRUE(results[0].ok()) << results[0];
  EXPECT_FALSE(results[1].ok());
  EXPECT_TRUE(results[2].ok()) << results[2];
  EXPECT_EQ(table.Rows(), "1=a 2=b");
}

TEST(DatabaseTest, AppendsShareCommits) {
  TableDriver table(ManualApplies());
  constexpr int kWriters = 16, kAppendsEach = 25;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&table, writer] {
      for (int i = 0; i < kAppendsEach; ++i) {
        EXPECT_TRUE(table.Append({Upsert(writer * kAppendsEach + i, "x", "1")}).ok());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const auto counts = table.database().commit_counts();
  EXPECT_EQ(counts.appends, kWriters * kAppendsEach);
  EXPECT_LE(counts.commits, counts.appends / 4);
  EXPECT_EQ(table.database().Stats(table.id())->row_count, kWriters * kAppendsEach);
}

TEST(DatabaseTest, TooMuchWaitingIsRefused) {
  TableDriver::Options options = ManualApplies();
  options.database.queued_bytes_max = 100;
  TableDriver table(options);
  int refused = 0;
  absl::BlockingCounter done(50);
  for (int i = 0; i < 50; ++i) {
    table.database().Append(table.MakeBatch({Plain(i, "a"), Plain(i, "b")}), [&](absl::Status status) {
      if (status.code() == absl::StatusCode::kResourceExhausted) ++refused;
      done.DecrementCount();
    });
  }
  done.Wait();
  EXPECT_EQ(table.database().Stats(table.id())->row_count, 2 * (50 - refused));
}

// k INT64 NOT NULL, s ARRAY<STRUCT<a STRING>>
catalog::Table NestedTable() {
  catalog::Table nested;
  nested.id = {"p", "d", "nested"};
  nested.schema.columns.resize(2);
  nested.schema.columns[0].name = "k";
  nested.schema.columns[0].type = schema::ColumnType::kInt64;
  nested.schema.columns[0].mode = schema::ColumnMode::kRequired;
  nested.schema.columns[1].name = "s";
  nested.schema.columns[1].type = schema::ColumnType::kStruct;
  nested.schema.columns[1].mode = schema::ColumnMode::kRepeated;
  nested.schema.columns[1].fields.resize(1);
  nested.schema.columns[1].fields[0].name = "a";
  return nested;
}

TEST(DatabaseTest, ColumnsAreAddedAlsoNested) {
  TableDriver table(ManualApplies());
  const catalog::Table nested = NestedTable();
  Database& database = table.database();
  ASSERT_TRUE(database.CreateTable(nested, false).ok());
  auto inserted = database.InsertFromQuery(nested.id, "SELECT 1, [{'a': 'x'}, {'a': 'y'}]");
  ASSERT_TRUE(inserted.ok()) << inserted.status();
  EXPECT_EQ(*inserted, 1);
  auto changed = database.UpdateTable(nested.id, std::nullopt, [](catalog::Table& entity) {
    entity.schema.columns[0].mode = schema::ColumnMode::kNullable;
    entity.schema.columns[1].fields.emplace_back().name = "b";
    entity.schema.columns.emplace_back().name = "c";
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->schema_version, 2);
  inserted = database.InsertFromQuery(nested.id, "SELECT NULL, [{'a': 'z', 'b': 'w'}], 'c'");
  ASSERT_TRUE(inserted.ok()) << inserted.status();
  table.Restart();
  auto session = table.database().BeginRead();
  auto relation = (*session)->RelationSql(*(*session)->FindTable(nested.id));
  auto result = (*session)->Execute("SELECT k::VARCHAR || s::VARCHAR FROM " + *relation + " WHERE k = 1");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*(*result)->Next())->Reader(0).Bytes(0), "1[{'a': x, 'b': NULL}, {'a': y, 'b': NULL}]");
}

TEST(DatabaseTest, NewArraysAreEmptyAtAnyDepth) {
  TableDriver table(ManualApplies());
  const catalog::Table nested = NestedTable();
  Database& database = table.database();
  ASSERT_TRUE(database.CreateTable(nested, false).ok());
  const auto inserted = database.InsertFromQuery(
      nested.id, "SELECT * FROM (VALUES (1, [{'a': 'x'}, NULL]), (2, NULL)) AS v(k, s)");
  ASSERT_TRUE(inserted.ok()) << inserted.status();
  const auto changed = database.UpdateTable(nested.id, std::nullopt, [](catalog::Table& entity) {
    schema::Column list;
    list.name = "list";
    list.mode = schema::ColumnMode::kRepeated;
    entity.schema.columns[1].fields.push_back(list);
    entity.schema.columns.push_back(list);
    entity.schema.columns.emplace_back().name = "plain";
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  table.Restart();
  const auto session = table.database().BeginRead();
  const auto relation = (*session)->RelationSql(*(*session)->FindTable(nested.id));
  const auto result = (*session)->Execute(
      "SELECT string_agg(k::VARCHAR || s::VARCHAR || list::VARCHAR || coalesce(plain, '-'), ' ' ORDER BY k) "
      "FROM " +
      *relation);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ((*(*result)->Next())->Reader(0).Bytes(0), "1[{'a': x, 'list': []}, NULL][]- 2[][]-");
}

TEST(DatabaseTest, AlterRefusesWhatWouldLoseData) {
  TableDriver table(ManualApplies());
  struct {
    const char* name;
    std::function<void(catalog::Table&)> change;
    const char* message;
  } const cases[] = {
      {"dropped", [](catalog::Table& entity) { entity.schema.columns.pop_back(); }, "field name is missing"},
      {"retyped", [](catalog::Table& entity) { entity.schema.columns[1].type = schema::ColumnType::kBytes; },
       "changed type from STRING to BYTES"},
      {"tightened",
       [](catalog::Table& entity) { entity.schema.columns[1].mode = schema::ColumnMode::kRequired; },
       "changed mode from NULLABLE to REQUIRED"},
      {"added as required",
       [](catalog::Table& entity) {
         entity.schema.columns.emplace_back().name = "x";
         entity.schema.columns.back().mode = schema::ColumnMode::kRequired;
       },
       "cannot add required fields"},
  };
  for (const auto& test : cases) {
    auto changed = table.database().UpdateTable(table.id(), std::nullopt, [&](catalog::Table& entity) {
      test.change(entity);
      return absl::OkStatus();
    });
    EXPECT_THAT(std::string(changed.status().message()), HasSubstr(test.message)) << test.name;
  }
}

TEST(DatabaseTest, EtagsGuardUpdates) {
  TableDriver table(ManualApplies());
  const catalog::Table before = *table.database().GetTable(table.id());
  const auto change = [](catalog::Table& entity) {
    entity.labels["bqcdc_epoch"] = "1";
    return absl::OkStatus();
  };
  ASSERT_TRUE(table.database().UpdateTable(table.id(), before.etag, change).ok());
  const auto lost = table.database().UpdateTable(table.id(), before.etag, change);
  EXPECT_EQ(errors::HttpCodeOf(lost.status()), 412);
  table.Restart();
  EXPECT_EQ(table.database().GetTable(table.id())->labels.at("bqcdc_epoch"), "1");
}

TEST(DatabaseTest, DatasetsAndTablesComeAndGo) {
  TableDriver table(ManualApplies());
  Database& database = table.database();
  EXPECT_EQ(errors::ReasonOf(database.DropDataset({"p", "d"}, false)), errors::kReasonResourceInUse);
  EXPECT_EQ(errors::ReasonOf(database.CreateTable(*database.GetTable(table.id()), false).status()),
            errors::kReasonDuplicate);
  EXPECT_EQ(errors::ReasonOf(database.GetTable({"p", "d", "nosuch"}).status()), errors::kReasonNotFound);
  ASSERT_TRUE(database.DropTable(table.id()).ok());
  EXPECT_TRUE(database.ListTables({"p", "d"})->empty());
  ASSERT_TRUE(database.DropDataset({"p", "d"}, false).ok());
  table.Restart();
  EXPECT_TRUE(table.database().ListDatasets("p")->empty());
}

TEST(DatabaseTest, AViewIsKeptAndStoresNothing) {
  TableDriver table(ManualApplies());
  catalog::Table view;
  view.id = {"p", "d", "v"};
  view.schema.columns.emplace_back().name = "x";
  view.view = catalog::View{"SELECT 1 AS x", {"x"}};
  ASSERT_TRUE(table.database().CreateTable(view, false).ok());
  view.schema.columns[0].description = "the only one";
  const auto describe = [&](catalog::Table& changed) {
    changed.schema = view.schema;
    return absl::OkStatus();
  };
  ASSERT_TRUE(table.database().UpdateTable(view.id, {}, describe).ok());
  table.Restart();
  auto kept = table.database().GetTable(view.id);
  ASSERT_TRUE(kept.ok()) << kept.status();
  ASSERT_TRUE(kept->view.has_value());
  EXPECT_EQ(kept->view->query, "SELECT 1 AS x");
  EXPECT_EQ(kept->view->columns, std::vector<std::string>{"x"});
  EXPECT_EQ(kept->schema, view.schema);
  EXPECT_TRUE(table.database().Apply(view.id).ok());
  EXPECT_FALSE(*table.database().IsActiveWithCdc(view.id));
  // Its columns are what its text says, whatever they were.
  const auto changed = table.database().UpdateTable(view.id, kept->etag, [](catalog::Table& entity) {
    entity.schema.columns[0].name = "y";
    entity.view = catalog::View{"SELECT 2 AS y", {}};
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  const auto emptied = table.database().UpdateTable(view.id, std::nullopt, [](catalog::Table& entity) {
    entity.view.reset();
    return absl::OkStatus();
  });
  EXPECT_EQ(errors::ReasonOf(emptied.status()), errors::kReasonInvalid);
  // Views and tables replace each other's names, not each other.
  catalog::Table other = *table.database().GetTable(table.id());
  other.id = view.id;
  EXPECT_EQ(errors::ReasonOf(table.database().CreateTable(other, false).status()), errors::kReasonDuplicate);
  ASSERT_TRUE(table.database().DropTable(view.id).ok());
  table.Restart();
  EXPECT_EQ(errors::ReasonOf(table.database().GetTable(view.id).status()), errors::kReasonNotFound);
}

TEST(DatabaseTest, ARenamedTableKeepsWhatWaitsAndIsRemembered) {
  TableDriver table(ManualApplies());
  Database& database = table.database();
  ASSERT_TRUE(table.Append({Upsert(1, "a", "2")}).ok());
  table.Apply();
  ASSERT_TRUE(table.Append({Upsert(2, "b", "2"), Delete(1, "3")}).ok());
  const catalog::TableId away{"p", "d", "away"};
  ASSERT_TRUE(database.RenameTable(table.id(), "away").ok());
  EXPECT_EQ(errors::ReasonOf(database.GetTable(table.id()).status()), errors::kReasonNotFound);
  EXPECT_EQ(database.ListTables({"p", "d"})->size(), 1u);
  EXPECT_TRUE(*database.IsActiveWithCdc(away));
  // The old name is free.
  catalog::Table other = *database.GetTable(away);
  other.id = table.id();
  ASSERT_TRUE(database.CreateTable(other, false).ok());
  EXPECT_EQ(errors::ReasonOf(database.RenameTable(away, "t").status()), errors::kReasonDuplicate);
  ASSERT_TRUE(database.DropTable(table.id()).ok());
  ASSERT_TRUE(database.RenameTable(away, "t").ok());
  table.Restart();
  ASSERT_TRUE(table.Append({Upsert(1, "late", "1")}).ok());
  EXPECT_EQ(table.Rows(), "2=b");
}

TEST(DatabaseTest, ARenamedColumnKeepsItsValues) {
  TableDriver table(ManualApplies());
  Database& database = table.database();
  auto changed = database.UpdateTable(table.id(), std::nullopt, [](catalog::Table& entity) {
    entity.schema.columns.emplace_back().name = "extra";
    return absl::OkStatus();
  });
  ASSERT_TRUE(changed.ok()) << changed.status();
  ASSERT_TRUE(table.Append({Upsert(1, "a", "2"), Plain(9, "p")}).ok());
  EXPECT_EQ(errors::ReasonOf(database.RenameColumns(table.id(), "other", {{"extra", "more"}}).status()),
            errors::kReasonConditionNotMet);
  EXPECT_EQ(errors::ReasonOf(database.RenameColumns(table.id(), std::nullopt, {{"nope", "more"}}).status()),
            errors::kReasonInvalid);
  EXPECT_FALSE(database.RenameColumns(table.id(), std::nullopt, {{"extra", "NAME"}}).ok());
  changed = database.RenameColumns(table.id(), std::nullopt, {{"extra", "more"}});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->schema.columns.back().name, "more");
  // Two exchange their names.
  ASSERT_TRUE(database.RenameColumns(table.id(), std::nullopt, {{"name", "more"}, {"more", "name"}}).ok());
  EXPECT_EQ(database.GetTable(table.id())->schema.columns[1].name, "more");
  ASSERT_TRUE(database.RenameColumns(table.id(), std::nullopt, {{"name", "more"}, {"more", "name"}}).ok());
  // Away and back, so that the driver finds its columns.
  ASSERT_TRUE(database.RenameColumns(table.id(), std::nullopt, {{"name", "word"}}).ok());
  ASSERT_TRUE(database.RenameColumns(table.id(), std::nullopt, {{"word", "name"}}).ok());
  table.Restart();
  ASSERT_TRUE(table.Append({Upsert(1, "late", "1"), Upsert(2, "b", "1")}).ok());
  EXPECT_EQ(table.Rows(), "1=a 2=b 9=p");
  table.Apply();
  EXPECT_EQ(table.Rows(), "1=a 2=b 9=p");
}

absl::Status QueryError(TableDriver& table, const std::string& sql) {
  auto session = table.database().BeginRead();
  return (*session)->Execute(sql).status();
}

TEST(DatabaseTest, QueryErrorsOfTheDataAreTheUsers) {
  TableDriver table(ManualApplies());
  EXPECT_EQ(QueryError(table, "SELECT 9223372036854775807::BIGINT + i FROM range(2) AS r(i)").code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status cast = QueryError(table, "SELECT s::BIGINT FROM (VALUES ('x')) AS v(s)");
  EXPECT_EQ(cast.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(cast.message()), HasSubstr("Could not convert"));
  EXPECT_EQ(QueryError(table, "SELECT nosuch").code(), absl::StatusCode::kInternal);
  // An error ends its session; the next one is not touched by it.
  EXPECT_TRUE(QueryError(table, "SELECT 1").ok());
}

TEST(DatabaseTest, InsertChecksRequiredColumns) {
  TableDriver table(ManualApplies());
  catalog::Table required;
  required.id = {"p", "d", "required"};
  required.schema.columns.resize(1);
  required.schema.columns[0].name = "a";
  required.schema.columns[0].mode = schema::ColumnMode::kRequired;
  ASSERT_TRUE(table.database().CreateTable(required, false).ok());
  EXPECT_THAT(std::string(table.database().InsertFromQuery(required.id, "SELECT NULL").status().message()),
              HasSubstr("Required field a cannot be null"));
}

TEST(DatabaseTest, AppliedRowsLeaveTheDeltaInPiecesAndNoOtherRowDoes) {
  testing::TemporaryDirectory directory;
  TableDriver::Options options = ManualApplies();
  options.directory = directory.path();
  options.database.commit_rows_max = 10;
  int64_t uid = 0;
  {
    TableDriver table(options);
    uid = (*table.database().BeginRead())->FindTable(table.id())->uid;
    for (const int64_t end : {25, 61}) {
      for (int64_t id = end - 25; id < end; ++id) ASSERT_TRUE(table.Append({Upsert(id, "applied")}).ok());
      table.Apply();
    }
    for (int64_t id = 0; id < 7; ++id) ASSERT_TRUE(table.Append({Upsert(id, "waits")}).ok());
  }
  auto store = Store::Open(directory.path(), 256 << 20, 1);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto connection = *(*store)->Connect();
  EXPECT_EQ(*connection->ReadInt64(absl::StrCat("SELECT count(*) FROM ", DeltaTable(uid))), 7);
  EXPECT_EQ(
      *connection->ReadInt64(absl::StrCat("SELECT count(*) FROM ", DeltaTable(uid), " WHERE name = 'waits'")),
      7);
}

TEST(DatabaseTest, SecondOpenIsRefused) {
  TableDriver table(ManualApplies());
  DatabaseOptions options;
  options.data_dir = table.directory();
  const auto second = Database::Open(options, &table.clock());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(table.directory()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(absl::StrCat("process ", getpid())));
}

TEST(DatabaseTest, OlderFormatsAreTakenOver) {
  for (const int64_t format : {1, 2}) {
    testing::TemporaryDirectory directory;
    TableDriver::Options options = ManualApplies();
    options.directory = directory.path();
    {
      TableDriver table(options);
      ASSERT_TRUE(table.Append({Upsert(1, "a", "2"), Upsert(2, "b", "2"), Delete(3, "2")}).ok());
      table.Apply();
      ASSERT_TRUE(table.Append({Upsert(2, "c", "3"), Plain(9, "p")}).ok());
    }
    const auto with_store = [&](const std::function<void(Connection&)>& use) {
      auto store = Store::Open(directory.path(), 256 << 20, 1);
      ASSERT_TRUE(store.ok()) << store.status();
      use(**(*store)->Connect());
    };
    with_store([&](Connection& connection) {
      // The first one knew of no write streams.
      ASSERT_TRUE(connection.Run(format == 1 ? "DROP TABLE delta.main.stream" : "").ok());
      ASSERT_TRUE(
          connection
              .Run(absl::StrCat("UPDATE baseline.main.meta SET value = ", format, " WHERE name = 'format'"))
              .ok());
    });
    {
      TableDriver table(options);
      EXPECT_EQ(table.Rows(), "1=a 2=c 9=p");
      ASSERT_TRUE(table.Append({Upsert(1, "late", "1"), Upsert(3, "late", "1")}).ok());
      table.Apply();
      EXPECT_EQ(table.Rows(), "1=a 2=c 9=p");
      EXPECT_TRUE(table.database().CreateWriteStream(table.id(), WriteStreamType::kPending).ok());
    }
    with_store([](Connection& connection) {
      EXPECT_EQ(*connection.ReadInt64("SELECT value FROM baseline.main.meta WHERE name = 'format'"),
                Store::kFormat);
    });
  }
}

TEST(DatabaseTest, NewerFormatIsRefused) {
  testing::TemporaryDirectory directory;
  {
    auto store = Store::Open(directory.path(), 256 << 20, 1);
    ASSERT_TRUE(store.ok()) << store.status();
    auto connection = *(*store)->Connect();
    ASSERT_TRUE(connection->Run("UPDATE baseline.main.meta SET value = 99 WHERE name = 'format'").ok());
  }
  DatabaseOptions options;
  options.data_dir = directory.path();
  const auto opened = Database::Open(options, &base::SystemClock::Get());
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(opened.status().message()),
              HasSubstr(absl::StrCat("has format 99, this program reads formats up to ", Store::kFormat)));
}

TEST(DatabaseTest, DirectoryThatCannotBeMadeIsRefused) {
  testing::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  DatabaseOptions options;
  options.data_dir = directory.path() + "/file/data";
  const auto opened = Database::Open(options, &base::SystemClock::Get());
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("cannot be created"));
}

TEST(DatabaseTest, TiesAreShuffledTheSameAfterARestart) {
  TableDriver::Options options = ManualApplies();
  options.database.cdc.shuffle_ties = true;
  options.database.cdc.shuffle_seed = 7;
  TableDriver table(options);
  int first_wins = 0;
  for (int64_t key = 0; key < 40; ++key) {
    ASSERT_TRUE(table.Append({Upsert(key, "a", "1"), Upsert(key, "b", "1")}).ok());
  }
  const std::string rows = table.Rows();
  for (int64_t key = 0; key < 40; ++key)
    first_wins += rows.find(absl::StrCat(key, "=a")) != std::string::npos;
  EXPECT_GT(first_wins, 5);
  EXPECT_LT(first_wins, 35);
  table.Restart();
  EXPECT_EQ(table.Rows(), rows);
  table.Apply();
  EXPECT_EQ(table.Rows(), rows);
  ASSERT_TRUE(
      table.Append({Upsert(100, "new", "9"), Upsert(100, "old", "8"), Upsert(100, "older", "7")}).ok());
  EXPECT_THAT(table.Rows(), HasSubstr("100=new"));
}

TEST(DatabaseTest, ManyRowsOverAppliesQueriesAndRestarts) {
  TableDriver table(ManualApplies());
  constexpr int kKeys = 5000;
  for (int round = 1; round <= 4; ++round) {
    std::vector<TestRow> rows;
    for (int key = 0; key < kKeys; ++key) {
      if (key % 7 == round) {
        rows.push_back(Delete(key, absl::StrCat(round)));
      } else {
        rows.push_back(Upsert(key, absl::StrCat("r", round), absl::StrCat(round)));
      }
    }
    // A repeat of the first round in between loses everywhere.
    for (int key = 0; key < kKeys; ++key) rows.push_back(Upsert(key, "r0", "0"));
    ASSERT_TRUE(table.Append(rows).ok());
    if (round == 2) table.Apply();
    if (round == 3) table.Restart();
    auto stats = table.database().Stats(table.id());
    ASSERT_TRUE(stats.ok()) << stats.status();
    EXPECT_EQ(stats->row_count, kKeys - (kKeys / 7 + (round < kKeys % 7 ? 1 : 0))) << round;
  }
}

}  // namespace
}  // namespace bqcdc::emulator::engine
