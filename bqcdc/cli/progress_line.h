#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/pipeline/stream_summary.h"

namespace bqcdc::cli {

// One line on the terminal that is overwritten as the work goes on; nothing where standard error is no
// terminal.
class ProgressLine {
 public:
  ProgressLine();
  void Show(const pipeline::StreamSummary& summary, const pipeline::LineReader& reader);
  // Removes the line, before other text is printed.
  void Clear();

 private:
  const bool on_terminal_;
  const absl::Time started_;
  absl::Mutex mutex_;
  absl::Time shown_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool visible_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace bqcdc::cli
