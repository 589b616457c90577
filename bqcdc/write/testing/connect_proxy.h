#pragma once

#include <list>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::write::testing {

// An HTTP proxy on a free port of loopback: each CONNECT, whatever host it names, leads to one port of
// loopback. So a name that no resolver knows is reached through it and not otherwise. Thread-safe.
class ConnectProxy {
 public:
  explicit ConnectProxy(int target_port);
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  // "http://127.0.0.1:PORT"
  std::string url() const;
  // What was asked for so far: "HOST:PORT".
  std::vector<std::string> destinations() const;

 private:
  void Accept();
  void Carry(int client);

  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::list<int> sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> destinations_ ABSL_GUARDED_BY(mutex_);
  std::list<std::thread> carriers_;  // of the accepting thread, until that has ended
  std::thread acceptor_;
};

}  // namespace bqcdc::write::testing
