#include "bqcdc/values/range_text.h"

#include <gtest/gtest.h>

namespace bqcdc::values {
namespace {

TEST(RangeText, TakesTextsApart) {
  const auto both = SplitRange("[2020-01-01, 2020-12-31)");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->start, "2020-01-01");
  EXPECT_EQ(both->end, "2020-12-31");
  const auto from = SplitRange("[2020-01-01 00:00:00+00,unbounded)");
  ASSERT_TRUE(from);
  EXPECT_EQ(from->start, "2020-01-01 00:00:00+00");
  EXPECT_FALSE(from->end);
  const auto open = SplitRange("[NULL, UNBOUNDED)");
  ASSERT_TRUE(open);
  EXPECT_FALSE(open->start);
  EXPECT_FALSE(open->end);
}

TEST(RangeText, Refusals) {
  for (const char* text : {"", "[", "[)", "[a)", "(a, b)", "[a, b]", "a, b", "[a, b, c)", " [a, b)"}) {
    EXPECT_FALSE(SplitRange(text)) << text;
  }
}

}  // namespace
}  // namespace bqcdc::values
