#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/sql/sql_session.h"

namespace bqcdc::tests::sql {
namespace {

// Often enough to meet a statement, too seldom to meet it every time.
constexpr std::chrono::milliseconds kBetweenAlters{20};

// An INSERT whose table got or lost a column after its rows were evaluated failed with "the table's columns
// have changed".
TEST(InsertUnderAlter, IsEvaluatedAgain) {
  SqlSession session;
  ASSERT_TRUE(session.Run("CREATE TABLE t (id INT64)").ok());
  std::atomic<bool> over = false;
  std::atomic<int> changes = 0;
  std::thread alters([&] {
    for (; !over; ++changes) {
      EXPECT_TRUE(session.Run("ALTER TABLE t ADD COLUMN extra STRING").ok());
      std::this_thread::sleep_for(kBetweenAlters);
      EXPECT_TRUE(session.Run("ALTER TABLE t DROP COLUMN extra").ok());
      std::this_thread::sleep_for(kBetweenAlters);
    }
  });
  constexpr int kStatements = 60, kRows = 2'000;
  for (int i = 0; i < kStatements || changes < 3; ++i) {
    const auto outcome = session.Run("INSERT INTO t (id) SELECT n FROM UNNEST(GENERATE_ARRAY(1, " +
                                     std::to_string(kRows) + ")) AS n");
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) break;
    EXPECT_EQ(outcome->dml_counts->inserted, kRows);
  }
  over = true;
  alters.join();
}

}  // namespace
}  // namespace bqcdc::tests::sql
