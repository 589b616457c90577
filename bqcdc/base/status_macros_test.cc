#include "bqcdc/base/status_macros.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace bqcdc::base {
namespace {

template <typename A, typename B>
absl::Status Check(bool ok) {
  return ok ? absl::OkStatus() : absl::AbortedError("refused");
}

absl::StatusOr<int> Half(int value) {
  if (value % 2 != 0) return absl::InvalidArgumentError("odd");
  return value / 2;
}

absl::StatusOr<std::map<int, int>> Counts() { return std::map<int, int>{{1, 2}}; }

absl::StatusOr<std::unique_ptr<int>> Owned() { return std::make_unique<int>(7); }

absl::Status RunSteps(bool ok, int* steps) {
  BQCDC_RETURN_IF_ERROR(Check<int, std::string>(ok));
  ++*steps;
  return absl::OkStatus();
}

absl::StatusOr<int> Quarter(int value) {
  BQCDC_ASSIGN_OR_RETURN(const int half, Half(value));
  int quarter;
  BQCDC_ASSIGN_OR_RETURN(quarter, Half(half));
  return quarter;
}

absl::StatusOr<int> WithCommas() {
  BQCDC_ASSIGN_OR_RETURN((std::map<int, int> counts), Counts());
  BQCDC_ASSIGN_OR_RETURN((const auto& [first, second]), absl::StatusOr<std::pair<int, int>>(std::pair(3, 4)));
  return counts.at(1) + first + second;
}

TEST(StatusMacrosTest, ReturnIfErrorPassesTheStatusOn) {
  int steps = 0;
  EXPECT_TRUE(RunSteps(true, &steps).ok());
  EXPECT_EQ(RunSteps(false, &steps), absl::AbortedError("refused"));
  EXPECT_EQ(steps, 1);
}

TEST(StatusMacrosTest, AssignOrReturnDeclaresOrAssigns) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
}

TEST(StatusMacrosTest, CommasInDeclarationAndExpression) { EXPECT_EQ(WithCommas().value(), 9); }

TEST(StatusMacrosTest, MovesValuesThatCannotBeCopied) {
  auto run = []() -> absl::StatusOr<int> {
    BQCDC_ASSIGN_OR_RETURN(std::unique_ptr<int> owned, Owned());
    return *owned;
  };
  EXPECT_EQ(run().value(), 7);
}

}  // namespace
}  // namespace bqcdc::base
