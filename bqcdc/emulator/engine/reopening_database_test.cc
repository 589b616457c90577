#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using testing::Delete;
using testing::TableDriver;
using testing::Upsert;

// A function of a query that finds an invariant of DuckDB broken: DuckDB gives up the whole instance.
ScalarFunction BreakDuckDb() {
  ScalarFunction function;
  function.name = "break_duckdb";
  schema::Column integer;
  integer.type = schema::ColumnType::kInt64;
  function.parameters = {integer};
  function.result = integer;
  function.is_volatile = true;
  function.evaluate = [](const std::vector<VectorReader>&, size_t, VectorWriter) -> absl::Status {
    // How DuckDB writes an exception of its own.
    throw std::runtime_error(R"({"exception_type":"INTERNAL","exception_message":"broken by a test"})");
  };
  return function;
}

// Counts what on_failure was told.
struct Failures {
  absl::Mutex mutex;
  std::vector<std::string> reasons;
  size_t count() {
    absl::MutexLock lock(&mutex);
    return reasons.size();
  }
};

class ReopeningDatabaseTest : public ::testing::Test {
 protected:
  explicit ReopeningDatabaseTest(absl::Duration reopening_wait = absl::Seconds(60))
      : driver_(Options(failures_, reopening_wait)) {
    EXPECT_TRUE(driver_.database().RegisterFunctions({BreakDuckDb()}).ok());
  }

  static TableDriver::Options Options(Failures& failures, absl::Duration reopening_wait) {
    TableDriver::Options options = TableDriver::ManualApplies();
    options.database.reopening_wait = reopening_wait;
    options.max_staleness_us = 0;
    options.database.on_failure = [&failures](const absl::Status& why) {
      absl::MutexLock lock(&failures.mutex);
      failures.reasons.emplace_back(why.message().data(), why.message().size());
    };
    return options;
  }
  Database& database() { return driver_.database(); }
  // In a session that ends; what its query comes to.
  absl::Status Break() {
    auto session = database().BeginRead();
    if (!session.ok()) return session.status();
    return (*session)->Execute("SELECT break_duckdb(1)").status();
  }

  Failures failures_;
  int64_t appended_ = 0;  // under the mutex of failures_
  TableDriver driver_;
};

// Whose calls are soon Unavailable.
class ImpatientReopeningDatabaseTest : public ReopeningDatabaseTest {
 protected:
  ImpatientReopeningDatabaseTest() : ReopeningDatabaseTest(absl::Milliseconds(100)) {}
  void AwaitOpen() {
    for (int i = 0; i < 600 && absl::IsUnavailable(database().GetTable(driver_.id()).status()); ++i) continue;
  }
};

TEST_F(ReopeningDatabaseTest, AQueryThatBreaksDuckDbFailsAloneAndNothingIsLost) {
  ASSERT_TRUE(driver_.Append({Upsert(1, "a"), Upsert(2, "b")}).ok());
  driver_.Apply();
  ASSERT_TRUE(driver_.Append({Upsert(2, "c"), Delete(1)}).ok());
  const int64_t watermark = driver_.Watermark();
  const Database::CommitCounts counts = database().commit_counts();

  const absl::Status broken = Break();
  EXPECT_EQ(broken, absl::InternalError("broken by a test"));

  EXPECT_EQ(driver_.Rows(), "2=c");
  EXPECT_EQ(driver_.Watermark(), watermark);
  EXPECT_EQ(database().commit_counts().appends, counts.appends);
  ASSERT_TRUE(driver_.Append({Upsert(3, "d")}).ok());
  driver_.Apply();
  EXPECT_EQ(driver_.Rows(), "2=c 3=d");
  ASSERT_EQ(failures_.count(), 1);
  EXPECT_EQ(failures_.reasons[0], "store: DuckDB has given up: broken by a test");
}

TEST_F(ReopeningDatabaseTest, FailsAgainAndAgain) {
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(driver_.Append({Upsert(i, "x")}).ok());
    EXPECT_TRUE(absl::IsInternal(Break()));
  }
  EXPECT_EQ(driver_.Rows(), "1=x 2=x 3=x");
  EXPECT_EQ(failures_.count(), 3);
}

TEST_F(ImpatientReopeningDatabaseTest, ASessionKeepsTheFailedStoreOpenAndCallsMeanwhileAreUnavailable) {
  ASSERT_TRUE(driver_.Append({Upsert(1, "a")}).ok());
  AppendBatch batch = driver_.MakeBatch({Upsert(2, "b")});
  auto session = database().BeginRead();
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(absl::IsInternal((*session)->Execute("SELECT break_duckdb(1)").status()));
  // Of another query in the failed store.
  EXPECT_TRUE(absl::IsUnavailable((*session)->Execute("SELECT 1").status()));
  EXPECT_TRUE(absl::IsUnavailable(driver_.AppendBatchAndWait(std::move(batch))));
  EXPECT_TRUE(absl::IsUnavailable(database().ListTables({"p", "d"}).status()));
  session->reset();
  AwaitOpen();
  EXPECT_EQ(driver_.Rows(), "1=a");
}

TEST_F(ReopeningDatabaseTest, AppendsDuringAFailureAreStoredOrUnavailable) {
  std::atomic<bool> stop = false;
  std::thread appends([&] {
    for (int64_t id = 1; !stop; ++id) {
      absl::Status status;
      do {  // the same change again, as a writer does
        status = driver_.Append({Upsert(id, "v", std::to_string(id))});
      } while (absl::IsUnavailable(status));
      ASSERT_TRUE(status.ok()) << status;
      absl::MutexLock lock(&failures_.mutex);
      appended_ = id;
    }
  });
  for (int64_t i = 1; i <= 5; ++i) {
    {
      absl::MutexLock lock(&failures_.mutex);
      const int64_t more = appended_ + 3;
      const auto grown = [&] { return appended_ >= more; };
      failures_.mutex.Await(absl::Condition(&grown));
    }
    const absl::Status status = Break();
    EXPECT_TRUE(absl::IsInternal(status)) << status;
  }
  stop = true;
  appends.join();
  EXPECT_EQ(failures_.count(), 5);
  const auto stats = database().Stats(driver_.id());
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->row_count, appended_);
}

TEST_F(ImpatientReopeningDatabaseTest, ADirectoryThatDoesNotOpenIsTriedAgain) {
  ASSERT_TRUE(driver_.Append({Upsert(1, "a")}).ok());
  auto session = database().BeginRead();
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(absl::IsInternal((*session)->Execute("SELECT break_duckdb(1)").status()));
  // Nothing that a lock can be taken of.
  const std::string lock = driver_.directory() + "/LOCK", aside = driver_.directory() + "/aside";
  std::filesystem::rename(lock, aside);
  std::filesystem::create_directory(lock);
  session->reset();
  absl::Status closed;
  for (int i = 0; i < 600 && closed.ToString().find("cannot be written") == std::string::npos; ++i) {
    closed = database().GetTable(driver_.id()).status();
    ASSERT_TRUE(absl::IsUnavailable(closed)) << closed;
  }
  EXPECT_TRUE(closed.ToString().find(driver_.directory()) != std::string::npos) << closed;
  std::filesystem::remove(lock);
  std::filesystem::rename(aside, lock);
  AwaitOpen();
  EXPECT_EQ(driver_.Rows(), "1=a");
}

}  // namespace
}  // namespace bqcdc::emulator::engine
