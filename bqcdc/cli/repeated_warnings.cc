#include "bqcdc/cli/repeated_warnings.h"

#include "absl/strings/str_cat.h"

namespace bqcdc::cli {
namespace {

constexpr absl::Duration kInterval = absl::Minutes(1);

}  // namespace

std::optional<std::string> RepeatedWarnings::Pass(const std::string& text, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const bool repeated = text == last_;
  if (repeated && now < shown_ + kInterval) {
    ++hidden_;
    return std::nullopt;
  }
  std::string shown = text;
  if (repeated && hidden_ > 0) absl::StrAppend(&shown, " (", hidden_ + 1, " times since the last such line)");
  last_ = text;
  shown_ = now;
  hidden_ = 0;
  return shown;
}

}  // namespace bqcdc::cli
