#include "bqcdc/write/patience.h"

#include <gtest/gtest.h>

namespace bqcdc::write {
namespace {

TEST(Patience, TheLimitThatWasReachedIsNamedWhereItCanBeRaised) {
  const Patience flags = {.retry_time_max = absl::Seconds(90),
                          .retry_attempts_max = 5,
                          .schema_time_max = absl::Minutes(2),
                          .names = {"--retry-timeout", "--retry-attempts", "--schema-timeout"}};
  const Patience once = {.retry_attempts_max = 1};
  const struct {
    const Patience& patience;
    PatienceLimit limit;
    const char* text;
  } cases[] = {{flags, PatienceLimit::kNone, ""},
               {flags, PatienceLimit::kRetryTime, "for 1m30s (--retry-timeout)"},
               {flags, PatienceLimit::kRetryAttempts, "in 5 attempts (--retry-attempts)"},
               {flags, PatienceLimit::kSchemaTime, "for 2m (--schema-timeout)"},
               {once, PatienceLimit::kRetryTime, "for 10m"},
               {once, PatienceLimit::kRetryAttempts, "in 1 attempt"}};
  for (const auto& c : cases) EXPECT_EQ(DescribeLimit(c.patience, c.limit), c.text);
}

}  // namespace
}  // namespace bqcdc::write
