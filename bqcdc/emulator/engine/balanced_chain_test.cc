#include "bqcdc/emulator/engine/balanced_chain.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace bqcdc::emulator::engine {
namespace {

TEST(BalancedChainTest, KeepsTheOrder) {
  EXPECT_EQ(BalancedChain({"a"}, " + "), "a");
  EXPECT_EQ(BalancedChain({"a", "b"}, " + "), "(a + b)");
  EXPECT_EQ(BalancedChain({"a", "b", "c", "d", "e"}, " || "), "((a || b) || (c || (d || e)))");
}

TEST(BalancedChainTest, IsAsDeepAsTheLogarithm) {
  int depth = 0, deepest = 0;
  for (const char c : BalancedChain(std::vector<std::string>(10'000, "x"), "+")) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    deepest = std::max(deepest, depth);
  }
  EXPECT_EQ(depth, 0);
  EXPECT_EQ(deepest, 14);
}

}  // namespace
}  // namespace bqcdc::emulator::engine
