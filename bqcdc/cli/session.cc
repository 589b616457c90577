#include "bqcdc/cli/session.h"

#include <spdlog/spdlog.h>

#include <string>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/cli/exit_code.h"

namespace bqcdc::cli {

absl::StatusOr<std::unique_ptr<Session>> OpenSession(const session::SessionOptions& options) {
  BQCDC_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, Session::Open(options));
  const write::Endpoints& endpoints = session->endpoints();
  const std::string& origin = session->credentials().origin;
  spdlog::debug("REST endpoint {}, gRPC endpoint {}, credentials: {}",
                http::WithoutSecrets(endpoints.rest_url), endpoints.storage_target,
                origin.empty() ? "none" : origin);
  return session;
}

std::string GivenProject(const session::SessionOptions& options) {
  return !options.project.empty() ? options.project : Environment("GOOGLE_CLOUD_PROJECT");
}

absl::Status WrongUsage(std::string_view message) {
  return session::MarkWrongUsage(absl::InvalidArgumentError(base::ToAbsl(message)));
}

int ExitCodeOf(const absl::Status& status) {
  return status.ok() ? kDone : IsWrongUsage(status) ? kWrongUsage : kFailed;
}

}  // namespace bqcdc::cli
