#include "bqcdc/cli/bench_rows.h"

#include <gtest/gtest.h>

#include <set>

namespace bqcdc::cli {
namespace {

TEST(BenchChangesTest, UpsertsGoThroughTheKeys) {
  const BenchChanges changes(3, 0);
  for (std::int64_t n = 0; n < 7; ++n) {
    EXPECT_EQ(changes.At(n).type, ChangeType::kUpsert);
    EXPECT_EQ(changes.At(n).key, n % 3);
  }
  EXPECT_EQ(changes.RowsAfter(2), 2);
  EXPECT_EQ(changes.RowsAfter(7), 3);
}

TEST(BenchChangesTest, DeletesAreAShareAndTakeTheKeyBefore) {
  for (const int percent : {1, 10, 33, 50, 80, 100}) {
    for (const std::int64_t keys : {std::int64_t{1}, std::int64_t{7}, std::int64_t{1000}}) {
      const BenchChanges changes(keys, percent);
      std::set<std::int64_t> rows;
      int deletes = 0;
      for (std::int64_t n = 0; n < 200; ++n) {
        const BenchChanges::Change change = changes.At(n);
        if (change.type == ChangeType::kDelete) {
          ++deletes;
          EXPECT_EQ(change.key, n == 0 ? 0 : (n - 1) % keys);
          rows.erase(change.key);
        } else {
          rows.insert(change.key);
        }
        EXPECT_EQ(changes.RowsAfter(n + 1), static_cast<std::int64_t>(rows.size())) << percent << " " << n;
      }
      EXPECT_EQ(deletes, 2 * percent);
    }
  }
}

}  // namespace
}  // namespace bqcdc::cli
