#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bqcdc/pipeline/run_meter.h"

namespace bqcdc::cli {

// What changed in a run between two moments, a line for each kind: the claim, requests, what was refused and
// sent again, connections and calls, schema reads, rows set aside. No values of rows.
std::vector<std::string> ChangesBetween(const pipeline::RunSnapshot& before,
                                        const pipeline::RunSnapshot& now);

// Follows a run for --log-level debug. Not thread-safe.
class RunChanges {
 public:
  using Write = std::function<void(const std::string&)>;
  static constexpr absl::Duration kInterval = absl::Milliseconds(200);

  // `meter` and `clock` must outlive it. Without `write` it does nothing.
  RunChanges(pipeline::RunMeter& meter, const base::Clock& clock, Write write);

  // To be called now and then; cheap where the interval is not over.
  void Tick();
  // After the run.
  void End();

 private:
  pipeline::RunMeter& meter_;
  const base::Clock& clock_;
  const Write write_;
  pipeline::RunSnapshot before_;
  absl::Time next_;
};

}  // namespace bqcdc::cli
