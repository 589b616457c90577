#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "bqcdc/session/session.h"

namespace bqcdc::cli {

using session::AdvertisedEndpoints;
using session::AskEndpoints;
using session::Environment;
using session::IsWrongUsage;
using session::Session;

// An error that is the caller's doing: exit code 2.
absl::Status WrongUsage(std::string_view message);

// --project, else GOOGLE_CLOUD_PROJECT; empty where neither is given.
std::string GivenProject(const session::SessionOptions& options);
int ExitCodeOf(const absl::Status& status);

}  // namespace bqcdc::cli
