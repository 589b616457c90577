#include "bqcdc/cli/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/time/clock.h"

namespace bqcdc::cli {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(250);

// A longer line would wrap, and its first part stay on the screen.
std::size_t Columns() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
}

}  // namespace

ProgressLine::ProgressLine() : on_terminal_(isatty(STDERR_FILENO) == 1) {}

void ProgressLine::Show(const pipeline::RunMeter& meter, std::uint64_t input_bytes) {
  if (!on_terminal_) return;
  const absl::Time now = absl::Now();
  absl::MutexLock lock(&mutex_);
  if (now < shown_ + kInterval) return;
  shown_ = now;
  visible_ = true;
  std::string text = text_.Update(meter.Snapshot(), input_bytes);  // ASCII
  if (text.size() > Columns()) text.resize(Columns());
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

void ProgressLine::Clear() {
  absl::MutexLock lock(&mutex_);
  if (visible_) std::fputs("\r\033[K", stderr);
  visible_ = false;
}

}  // namespace bqcdc::cli
