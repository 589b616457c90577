#include "bqcdc/pipeline/stream_summary.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace bqcdc::pipeline {

std::string FormatCount(std::int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    if (left % 3 == 0 && i > 0 && digits[i - 1] != '-') text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string CountOf(std::int64_t count, const char* noun) {
  return absl::StrCat(FormatCount(count), " ", noun, count == 1 ? "" : "s");
}

std::string FormatBytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrFormat("%d B", static_cast<std::int64_t>(bytes))
                   : absl::StrFormat("%.1f %s", bytes, kUnits[unit]);
}

std::string FormatLatency(absl::Duration latency) {
  const double millis = absl::ToDoubleMilliseconds(latency);
  if (millis < 10) return absl::StrFormat("%.1f ms", millis);
  return millis < 1000 ? absl::StrFormat("%.0f ms", millis) : absl::StrFormat("%.2f s", millis / 1000);
}

std::string FormatSummary(const StreamSummary& summary, const std::string& table,
                          const std::string& dead_letter) {
  const double seconds = std::max(absl::ToDoubleSeconds(summary.elapsed), 1e-3);
  std::string text = absl::StrFormat(
      "%s: %s %s (%s, %s), %s in %s, %.2f s, %s rows/s\n", table, CountOf(summary.rows(), "row"),
      summary.dry_run ? "valid" : "written", CountOf(summary.upserts, "upsert"),
      CountOf(summary.deletes, "delete"), FormatBytes(static_cast<double>(summary.bytes)),
      CountOf(summary.requests, "request"), seconds,
      FormatCount(static_cast<std::int64_t>(static_cast<double>(summary.rows()) / seconds)));
  if (summary.acknowledge_p99 > absl::ZeroDuration()) {
    absl::StrAppend(&text, "acknowledged within ", FormatLatency(summary.acknowledge_p50),
                    " (half of the requests), ", FormatLatency(summary.acknowledge_p99), " (99 %)\n");
  }
  if (summary.lines_before > 0) absl::StrAppend(&text, "resumed after line ", summary.lines_before, "\n");
  if (summary.epoch != 0) absl::StrAppend(&text, "epoch ", summary.epoch, "\n");
  if (summary.ties > 0) {
    absl::StrAppend(
        &text, "warning: ", CountOf(summary.ties, "row"),
        " had the key and the sequence number of another; of such rows the one written later wins\n");
  }
  if (summary.set_aside > 0) {
    absl::StrAppend(&text, CountOf(summary.set_aside, "row"),
                    summary.dry_run ? " to be set aside" : " set aside",
                    dead_letter.empty() ? "" : absl::StrCat(" in ", dead_letter), ":\n");
    for (const SetAsideRow& row : summary.set_aside_shown) {
      absl::StrAppend(&text, "  line ", row.line,
                      row.source.empty() ? "" : absl::StrCat(" (", row.source, ")"), ": ", row.reason, "\n");
    }
    const auto more = summary.set_aside - static_cast<std::int64_t>(summary.set_aside_shown.size());
    if (more > 0) absl::StrAppend(&text, "  … and ", FormatCount(more), " more\n");
  }
  if (summary.rows_unsettled > 0) {
    absl::StrAppend(&text, CountOf(summary.rows_unsettled, "row"),
                    summary.ever_sent ? " without answer: written or not, nobody knows\n"
                                      : " not written: the service was never reached\n");
  }
  if (summary.interrupted) absl::StrAppend(&text, "interrupted after line ", summary.lines, "\n");
  return text;
}

}  // namespace bqcdc::pipeline
