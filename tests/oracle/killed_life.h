#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace bqcdc::oracle {

// How far a process came before `kill -9`.
struct KilledLife {
  size_t done = 0;  // steps that were finished; the next one may have happened too, or a part of it
  std::optional<std::string> failure = {};  // of the step behind them
};

// Forks and takes `steps` steps there, one after the other; kills that process `delay` after it has finished
// `at_least` of them, wherever it is. The caller has no other thread.
absl::StatusOr<KilledLife> RunAndKill(
    const std::function<absl::StatusOr<std::optional<std::string>>(size_t step)>& take_step, size_t steps,
    size_t at_least, absl::Duration delay);

}  // namespace bqcdc::oracle
