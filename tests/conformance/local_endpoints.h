#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/conformance/case_file.h"
#include "tests/conformance/endpoint.h"
#include "tests/local_server/local_server.h"

namespace bqcdc::conformance {

// Makes the dataset of the endpoint's addresses where it is missing. Errors: FailedPrecondition with the
// service's text.
absl::Status EnsureDataset(Endpoint& endpoint);

// Local servers with a clock that can be driven, one for each kind of case, started when the first needs it.
class LocalEndpoints {
 public:
  // The endpoint lives as long as this.
  absl::StatusOr<Endpoint*> For(const Case& test_case);

 private:
  struct Served {
    std::unique_ptr<local_server::LocalServer> server;
    std::unique_ptr<Endpoint> endpoint;
  };
  std::map<bool, Served> served_;  // by Case::without_background_apply
};

}  // namespace bqcdc::conformance
