#pragma once

#include <string>

#include "absl/status/status.h"
#include "bqcdc/pipeline/run_meter.h"

namespace bqcdc::metrics {

inline constexpr char kExpositionContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// The state of a run as Prometheus reads it (docs: prometheus.io, text-based format). Every metric of names.h
// is there, those without samples as their HELP and TYPE alone. `health` as of pipeline::HealthOf().
std::string Exposition(const pipeline::RunSnapshot& run, const absl::Status& health,
                       const std::string& version);

}  // namespace bqcdc::metrics
