#include "bqcdc/metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "bqcdc/metrics/names.h"

namespace bqcdc::metrics {
namespace {

using pipeline::FillHistogram;
using pipeline::LatencyHistogram;
using prometheus::ClientMetric;
using prometheus::MetricFamily;

// Families in the order in which they are added.
class Families {
 public:
  void Start(const Metric& metric) {
    MetricFamily& family = families_.emplace_back();
    family.name = metric.name;
    family.help = metric.help;
    family.type = metric.kind == Kind::kCounter     ? prometheus::MetricType::Counter
                  : metric.kind == Kind::kHistogram ? prometheus::MetricType::Histogram
                                                    : prometheus::MetricType::Gauge;
    label_ = metric.label;
    kind_ = metric.kind;
  }
  // One sample of the family that was started last.
  ClientMetric& Sample(std::string label_value = {}) {
    ClientMetric& sample = families_.back().metric.emplace_back();
    if (!label_.empty()) sample.label.push_back({std::string(label_), std::move(label_value)});
    return sample;
  }
  void Value(double value, std::string label_value = {}) {
    ClientMetric& sample = Sample(std::move(label_value));
    (kind_ == Kind::kCounter ? sample.counter.value : sample.gauge.value) = value;
  }
  void Value(std::int64_t value, std::string label_value = {}) {
    Value(static_cast<double>(value), std::move(label_value));
  }
  void Single(const Metric& metric, double value) {
    Start(metric);
    Value(value);
  }
  void Single(const Metric& metric, std::int64_t value) { Single(metric, static_cast<double>(value)); }

  std::string Text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
  std::string_view label_;
  Kind kind_ = Kind::kGauge;
};

void Fill(const LatencyHistogram& from, ClientMetric& sample) {
  sample.histogram.sample_count = static_cast<std::uint64_t>(from.count());
  sample.histogram.sample_sum = absl::ToDoubleSeconds(from.sum());
  for (std::size_t i = 0; i < LatencyHistogram::kBounds.size(); ++i) {
    sample.histogram.bucket.push_back(
        {static_cast<std::uint64_t>(from.CountUpTo(i)), absl::ToDoubleSeconds(LatencyHistogram::kBounds[i])});
  }
}

void Fill(const FillHistogram& from, ClientMetric& sample) {
  sample.histogram.sample_count = static_cast<std::uint64_t>(from.count);
  sample.histogram.sample_sum = from.sum;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < FillHistogram::kBounds.size(); ++i) {
    count += static_cast<std::uint64_t>(from.buckets[i]);
    sample.histogram.bucket.push_back({count, FillHistogram::kBounds[i]});
  }
}

// With the bucket of everything, which the format requires.
template <typename From>
void Histogram(Families& families, const From& from, std::string label_value = {}) {
  ClientMetric& sample = families.Sample(std::move(label_value));
  Fill(from, sample);
  sample.histogram.bucket.push_back({sample.histogram.sample_count, std::numeric_limits<double>::infinity()});
}

std::string LabelOf(write::AppendAction action) {
  std::string name(write::ActionName(action));
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

double Timestamp(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

void AddRun(const pipeline::RunSnapshot& run, const absl::Status& health, const std::string& version,
            Families& families) {
  families.Start(kRun);
  ClientMetric& info = families.Sample(run.table);
  info.label.push_back({std::string(kEpoch), std::to_string(run.epoch)});
  info.label.push_back({std::string(kVersion), version});
  info.gauge.value = 1;
  families.Single(kHealthy, health.ok() ? 1.0 : 0.0);
  families.Single(kStartTime, Timestamp(run.started));
}

void AddRows(const pipeline::RunSnapshot& run, Families& families) {
  families.Start(kRows);
  families.Value(run.upserts, "upsert");
  families.Value(run.deletes, "delete");
  families.Start(kRowBytes);
  families.Value(run.upsert_bytes, "upsert");
  families.Value(run.delete_bytes, "delete");
  families.Start(kDeadLetters);
  for (const auto& [reason, rows] : run.dead_letters) families.Value(rows, reason);
}

void AddRequests(const pipeline::RunSnapshot& run, Families& families) {
  families.Single(kRequests, run.requests);
  families.Start(kRequestErrors);
  for (const auto& [action, requests] : run.errors) families.Value(requests, LabelOf(action));
  families.Start(kCallErrors);
  for (const auto& [action, calls] : run.call_errors) families.Value(calls, LabelOf(action));
  families.Single(kRetries, run.retries);
  families.Single(kResent, run.requests_resent);
  families.Start(kAcknowledge);
  Histogram(families, run.acknowledge);
  families.Start(kPhases);
  Histogram(families, run.encode, "encode");
  Histogram(families, run.fill, "fill");
  Histogram(families, run.wait, "wait");
  Histogram(families, run.service, "service");
  families.Start(kBatchFill);
  Histogram(families, run.batch_fill);
  families.Start(kLastAcknowledge);
  if (run.last_acknowledged.has_value()) families.Value(Timestamp(*run.last_acknowledged));
}

void AddConnections(const pipeline::RunSnapshot& run, Families& families) {
  families.Start(kWindowUse);
  for (std::size_t i = 0; i < run.window_use.size(); ++i)
    families.Value(run.window_use[i], std::to_string(i));
  families.Single(kConnections, std::int64_t{run.connections});
  families.Single(kCallsOpened, run.calls_opened);
  families.Single(kLanes, std::int64_t{run.lanes});
}

void AddLag(const pipeline::RunSnapshot& run, Families& families) {
  families.Single(kInputBytes, static_cast<double>(run.input_bytes_read));
  families.Single(kLagBytes, static_cast<double>(run.lag_bytes));
  families.Single(kLag, absl::ToDoubleSeconds(run.lag));
  families.Single(kRateLimitWaits, absl::ToDoubleSeconds(run.rate_limit_waited));
}

void AddTable(const pipeline::RunSnapshot& run, Families& families) {
  families.Start(kWatermark);
  if (run.watermark.has_value()) families.Value(Timestamp(*run.watermark));
  families.Single(kWatermarkErrors, run.watermark_errors);
  families.Start(kUnappliedDelete);
  if (run.watermark.has_value()) families.Value(absl::ToDoubleSeconds(run.oldest_unapplied_delete));
  families.Single(kSchemaRefetches, run.schema_refetches);
  families.Single(kSchemaWaits, run.schema_waits);
  families.Single(kSchemaWaiting, absl::ToDoubleSeconds(run.schema_waiting));
}

}  // namespace

std::string Exposition(const pipeline::RunSnapshot& run, const absl::Status& health,
                       const std::string& version) {
  Families families;
  AddRun(run, health, version, families);
  AddRows(run, families);
  AddRequests(run, families);
  AddConnections(run, families);
  AddLag(run, families);
  AddTable(run, families);
  return families.Text();
}

}  // namespace bqcdc::metrics
