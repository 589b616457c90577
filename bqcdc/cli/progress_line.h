#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/cli/progress_text.h"
#include "bqcdc/pipeline/run_meter.h"

namespace bqcdc::cli {

// One line on the terminal that is overwritten as the work goes on; nothing where standard error is no
// terminal.
class ProgressLine {
 public:
  ProgressLine();
  // Cheap where nothing is to be shown.
  void Show(const pipeline::RunMeter& meter, std::uint64_t input_bytes);
  // Removes the line, before other text is printed.
  void Clear();

 private:
  const bool on_terminal_;
  absl::Mutex mutex_;
  ProgressText text_ ABSL_GUARDED_BY(mutex_);
  absl::Time shown_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool visible_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace bqcdc::cli
