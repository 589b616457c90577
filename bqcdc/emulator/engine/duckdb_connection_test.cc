#include "bqcdc/emulator/engine/duckdb_connection.h"

#include <memory>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/emulator/engine/store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

using ::testing::HasSubstr;

// Threads of DuckDB, that of the connection among them, and whether the connection gives way.
class ConnectionTest : public ::testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  ConnectionTest() {
    store_ = *Store::Open(directory_.path(), 256 << 20, std::get<0>(GetParam()));
    connection_ = *store_->Connect();
    connection_->set_gives_way(std::get<1>(GetParam()));
  }

  base::TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(ConnectionTest, ComputesInOnePieceAndInMany) {
  // The first has one piece, the others one for each row group.
  ASSERT_TRUE(
      connection_->Run("CREATE TABLE delta.main.d1 AS SELECT range AS a, range % 7 AS b FROM range(1000000)")
          .ok());
  ASSERT_TRUE(
      connection_->Run("DELETE FROM delta.main.d1 WHERE a IN (SELECT a * 2 FROM delta.main.d1)").ok());
  EXPECT_EQ(**connection_->ReadInt64("SELECT sum(a)::BIGINT FROM delta.main.d1"), 250'000'000'000);
  EXPECT_EQ(**connection_->ReadInt64("SELECT count(DISTINCT b) FROM delta.main.d1"), 7);
}

TEST_P(ConnectionTest, AStatementThatFailsOnItsWayTellsWhy) {
  const absl::Status status = connection_->Run(
      "CREATE TABLE delta.main.d1 AS SELECT CASE WHEN range = 900000 THEN error('row 900000') ELSE 'yes' END "
      "AS a "
      "FROM range(1000000)");
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("row 900000"));
  EXPECT_TRUE(connection_->Run("CREATE TABLE delta.main.d1(a BIGINT)").ok()) << "the connection goes on";
}

TEST_P(ConnectionTest, SeveralStatementsEndAtTheFirstThatFails) {
  EXPECT_FALSE(
      connection_
          ->Run(
              "CREATE TABLE delta.main.d1(a BIGINT); INSERT INTO delta.main.d1 VALUES (1); "
              "INSERT INTO delta.main.d1 VALUES (error('no')::BIGINT); INSERT INTO delta.main.d1 VALUES (3)")
          .ok());
  EXPECT_EQ(**connection_->ReadInt64("SELECT sum(a)::BIGINT FROM delta.main.d1"), 1);
}

TEST_P(ConnectionTest, NoStatementIsNoError) {
  EXPECT_TRUE(connection_->Run("").ok());
  EXPECT_TRUE(connection_->Run(" ; -- nothing").ok());
  const absl::Status status = connection_->Run("SELEC 1");
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("syntax error"));
}

TEST_P(ConnectionTest, ATransactionThatIsNotCommittedIsUndone) {
  ASSERT_TRUE(connection_->Run("CREATE TABLE delta.main.d1(a BIGINT)").ok());
  for (const bool commit : {false, true}) {
    auto transaction = Transaction::Begin(*connection_);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(connection_->Run("INSERT INTO delta.main.d1 SELECT * FROM range(1000)").ok());
    if (commit) {
      EXPECT_TRUE(transaction->Commit().ok());
    }
  }
  EXPECT_EQ(**connection_->ReadInt64("SELECT count(*) FROM delta.main.d1"), 1000);
}

INSTANTIATE_TEST_SUITE_P(ThreadsAndWays, ConnectionTest,
                         ::testing::Combine(::testing::Values(1, 2), ::testing::Bool()),
                         [](const auto& info) {
                           return std::to_string(std::get<0>(info.param)) + "Threads" +
                                  (std::get<1>(info.param) ? "GiveWay" : "Spin");
                         });

}  // namespace
}  // namespace bqcdc::emulator::engine
