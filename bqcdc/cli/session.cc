#include "bqcdc/cli/session.h"

#include <cstdio>
#include <string>

#include "bqcdc/base/strings.h"
#include "bqcdc/cli/exit_code.h"

namespace bqcdc::cli {

std::string GivenProject(const session::SessionOptions& options) {
  return !options.project.empty() ? options.project : Environment("GOOGLE_CLOUD_PROJECT");
}

absl::Status WrongUsage(std::string_view message) {
  return session::MarkWrongUsage(absl::InvalidArgumentError(base::ToAbsl(message)));
}

int ExitCodeOf(const absl::Status& status) {
  return status.ok() ? kDone : IsWrongUsage(status) ? kWrongUsage : kFailed;
}

int ReportError(const absl::Status& status, int code) {
  std::fprintf(stderr, "bqcdc: %s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace bqcdc::cli
