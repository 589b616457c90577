#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "absl/time/time.h"
#include "bqcdc/pipeline/run_meter.h"

namespace bqcdc::cli {

// The text of a progress line: rows, bytes, the rate of the last seconds, and where the size of the input is
// known the part that is settled and the time left at that rate. Not thread-safe.
class ProgressText {
 public:
  // `input_bytes` of the whole input; 0 = not known.
  std::string Update(const pipeline::RunSnapshot& run, std::uint64_t input_bytes);

 private:
  struct Sample {
    absl::Time at;
    std::int64_t rows = 0;
    std::uint64_t settled_bytes = 0;  // of the input
  };

  std::deque<Sample> samples_;
};

}  // namespace bqcdc::cli
