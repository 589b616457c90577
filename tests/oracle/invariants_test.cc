#include <algorithm>
#include <random>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/testing/proof.h"
#include "gtest/gtest.h"
#include "tests/oracle/replay.h"

// What holds without knowing what is right: changes with distinct numbers give one view, whatever their
// order, their split into requests, their repetition, and whatever applies and restarts lie in between.
namespace bqcdc::oracle {
namespace {

using Random = std::mt19937_64;

int64_t Between(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

std::vector<Row> DistinctChanges(Random& random) {
  std::vector<Row> rows;
  for (int64_t i = 0, number = 1; i < 40; ++i, number += Between(random, 1, 1000)) {
    Row row{.operation = Between(random, 1, 3) == 1 ? Operation::kDelete : Operation::kUpsert,
            .key = {.id = Between(random, 0, 3), .region = Between(random, 0, 1) ? "east" : "west"},
            .sequence = absl::StrCat(absl::Hex(number % 7), "/", absl::Hex(number))};
    if (row.operation == Operation::kUpsert) row.value = i + 1;
    rows.push_back(std::move(row));
  }
  return rows;
}

History Shuffled(std::vector<Row> rows, Random& random) {
  History history{.seed = 0, .shape = Shape::kCompositeKey, .staleness_micros = 0};
  for (int64_t repeats = Between(random, 0, 15); repeats > 0; --repeats) {
    rows.push_back(rows[Between(random, 0, static_cast<int64_t>(rows.size()) - 1)]);
  }
  std::shuffle(rows.begin(), rows.end(), random);
  for (size_t i = 0; i < rows.size();) {
    Event event{.kind = EventKind::kAppend};
    for (int64_t left = Between(random, 1, 7); left > 0 && i < rows.size(); --left)
      event.rows.push_back(rows[i++]);
    history.events.push_back(std::move(event));
    if (Between(random, 1, 4) == 1) history.events.push_back({.kind = EventKind::kApply});
    if (Between(random, 1, 25) == 1) history.events.push_back({.kind = EventKind::kRestart});
  }
  return history;
}

TEST(Invariants, OrderSplitAndRepetitionDoNotMatter) {
  Random random(base::TestSeed());
  Replayer replayer({});
  for (int set = 0; set < 15; ++set) {
    const std::vector<Row> rows = DistinctChanges(random);
    std::optional<View> first;
    for (int variant = 0; variant < 8; ++variant) {
      const History history = Shuffled(rows, random);
      const auto difference = replayer.Run(history);
      ASSERT_TRUE(difference.ok()) << difference.status();
      if (!first) first = replayer.last_view();
      ASSERT_EQ(replayer.last_view(), *first) << "another view after\n" << Print(history);
    }
    EXPECT_FALSE(first->empty());
  }
}

}  // namespace
}  // namespace bqcdc::oracle
