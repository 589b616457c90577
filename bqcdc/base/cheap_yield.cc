#include "bqcdc/base/cheap_yield.h"

#include <thread>
#include <utility>

namespace bqcdc::base {

CheapYield::CheapYield() : CheapYield(Clock::now, std::this_thread::yield) {}

CheapYield::CheapYield(std::function<Clock::time_point()> now, std::function<void()> yield)
    : now_(std::move(now)), yield_(std::move(yield)) {}

void CheapYield::Yield() {
  const Clock::time_point begun = now_();
  if (begun < next_) return;
  yield_();
  const Clock::time_point ended = now_();
  const Clock::duration took = ended - begun;
  if (took >= kDear) next_ = ended + kPauses * took;
}

}  // namespace bqcdc::base
