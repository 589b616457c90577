#include "bqcdc/cli/run_log.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bqcdc/pipeline/stream_summary.h"

namespace bqcdc::cli {
namespace {

using Json = nlohmann::ordered_json;
using pipeline::FormatLatency;
using pipeline::LatencyHistogram;
using pipeline::RunSnapshot;
using pipeline::SlowestRequests;
using pipeline::SlowRequest;

// Thousandths are more than enough, and keep lines short.
double Rounded(double value) { return std::round(value * 1000) / 1000; }
double Millis(absl::Duration duration) { return Rounded(absl::ToDoubleMilliseconds(duration)); }

Json Quantiles(const LatencyHistogram& histogram) {
  return {{"p50", Millis(histogram.Quantile(0.5))}, {"p99", Millis(histogram.Quantile(0.99))}};
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

Json Slowest(const SlowestRequests& slowest) {
  Json list = Json::array();
  for (const SlowRequest& request : slowest.list()) {
    list.push_back({{"answered_at", TimeText(request.answered_at)},
                    {"rows", request.rows},
                    {"bytes", request.bytes},
                    {"encode_ms", Millis(request.encode)},
                    {"fill_ms", Millis(request.fill)},
                    {"wait_ms", Millis(request.wait)},
                    {"service_ms", Millis(request.service)},
                    {"action", std::string(write::ActionName(request.action))}});
  }
  return list;
}

struct Numbers {
  double seconds = 0, rows_per_second = 0, window = 0;
  std::int64_t rows = 0, bytes = 0, requests = 0, retries = 0, set_aside = 0;
  LatencyHistogram acknowledge, encode, fill, wait, service;
};

Numbers Difference(const RunSnapshot& before, const RunSnapshot& now) {
  Numbers numbers;
  numbers.seconds = std::max(absl::ToDoubleSeconds(now.at - before.at), 0.001);
  numbers.rows = now.rows() - before.rows();
  numbers.rows_per_second = static_cast<double>(numbers.rows) / numbers.seconds;
  numbers.bytes = now.bytes() - before.bytes();
  numbers.requests = now.requests - before.requests;
  numbers.retries = now.retries - before.retries;
  numbers.set_aside = now.dead_letter_count() - before.dead_letter_count();
  for (const double use : now.window_use) numbers.window = std::max(numbers.window, use);
  numbers.acknowledge = now.acknowledge.Since(before.acknowledge);
  numbers.encode = now.encode.Since(before.encode);
  numbers.fill = now.fill.Since(before.fill);
  numbers.wait = now.wait.Since(before.wait);
  numbers.service = now.service.Since(before.service);
  return numbers;
}

std::string Text(const char* what, const Numbers& numbers, const RunSnapshot& now,
                 const SlowestRequests& slowest) {
  const auto phase = [](const LatencyHistogram& histogram) {
    return absl::StrCat(FormatLatency(histogram.Quantile(0.5)), "/", FormatLatency(histogram.Quantile(0.99)));
  };
  std::string text = absl::StrCat(
      what, " of ", absl::FormatDuration(absl::Trunc(absl::Seconds(numbers.seconds), absl::Milliseconds(10))),
      ": ", pipeline::CountOf(numbers.rows, "row"), ", ",
      pipeline::FormatCount(static_cast<std::int64_t>(numbers.rows_per_second)), " rows/s, ",
      pipeline::FormatBytes(static_cast<double>(numbers.bytes)), " in ",
      pipeline::CountOf(numbers.requests, "request"), ", ", pipeline::FormatCount(numbers.retries),
      " retried, ", pipeline::FormatCount(numbers.set_aside), " rows set aside; p50/p99: acknowledge ",
      phase(numbers.acknowledge), ", encode ", phase(numbers.encode), ", fill ", phase(numbers.fill),
      ", wait ", phase(numbers.wait), ", service ", phase(numbers.service));
  absl::StrAppendFormat(&text, "; window %.0f %%; lag %.1f s, %s", numbers.window * 100,
                        absl::ToDoubleSeconds(now.lag),
                        pipeline::FormatBytes(static_cast<double>(now.lag_bytes)));
  if (!slowest.list().empty()) {
    const SlowRequest& first = slowest.list().front();
    absl::StrAppend(&text, "; slowest ", FormatLatency(first.total()), " (",
                    pipeline::CountOf(first.rows, "row"), ", wait ", FormatLatency(first.wait), ", service ",
                    FormatLatency(first.service), ")");
  }
  return text;
}

RunLogLine Line(const char* event, const char* what, const RunSnapshot& before, const RunSnapshot& now,
                const SlowestRequests& slowest, const Json& more = Json::object()) {
  const Numbers numbers = Difference(before, now);
  Json members = {{"event", event},
                  {"table", now.table},
                  {"seconds", Rounded(numbers.seconds)},
                  {"rows", numbers.rows},
                  {"rows_per_second", Rounded(numbers.rows_per_second)},
                  {"bytes", numbers.bytes},
                  {"requests", numbers.requests},
                  {"retries", numbers.retries},
                  {"set_aside", numbers.set_aside},
                  {"window", Rounded(numbers.window)},
                  {"lag_seconds", Rounded(absl::ToDoubleSeconds(now.lag))},
                  {"lag_bytes", now.lag_bytes},
                  {"acknowledge_ms", Quantiles(numbers.acknowledge)},
                  {"encode_ms", Quantiles(numbers.encode)},
                  {"fill_ms", Quantiles(numbers.fill)},
                  {"wait_ms", Quantiles(numbers.wait)},
                  {"service_ms", Quantiles(numbers.service)},
                  {"slowest", Slowest(slowest)}};
  members.update(more);
  std::string text = members.dump(-1, ' ', false, Json::error_handler_t::replace);
  return {Text(what, numbers, now, slowest), text.substr(1, text.size() - 2)};
}

}  // namespace

RunLogLine SummaryOf(const RunSnapshot& before, const RunSnapshot& now) {
  return Line("summary", "summary", before, now, now.slowest_lately);
}

RunLogLine EndOf(const RunSnapshot& run) {
  RunSnapshot nothing;
  nothing.at = nothing.started = run.started;
  const Json how = {{"epoch", run.epoch},
                    {"failure", run.failure.ok() ? Json() : Json(std::string(run.failure.message()))}};
  return Line("end", "whole run", nothing, run, run.slowest, how);
}

RunLog::RunLog(pipeline::RunMeter& meter, const base::Clock& clock, Write write)
    : meter_(meter),
      clock_(clock),
      write_(std::move(write)),
      before_(meter.Snapshot()),
      next_(clock.Now() + kInterval) {}

void RunLog::Tick() {
  const absl::Time now = clock_.Now();
  if (now < next_) return;
  // A minute without a tick is not made up for.
  next_ = now < next_ + kInterval ? next_ + kInterval : now + kInterval;
  RunSnapshot snapshot = meter_.TakeInterval();
  write_(SummaryOf(before_, snapshot));
  before_ = std::move(snapshot);
}

void RunLog::End() { write_(EndOf(meter_.Snapshot())); }

}  // namespace bqcdc::cli
