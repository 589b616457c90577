#pragma once

#include <functional>
#include <string>

#include "absl/time/time.h"
#include "bqcdc/pipeline/run_meter.h"

namespace bqcdc::cli {

// A line of the log: for people, and as members of a JSON object ("\"event\":\"summary\",…").
struct RunLogLine {
  std::string text;
  std::string members;
};

// What happened between two moments of a run. No values of rows.
RunLogLine SummaryOf(const pipeline::RunSnapshot& before, const pipeline::RunSnapshot& now);
// The whole run.
RunLogLine EndOf(const pipeline::RunSnapshot& run);

// Writes a summary each minute of a run's clock. Not thread-safe.
class RunLog {
 public:
  using Write = std::function<void(const RunLogLine&)>;
  static constexpr absl::Duration kInterval = absl::Minutes(1);

  // `meter` and `clock` must outlive it.
  RunLog(pipeline::RunMeter& meter, const base::Clock& clock, Write write);

  // To be called now and then; cheap where no minute has passed.
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
