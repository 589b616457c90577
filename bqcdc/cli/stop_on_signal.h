#pragma once

#include "bqcdc/pipeline/stop_signal.h"

namespace bqcdc::cli {

// While it lives, SIGINT and SIGTERM request `stop`: reading ends, what was read is sent and settled. A
// second signal ends the process at once. One at a time.
class StopOnSignal {
 public:
  explicit StopOnSignal(pipeline::StopSignal& stop);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
};

}  // namespace bqcdc::cli
