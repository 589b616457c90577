#include "bqcdc/base/cheap_yield.h"

#include <chrono>

#include "gtest/gtest.h"

namespace bqcdc::base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A machine on which giving way takes as long as the test says.
class CheapYieldTest : public testing::Test {
 protected:
  void Work(CheapYield::Clock::duration work) {
    now_ += work;
    yield_.Yield();
  }

  CheapYield::Clock::time_point now_;
  CheapYield::Clock::duration takes_{};
  int yields_ = 0;
  CheapYield yield_{[this] { return now_; },
                    [this] {
                      ++yields_;
                      now_ += takes_;
                    }};
};

TEST_F(CheapYieldTest, GivesWayEachTimeWhileThatIsCheap) {
  takes_ = microseconds(1900);
  for (int i = 0; i < 10; ++i) Work(microseconds(100));
  EXPECT_EQ(yields_, 10);
}

TEST_F(CheapYieldTest, PausesAfterADearOne) {
  takes_ = milliseconds(3);
  Work(microseconds(100));
  takes_ = {};
  for (int i = 0; i < 299; ++i) Work(microseconds(100));
  EXPECT_EQ(yields_, 1);
  Work(microseconds(100));
  EXPECT_EQ(yields_, 2);
  Work(microseconds(100));
  EXPECT_EQ(yields_, 3);
}

TEST_F(CheapYieldTest, DearOnesCostATenthAtMost) {
  takes_ = milliseconds(4);
  const CheapYield::Clock::time_point begun = now_;
  CheapYield::Clock::duration worked{};
  while (worked < std::chrono::seconds(1)) {
    Work(microseconds(100));
    worked += microseconds(100);
  }
  EXPECT_GT(yields_, 1);
  EXPECT_LE(now_ - begun, worked + worked / 10 + takes_);
}

}  // namespace
}  // namespace bqcdc::base
