#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "tests/sql/sql_session.h"

namespace bqcdc::tests::sql {
namespace {

// An INSERT whose table got or lost a column after its rows were evaluated failed with "the table's columns
// have changed". Each INSERT here is met by one ALTER, somewhere between its beginning and its end.
TEST(InsertUnderAlter, IsEvaluatedAgain) {
  constexpr int kStatements = 60, kRows = 20'000;
  SqlSession session;
  ASSERT_TRUE(session.Run("CREATE TABLE t (id INT64)").ok());
  std::atomic<int> begun = 0, altered = 0;
  std::thread alters([&] {
    while (altered < kStatements) {
      begun.wait(altered);
      EXPECT_TRUE(session
                      .Run(altered % 2 == 0 ? "ALTER TABLE t ADD COLUMN extra STRING"
                                            : "ALTER TABLE t DROP COLUMN extra")
                      .ok());
      ++altered;
      altered.notify_one();
    }
  });
  for (int i = 0; i < kStatements; ++i) {
    ++begun;
    begun.notify_one();
    const auto outcome = session.Run("INSERT INTO t (id) SELECT n FROM UNNEST(GENERATE_ARRAY(1, " +
                                     std::to_string(kRows) + ")) AS n");
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (outcome.ok()) {
      EXPECT_EQ(outcome->dml_counts->inserted, kRows);
    }
    altered.wait(i);
  }
  alters.join();
}

}  // namespace
}  // namespace bqcdc::tests::sql
