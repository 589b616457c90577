#include "bqcdc/cli/repeated_warnings.h"

#include <gtest/gtest.h>

namespace bqcdc::cli {
namespace {

TEST(RepeatedWarnings, ShowsTheSameOnceAMinute) {
  RepeatedWarnings warnings;
  const absl::Time start = absl::FromUnixSeconds(1000);
  EXPECT_EQ(warnings.Pass("a", start), "a");
  EXPECT_EQ(warnings.Pass("a", start + absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(warnings.Pass("a", start + absl::Seconds(59)), std::nullopt);
  EXPECT_EQ(warnings.Pass("a", start + absl::Seconds(60)), "a (3 times since the last such line)");
  EXPECT_EQ(warnings.Pass("b", start + absl::Seconds(61)), "b");
  EXPECT_EQ(warnings.Pass("a", start + absl::Seconds(62)), "a");
}

}  // namespace
}  // namespace bqcdc::cli
