#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace bqcdc::hostile {

// Somebody who means no harm: gets a resource, runs a query and appends a row, each time on new connections,
// again and again until it is destroyed.
class OrdinaryClient {
 public:
  // `rest` and `storage` as a server gives them. Makes a table of its own first.
  OrdinaryClient(const std::string& rest, const std::string& storage);
  ~OrdinaryClient();

  // Ends the work. What went wrong first, empty when nothing did.
  std::string Stop();
  // Waits until this many rounds more were served, 30 s for each; false when they were not.
  bool AwaitRounds(int count);
  // The longest that one took. REQUIRES: Stop() was called.
  absl::Duration slowest() const { return slowest_; }

 private:
  void Run();
  std::string Round();
  std::string Ask(const std::string& sql);
  std::string Append();

  const std::string rest_, storage_;
  absl::Notification stop_;
  absl::Mutex mutex_;
  int rounds_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration slowest_;  // of the thread, as is
  std::string failure_;
  std::thread thread_;
};

}  // namespace bqcdc::hostile
