#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bqcdc/base/strings.h"
#include "tests/sql/sql_session.h"

namespace bqcdc::tests::sql {
namespace {

constexpr int kMost = 100'000;

// `item`, so many times, with commas between.
std::string List(const std::string& item, int count) {
  std::string list = item;
  for (int i = 1; i < count; ++i) base::StrAppend(&list, ",", item);
  return list;
}

// Without an evaluation.
absl::Status DryRun(const std::string& sql) {
  static SqlSession session;
  return session.Run(sql, true).status();
}

void ExpectTooMany(const absl::Status& status, const std::string& position = "") {
  EXPECT_THAT(base::ToStd(status.message()),
              ::testing::HasSubstr(base::StrCat("A statement of more than 100000 expressions, elements of "
                                                "parameters included, is not supported at ",
                                                position)));
}

TEST(StatementLimits, ElementsOfAList) {
  // The list itself is an expression, too, and what stands around it.
  EXPECT_EQ(DryRun(base::StrCat("SELECT ARRAY_LENGTH([", List("1", kMost - 2), "])")), absl::OkStatus());
  ExpectTooMany(DryRun(base::StrCat("SELECT [", List("1", kMost), "]")), "[1:200007]");
  ExpectTooMany(DryRun(base::StrCat("SELECT 1 IN (", List("1", kMost), ")")), "[1:200010]");
  ExpectTooMany(DryRun(base::StrCat("SELECT [", List("(1,2)", kMost / 3), ",1]")), "[1:200007]");
}

// An expression counts as often as it is analysed.
TEST(StatementLimits, OperandsOfAQuantifiedLike) {
  ExpectTooMany(
      DryRun(base::StrCat("SELECT CONCAT(", List("'a'", 1'000), ") LIKE ANY (", List("'b'", 100), ")")));
}

TEST(StatementLimits, ValuesOfAnInsertCountByWhatIsInThem) {
  SqlSession session;
  ASSERT_EQ(session.Run("CREATE TABLE t (a INT64, b ARRAY<INT64> DEFAULT [1, 1])").status(),
            absl::OkStatus());
  const auto insert = [&](const std::string& columns, const std::string& row, int rows) {
    return session.Run(base::StrCat("INSERT t (", columns, ") VALUES ", List(row, rows)), true).status();
  };
  EXPECT_EQ(insert("a, b", "(-1,DEFAULT)", 60'000), absl::OkStatus());
  ExpectTooMany(insert("b", "([1,1,1])", 40'000));
}

TEST(StatementLimits, ElementsOfAVariable) {
  SqlSession session;
  const auto outcome = session.Run(
      "DECLARE a ARRAY<INT64> DEFAULT GENERATE_ARRAY(1, 99999);\n"
      "SELECT ARRAY_LENGTH(a)");
  ExpectTooMany(outcome.status(), "[2:21]");
}

}  // namespace
}  // namespace bqcdc::tests::sql
