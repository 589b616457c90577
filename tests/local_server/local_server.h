#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace bqcdc::local_server {

// A `bqcdc-serve` of its own: free ports, a temporary data directory unless the flags name one. Ended by the
// destructor.
class LocalServer {
 public:
  // Waits until the server is ready, two minutes at most.
  static absl::StatusOr<std::unique_ptr<LocalServer>> Start(std::vector<std::string> flags);
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  const std::string& rest() const { return rest_; }        // http://127.0.0.1:NNN
  const std::string& storage() const { return storage_; }  // 127.0.0.1:NNN
  const std::string& admin() const { return admin_; }      // http://…, empty without --admin
  pid_t pid() const { return pid_; }

  void Kill();      // SIGKILL, and waits
  int Terminate();  // SIGTERM, and waits; the exit code

 private:
  LocalServer() = default;

  pid_t pid_ = -1;
  std::string directory_;  // of the endpoints file
  std::string rest_, storage_, admin_;
};

}  // namespace bqcdc::local_server
