#pragma once

#include <functional>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/pipeline/run_meter.h"

namespace bqcdc::metrics {

// The service bills each question as a query.
inline constexpr absl::Duration kWatermarkInterval = absl::Minutes(1);

// Asks for a table's watermark at once and then once a minute, on a thread of its own, and tells the meter.
class WatermarkPoller {
 public:
  using Ask = std::function<absl::StatusOr<std::optional<absl::Time>>()>;

  // `meter` and `clock` must outlive it.
  WatermarkPoller(Ask ask, pipeline::RunMeter& meter, const base::Clock& clock);
  // Waits for the question that is under way.
  ~WatermarkPoller();

 private:
  void Run();

  const Ask ask_;
  pipeline::RunMeter& meter_;
  const base::Clock& clock_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace bqcdc::metrics
