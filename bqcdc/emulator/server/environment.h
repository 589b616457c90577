#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/server/options.h"

namespace bqcdc::emulator::server {

// Where a running server is reached.
struct Endpoints {
  std::string rest;     // http://127.0.0.1:9050, https:// by TLS
  std::string storage;  // 127.0.0.1:9060
  std::string admin;    // http://127.0.0.1:9070, empty without --admin
  // {"rest": …, "storage": …, "admin": …}
  std::string ToJson() const;
};

// Everything that a server consists of: clock, store, services, listeners. They are started in that order and
// stopped in reverse.
class Environment {
 public:
  // Errors are one line each: data directory held by another server, of a newer format or not writable; port
  // taken; certificate, key or token file unfit.
  static absl::StatusOr<std::unique_ptr<Environment>> Start(const Options& options);
  // Stops listening, answers what is under way, closes the store, removes a temporary data directory.
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const Endpoints& endpoints() const;
  const std::string& data_dir() const;

 private:
  struct Impl;
  explicit Environment(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::emulator::server
