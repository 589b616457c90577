#include "bqcdc/cli/progress_line.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"

namespace bqcdc::cli {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(250);

}  // namespace

ProgressLine::ProgressLine() : on_terminal_(isatty(STDERR_FILENO) == 1), started_(absl::Now()) {}

void ProgressLine::Show(const pipeline::StreamSummary& summary, const pipeline::LineReader& reader) {
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  if (!on_terminal_ || now < shown_ + kInterval) return;
  shown_ = now;
  visible_ = true;
  const double seconds = std::max(absl::ToDoubleSeconds(now - started_), 0.001);
  std::string text = absl::StrCat(
      pipeline::CountOf(summary.rows(), "row"), ", ",
      pipeline::FormatBytes(static_cast<double>(summary.bytes)), ", ",
      pipeline::FormatCount(static_cast<std::int64_t>(static_cast<double>(summary.rows()) / seconds)),
      " rows/s");
  if (summary.set_aside > 0)
    absl::StrAppend(&text, ", ", pipeline::FormatCount(summary.set_aside), " set aside");
  if (reader.byte_total() > 0) {
    absl::StrAppend(&text, ", ", 100 * reader.byte_count() / reader.byte_total(), " % of the input read");
  }
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

void ProgressLine::Clear() {
  absl::MutexLock lock(&mutex_);
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

}  // namespace bqcdc::cli
