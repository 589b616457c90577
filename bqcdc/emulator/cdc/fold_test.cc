#include "bqcdc/emulator/cdc/fold.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/cdc/tie_shuffle.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::cdc {
namespace {

constexpr int64_t kHourUs = int64_t{3600} * 1'000'000;
constexpr auto kUpsert = RowOperation::kUpsert;
constexpr auto kDelete = RowOperation::kDelete;
constexpr auto kPlain = RowOperation::kPlain;

struct Row {
  RowOperation operation;
  const char* sequence = nullptr;  // nullptr: none
  int64_t ingest_us = 0;           // 0: one after the row before
  KeyId key = 0;
};

// Folds the rows and says which are shown: "1 3", rows counted from 0; "!" where the baseline's rows of the
// key are hidden.
struct Case {
  std::string name;
  std::optional<Winner> applied;
  std::vector<Row> rows;
  std::string want;
};

Winner Applied(bool is_delete, const char* sequence, int64_t ingest_us = 0) {
  Winner winner{.is_delete = is_delete, .applied = true, .ingest_us = ingest_us};
  if (sequence != nullptr) {
    winner.has_sequence = true;
    winner.sequence = *values::SequenceNumber::Parse(sequence);
  }
  return winner;
}

void Fill(const std::vector<Row>& rows, PendingRows& pending) {
  int64_t ingest_us = 0;
  for (const Row& row : rows) {
    ingest_us = row.ingest_us != 0 ? row.ingest_us : ingest_us + 1;
    PendingRow to{.key = row.key, .operation = row.operation, .ingest_us = ingest_us};
    if (row.sequence != nullptr) {
      to.has_sequence = true;
      to.sequence = *values::SequenceNumber::Parse(row.sequence);
    }
    pending.Append(to);
  }
}

// Folds up to each of `ends` in turn, as queries between appends do.
std::string FoldRows(const Case& test, const FoldRules& rules, const std::vector<size_t>& ends) {
  PendingRows pending(1);
  Fill(test.rows, pending);
  std::optional<values::SequenceNumber> highest;
  if (test.applied && test.applied->has_sequence) highest = test.applied->sequence;
  Fold fold(rules, highest);
  for (const size_t end : ends) {
    for (const size_t row : fold.RowsToLookUp(pending, end)) {
      if (pending[row].key == 0 && test.applied) fold.SetAppliedWinner(0, *test.applied);
    }
    fold.Extend(pending, end);
  }
  std::string shown = fold.hidden_key_count() > 0 ? "!" : "";
  for (size_t i = 0; i < fold.flags().size(); ++i) {
    if ((fold.flags()[i] & kRowShown) != 0)
      shown += (shown.empty() || shown == "!" ? "" : " ") + std::to_string(i);
  }
  return shown;
}

class FoldTest : public ::testing::TestWithParam<Case> {};

TEST_P(FoldTest, AtOnceAndStepByStep) {
  const Case& test = GetParam();
  EXPECT_EQ(FoldRows(test, {}, {test.rows.size()}), test.want);
  std::vector<size_t> steps;
  for (size_t i = 1; i <= test.rows.size(); ++i) steps.push_back(i);
  EXPECT_EQ(FoldRows(test, {}, steps), test.want);
}

INSTANTIATE_TEST_SUITE_P(
    WhatARowDoes, FoldTest,
    ::testing::Values(
        Case{"upsert of an absent key", {}, {{kUpsert, "1"}}, "!0"},
        Case{"delete of an absent key", {}, {{kDelete, "1"}}, "!"},
        Case{"upsert, delete, upsert rising", {}, {{kUpsert, "1"}, {kDelete, "2"}, {kUpsert, "3"}}, "!2"},
        Case{"key change is two keys", {}, {{kUpsert, "1"}, {kDelete, "2"}, {kUpsert, "2", 0, 1}}, "!2"},
        Case{"plain rows of one key stay", {}, {{kPlain}, {kPlain}}, "0 1"},
        Case{"upsert replaces all plain rows", {}, {{kPlain}, {kPlain}, {kUpsert, "1"}}, "!2"},
        Case{"delete removes all plain rows", {}, {{kPlain}, {kPlain}, {kDelete, "1"}}, "!"},
        Case{"plain after upsert stands beside it", {}, {{kUpsert, "1"}, {kPlain}}, "!0 1"},
        Case{"plain after delete", {}, {{kDelete, "1"}, {kPlain}}, "!1"},
        Case{"a later upsert replaces both", {}, {{kUpsert, "1"}, {kPlain}, {kUpsert, "2"}}, "!2"},
        Case{"a losing upsert leaves plain rows", {}, {{kUpsert, "5"}, {kPlain}, {kUpsert, "2"}}, "!0 1"},
        Case{"plain of the same request stays", {}, {{kPlain, nullptr, 7}, {kUpsert, "1", 7}}, "!0 1"},
        Case{"plain before the same request goes",
             {},
             {{kPlain, nullptr, 6}, {kPlain, nullptr, 7}, {kUpsert, "1", 7}},
             "!1 2"}));

INSTANTIATE_TEST_SUITE_P(
    Order, FoldTest,
    ::testing::Values(
        Case{"without numbers the last wins", {}, {{kUpsert}, {kUpsert}}, "!1"},
        Case{"larger number wins", {}, {{kUpsert, "7B"}, {kUpsert, "77"}}, "!0"},
        Case{"sections are numbers", {}, {{kUpsert, "FFF/ABC"}, {kUpsert, "FFF/B"}}, "!0"},
        Case{"ABC above BA/FFFFFFFF", {}, {{kUpsert, "ABC"}, {kUpsert, "BA/FFFFFFFF"}}, "!0"},
        Case{"FFF/ABC above ABC", {}, {{kUpsert, "FFF/ABC"}, {kUpsert, "ABC"}}, "!0"},
        Case{"leading zeros do not count", {}, {{kUpsert, "10"}, {kUpsert, "0000000000000009"}}, "!0"},
        Case{"unsigned", {}, {{kUpsert, "FFFFFFFFFFFFFFFF"}, {kUpsert, "1"}}, "!0"},
        Case{"equal: the later ingested", {}, {{kUpsert, "5"}, {kUpsert, "5"}}, "!1"},
        Case{"missing sections are zero", {}, {{kUpsert, "ABC/0"}, {kUpsert, "ABC"}}, "!1"},
        Case{"number then none: the later", {}, {{kUpsert, "5"}, {kUpsert}}, "!1"},
        Case{"none then number: the later", {}, {{kUpsert}, {kUpsert, "0"}}, "!1"},
        Case{"late upsert after delete", {}, {{kUpsert, "2"}, {kDelete, "3"}, {kUpsert, "1"}}, "!"},
        Case{"late delete", {}, {{kUpsert, "2"}, {kDelete, "1"}}, "!0"},
        Case{"48 h after the delete", {}, {{kDelete, "3", 1}, {kUpsert, "1", 1 + 48 * kHourUs}}, "!"},
        Case{"48 h and 1 us after it", {}, {{kDelete, "3", 1}, {kUpsert, "1", 2 + 48 * kHourUs}}, "!1"}));

INSTANTIATE_TEST_SUITE_P(
    AppliedWinner, FoldTest,
    ::testing::Values(
        Case{"late upsert against an applied row", Applied(false, "5"), {{kUpsert, "4"}}, ""},
        Case{"late delete against an applied row", Applied(false, "5"), {{kDelete, "4"}}, ""},
        Case{"equal number replaces", Applied(false, "5"), {{kUpsert, "5"}}, "!0"},
        Case{"no number replaces", Applied(false, "5"), {{kUpsert}}, "!0"},
        Case{"number replaces an unnumbered row", Applied(false, nullptr), {{kUpsert, "0"}}, "!0"},
        Case{"late, then newer", Applied(false, "5"), {{kUpsert, "4"}, {kUpsert, "6"}}, "!1"},
        Case{"newer, then late", Applied(false, "5"), {{kUpsert, "6"}, {kUpsert, "4"}}, "!0"},
        Case{"late upsert against an applied delete", Applied(true, "5", 1), {{kUpsert, "4", 2}}, ""},
        Case{"applied delete at 48 h", Applied(true, "5", 1), {{kUpsert, "4", 1 + 48 * kHourUs}}, ""},
        Case{"applied delete forgotten", Applied(true, "5", 1), {{kUpsert, "4", 2 + 48 * kHourUs}}, "!0"},
        Case{"another key is not looked up", Applied(false, "5"), {{kUpsert, "4", 0, 1}}, "!0"}));

TEST(FoldTest, ForgetsNumbersOfOldAppliedRows) {
  const FoldRules rules{.forget_sequences_after_us = kHourUs};
  const Case test{"", Applied(false, "5", 1), {{kUpsert, "4", 1 + kHourUs}}, ""};
  EXPECT_EQ(FoldRows(test, rules, {1}), "");
  const Case later{"", Applied(false, "5", 1), {{kUpsert, "4", 2 + kHourUs}}, ""};
  EXPECT_EQ(FoldRows(later, rules, {1}), "!0");
}

TEST(FoldTest, AsksOnlyForKeysWhoseFirstChangeIsNotAboveEverythingApplied) {
  PendingRows pending(1);
  Fill({{kUpsert, "6", 0, 0},
        {kUpsert, "4", 0, 1},
        {kUpsert, nullptr, 0, 2},
        {kUpsert, "5", 0, 3},
        {kDelete, "1", 0, 0},
        {kUpsert, "3", 0, 1},
        {kPlain, nullptr, 0, 4}},
       pending);
  const Fold fold({}, values::SequenceNumber::Parse("5"));
  EXPECT_THAT(fold.RowsToLookUp(pending, pending.size()), ::testing::ElementsAre(1));
  const Fold never_numbered({}, std::nullopt);
  EXPECT_THAT(never_numbered.RowsToLookUp(pending, pending.size()), ::testing::IsEmpty());
}

TEST(FoldTest, MarksTombstones) {
  PendingRows pending(1);
  Fill({{kDelete, "1", 0, 0},
        {kUpsert, "1", 0, 1},
        {kDelete, "2", 0, 1},
        {kDelete, "1", 0, 2},
        {kUpsert, "2", 0, 2}},
       pending);
  Fold fold({}, std::nullopt);
  fold.Extend(pending, pending.size());
  EXPECT_EQ(fold.tombstone_count(), 2u);
  EXPECT_EQ(fold.flags()[0] & kRowTombstone, kRowTombstone);
  EXPECT_EQ(fold.flags()[2] & kRowTombstone, kRowTombstone);
  EXPECT_EQ(fold.flags()[3] & kRowTombstone, 0);
  EXPECT_EQ(fold.shown_count(), 1u);
  EXPECT_EQ(fold.hidden_key_count(), 3u);
}

TEST(PendingRowsTest, KeepsRowsWhereTheyAre) {
  PendingRows rows(100);
  rows.Append({.key = 7});
  const PendingRow* first = &rows[0];
  for (uint32_t i = 1; i < 100'000; ++i) rows.Append({.key = i});
  EXPECT_EQ(&rows[0], first);
  EXPECT_EQ(rows[0].key, 7u);
  for (uint32_t i = 1; i < 100'000; ++i) ASSERT_EQ(rows[i].key, i);
}

TEST(TieShuffleTest, IsAPermutationThatDependsOnSeedAndRequest) {
  const auto order = ShuffledOrder(100, 1, 1000);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(sorted[i], i);
  EXPECT_EQ(order, ShuffledOrder(100, 1, 1000));
  EXPECT_NE(order, ShuffledOrder(100, 2, 1000));
  EXPECT_NE(order, ShuffledOrder(100, 1, 1001));
}

}  // namespace
}  // namespace bqcdc::emulator::cdc
