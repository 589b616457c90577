#include "gtest/gtest.h"
#include "tests/oracle/many_histories.h"

// Random histories of tables with columns and keys of every type, which change in the middle, under kills.
namespace bqcdc::oracle {
namespace {

TEST(OracleTypes, RandomHistoriesOfAllTypes) {
  PlayHistories(HistoryCount(2'500), {}, {.typed_percent = 100, .altered_percent = 60, .killed_percent = 5});
}

}  // namespace
}  // namespace bqcdc::oracle
