#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/write/limits.h"

namespace grpc {
class Channel;
}

namespace bqcdc::write {

// A gRPC channel to the Storage Write API. gRPC's headers stay out of here: they cost seconds for every file.
struct StorageChannel {
  std::shared_ptr<grpc::Channel> channel;
  std::string user_project;  // sent as x-goog-user-project where not empty
  // To be called when a call has ended with UNAUTHENTICATED: the token that it carried is not used again.
  // Unset where there are no credentials.
  std::function<void()> token_refused;
};

// How a peer is noticed that is gone without a word: a ping after `interval` without traffic, and the
// connection is given up when no answer comes within `timeout`; its calls end then.
struct Keepalive {
  absl::Duration interval = kKeepaliveInterval;
  absl::Duration timeout = kKeepaliveTimeout;
};

// Gives bearer tokens for calls; called from threads that may wait, several at once.
using CallToken = std::function<absl::StatusOr<std::string>()>;

// How the service is reached.
struct ServiceChannelOptions {
  CallToken token;  // REQUIRED: asked at the start of every call
  // Told that the service did not accept a token. May be empty.
  std::function<void(const std::string& token)> refused;
  std::string user_project;       // x-goog-user-project; empty = none
  std::string root_certificates;  // PEM; empty = those of the system
  bool ignore_proxy = false;      // else as gRPC reads the environment: https_proxy, no_proxy
  Keepalive keepalive;
};

// Plaintext, for local servers. `token` is for those that ask for one all the same (--access-token-file):
// whoever sees the network sees it; must not wait. Empty: no credentials.
StorageChannel MakeLocalChannel(const std::string& target, CallToken token = nullptr,
                                Keepalive keepalive = {});

// TLS, with the token as call credentials.
StorageChannel MakeServiceChannel(const std::string& target, ServiceChannelOptions options);

}  // namespace bqcdc::write
