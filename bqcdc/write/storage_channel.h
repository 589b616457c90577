#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace grpc {
class Channel;
}

namespace bqcdc::write {

// A gRPC channel to the Storage Write API. gRPC's headers stay out of here: they cost seconds for every file.
struct StorageChannel {
  std::shared_ptr<grpc::Channel> channel;
  std::string user_project;  // sent as x-goog-user-project where not empty
};

// Gives bearer tokens for calls; called from gRPC's threads.
using CallToken = std::function<absl::StatusOr<std::string>()>;

// Plaintext without credentials, for local servers.
StorageChannel MakeLocalChannel(const std::string& target);

// TLS with Application Default Credentials as gRPC finds them (service_account, authorized_user,
// external_account, metadata server), or with `token` where that is given (--credentials).
// Errors: FailedPrecondition when gRPC finds no credentials.
absl::StatusOr<StorageChannel> MakeServiceChannel(const std::string& target, CallToken token,
                                                  std::string user_project);

}  // namespace bqcdc::write
