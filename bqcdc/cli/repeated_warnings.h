#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace bqcdc::cli {

// Keeps a fault that lasts from filling the terminal: the same warning is shown once a minute, with how often
// it came.
class RepeatedWarnings {
 public:
  // What to show of `text` at `now`; nothing where it was shown a moment ago.
  std::optional<std::string> Pass(const std::string& text, absl::Time now);

 private:
  absl::Mutex mutex_;
  std::string last_ ABSL_GUARDED_BY(mutex_);
  absl::Time shown_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::int64_t hidden_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace bqcdc::cli
