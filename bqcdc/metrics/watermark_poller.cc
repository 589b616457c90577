#include "bqcdc/metrics/watermark_poller.h"

#include <utility>

namespace bqcdc::metrics {

WatermarkPoller::WatermarkPoller(Ask ask, pipeline::RunMeter& meter, const base::Clock& clock)
    : ask_(std::move(ask)), meter_(meter), clock_(clock), thread_([this] { Run(); }) {}

WatermarkPoller::~WatermarkPoller() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

void WatermarkPoller::Run() {
  for (;;) {
    const absl::Time next = clock_.Now() + kWatermarkInterval;
    const auto watermark = ask_();
    if (watermark.ok()) {
      meter_.OnWatermark(*watermark);
    } else {
      meter_.OnWatermarkError();
    }
    absl::MutexLock lock(&mutex_);
    if (clock_.AwaitWithDeadline(mutex_, absl::Condition(&stopping_), next)) return;
  }
}

}  // namespace bqcdc::metrics
