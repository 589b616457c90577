#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/session/session.h"

namespace bqcdc::cli {

using session::AdvertisedEndpoints;
using session::AskEndpoints;
using session::Environment;
using session::IsWrongUsage;
using session::Session;

// Session::Open(); says where and as whom in the log for debugging.
absl::StatusOr<std::unique_ptr<Session>> OpenSession(const session::SessionOptions& options);

// An error that is the caller's doing: exit code 2.
absl::Status WrongUsage(std::string_view message);

// --project, else GOOGLE_CLOUD_PROJECT; empty where neither is given.
std::string GivenProject(const session::SessionOptions& options);
int ExitCodeOf(const absl::Status& status);

}  // namespace bqcdc::cli
