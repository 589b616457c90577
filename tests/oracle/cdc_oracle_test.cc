#include "tests/oracle/cdc_oracle.h"

#include <gtest/gtest.h>

// The oracle itself against the documentation's own examples; it judges everything else.
namespace bqcdc::oracle {
namespace {

constexpr int64_t kMinute = 60'000'000;
constexpr int64_t kHour = 60 * kMinute;

Row Change(Operation operation, std::optional<std::string> sequence, int64_t value, int64_t id = 1) {
  return {.operation = operation,
          .key = {.id = id},
          .sequence = std::move(sequence),
          .value = value,
          .note = "n"};
}

std::vector<int64_t> Values(const CdcOracle& oracle, int64_t now) {
  std::vector<int64_t> values;
  for (const VisibleRow& row : oracle.Expected(now)) values.push_back(row.value);
  return values;
}

TEST(CompareSequences, DocumentedCases) {
  // https://cloud.google.com/bigquery/docs/change-data-capture#manage_custom_ordering
  EXPECT_LT(CompareSequences("77", "7B"), 0);
  EXPECT_LT(CompareSequences("FFF/B", "FFF/ABC"), 0);
  EXPECT_LT(CompareSequences("BA/FFFFFFFF", "ABC"), 0);
  EXPECT_LT(CompareSequences("ABC", "FFF/ABC"), 0);
  EXPECT_EQ(CompareSequences("ABC", "00abc/0"), 0);
  EXPECT_LT(CompareSequences("7FFFFFFFFFFFFFFF", "8000000000000000"), 0);
}

TEST(CdcOracle, AliceIsRestored) {
  CdcOracle oracle(Shape::kSingleKey, 0, {});
  oracle.Append({Change(Operation::kUpsert, "1", 1), Change(Operation::kDelete, "2", 0),
                 Change(Operation::kUpsert, "3", 3), Change(Operation::kUpsert, "4", 4, /*id=*/2)},
                100);
  EXPECT_EQ(Values(oracle, 101), (std::vector<int64_t>{3, 4}));
}

TEST(CdcOracle, LateUpsertLosesAgainstDeleteForTwoDays) {
  for (int64_t late : {48 * kHour, 48 * kHour + 1}) {
    CdcOracle oracle(Shape::kSingleKey, 0, {});
    oracle.Append({Change(Operation::kUpsert, "2", 2)}, 50);
    oracle.Append({Change(Operation::kDelete, "3", 0)}, 100);
    oracle.Append({Change(Operation::kUpsert, "1", 1)}, 100 + late);
    const bool revived = late > 48 * kHour;
    EXPECT_EQ(Values(oracle, 200 + late).size(), revived ? 1u : 0u) << late;
  }
}

TEST(CdcOracle, WorkedExampleOfStaleness) {
  // 10 minutes, last apply at T20: T25 shows T20's data; T35 with the apply job late shows everything.
  CdcOracle oracle(Shape::kSingleKey, 10 * kMinute, {});
  oracle.Append({Change(Operation::kUpsert, "1", 1)}, 15 * kMinute);
  oracle.Apply(20 * kMinute);
  oracle.Append({Change(Operation::kUpsert, "2", 2)}, 22 * kMinute);
  EXPECT_EQ(Values(oracle, 25 * kMinute), std::vector<int64_t>{1});
  EXPECT_EQ(Values(oracle, 30 * kMinute), std::vector<int64_t>{1});
  EXPECT_EQ(Values(oracle, 30 * kMinute + 1), std::vector<int64_t>{2});
  EXPECT_EQ(oracle.watermark(), 20 * kMinute);
}

TEST(CdcOracle, PlainRowsOfAKeyVanishWithItsNextChange) {
  CdcOracle oracle(Shape::kSingleKey, 0, {});
  oracle.Append({Change(Operation::kPlain, std::nullopt, 7), Change(Operation::kPlain, std::nullopt, 8)}, 10);
  oracle.Append({Change(Operation::kUpsert, "5", 9)}, 20);
  EXPECT_EQ(Values(oracle, 21), std::vector<int64_t>{9});
  oracle.Append({Change(Operation::kPlain, std::nullopt, 10)}, 30);
  EXPECT_EQ(Values(oracle, 31), (std::vector<int64_t>{9, 10}));
  oracle.Append({Change(Operation::kDelete, "4", 0)}, 40);  // late: removes nothing
  EXPECT_EQ(Values(oracle, 41), (std::vector<int64_t>{9, 10}));
}

TEST(CdcOracle, AnAlterAppliesAndGivesRowsTheirNewForm) {
  schema::Column number{.name = "n", .type = schema::ColumnType::kInt64};
  schema::Column real{.name = "n", .type = schema::ColumnType::kFloat64};
  schema::Column pair{.name = "s", .type = schema::ColumnType::kStruct, .fields = {number}};
  schema::Column triple{.name = "s", .type = schema::ColumnType::kStruct, .fields = {number, real}};
  Row row = Change(Operation::kUpsert, "1", 1);
  row.cells = {{"n", Scalar("9007199254740993")}, {"s", Composite({Scalar("7")})}, {"gone", Scalar("x")}};
  CdcOracle oracle(Shape::kSingleKey, 10 * kMinute, {});
  oracle.Append({row}, 100);
  oracle.Alter({.before = number, .after = real}, 200);
  EXPECT_EQ(oracle.watermark(), 200);
  oracle.Alter({.before = pair, .after = triple}, 300);
  oracle.Alter({.before = schema::Column{.name = "gone"}}, 400);
  const View view = oracle.Expected(401);
  ASSERT_EQ(view.size(), 1u);
  EXPECT_EQ(view[0].cells,
            (Cells{{"n", Scalar("9007199254740992")}, {"s", Composite({Scalar("7"), Value()})}}));
}

TEST(CdcOracle, ShuffledTiesAllowEitherRowButOnlyOneOfThemFromThenOn) {
  CdcOracle oracle(Shape::kSingleKey, 0, {.ties_shuffled = true});
  oracle.Append({Change(Operation::kUpsert, "1", 1), Change(Operation::kUpsert, "1", 2)}, 10);
  EXPECT_TRUE(oracle.Explains({{{.id = 1}, 1, "n"}}, 11));
  EXPECT_FALSE(oracle.Explains({{{.id = 1}, 2, "n"}}, 12));
}

}  // namespace
}  // namespace bqcdc::oracle
