#include "bqcdc/cli/progress_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bqcdc/pipeline/stream_summary.h"

namespace bqcdc::cli {
namespace {

using pipeline::CountOf;
using pipeline::FormatBytes;
using pipeline::FormatCount;

// What "now" means for the rate.
constexpr absl::Duration kRateWindow = absl::Seconds(5);
// Before that a time left would be a guess.
constexpr absl::Duration kRateLeast = absl::Seconds(1);

std::string FormatLeft(double seconds) {
  const auto left = static_cast<std::int64_t>(seconds + 0.5);
  if (left >= 3600) return absl::StrFormat("%dh%02dm", left / 3600, left / 60 % 60);
  return left >= 60 ? absl::StrFormat("%dm%02ds", left / 60, left % 60) : absl::StrFormat("%ds", left);
}

}  // namespace

std::string ProgressText::Update(const pipeline::RunSnapshot& run, std::uint64_t input_bytes) {
  const Sample now{run.at, run.rows(), run.input_bytes_read - run.lag_bytes};
  if (samples_.empty()) samples_.push_back({run.started, 0, 0});
  samples_.push_back(now);
  // The oldest one that is kept is just outside of the window.
  while (samples_.size() > 2 && samples_[1].at <= run.at - kRateWindow) samples_.pop_front();
  const Sample& before = samples_.front();
  const double seconds = std::max(absl::ToDoubleSeconds(now.at - before.at), 0.001);

  std::string text = absl::StrCat(
      CountOf(now.rows, "row"), ", ", FormatBytes(static_cast<double>(run.bytes())), ", ",
      FormatCount(static_cast<std::int64_t>(static_cast<double>(now.rows - before.rows) / seconds)),
      " rows/s");
  if (input_bytes > 0) {
    // A file that grows meanwhile has no more than all.
    const double part =
        std::min(1.0, static_cast<double>(now.settled_bytes) / static_cast<double>(input_bytes));
    absl::StrAppend(&text, ", ", static_cast<int>(part * 100), " %");
    const double speed = static_cast<double>(now.settled_bytes - before.settled_bytes) / seconds;
    if (part < 1 && speed > 0 && now.at - run.started >= kRateLeast) {
      absl::StrAppend(&text, ", ", FormatLeft(static_cast<double>(input_bytes - now.settled_bytes) / speed),
                      " left");
    }
  }
  const std::int64_t set_aside = run.dead_letter_count();
  if (set_aside > 0) absl::StrAppend(&text, ", ", FormatCount(set_aside), " set aside");
  return text;
}

}  // namespace bqcdc::cli
