#include "bqcdc/write/patience.h"

#include "bqcdc/base/strings.h"

namespace bqcdc::write {
namespace {

std::string Named(std::string text, std::string_view name) {
  return name.empty() ? text : base::StrCat(text, " (", name, ")");
}

std::string For(absl::Duration time, std::string_view name) {
  return Named(base::StrCat("for ", absl::FormatDuration(time)), name);
}

}  // namespace

std::string DescribeLimit(const Patience& patience, PatienceLimit limit) {
  switch (limit) {
    case PatienceLimit::kNone:
      return "";
    case PatienceLimit::kRetryTime:
      return For(patience.retry_time_max, patience.names.retry_time);
    case PatienceLimit::kSchemaTime:
      return For(patience.schema_time_max, patience.names.schema_time);
    case PatienceLimit::kRetryAttempts:
      return Named(base::StrCat("in ", patience.retry_attempts_max,
                                patience.retry_attempts_max == 1 ? " attempt" : " attempts"),
                   patience.names.retry_attempts);
  }
  return "";
}

}  // namespace bqcdc::write
