#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

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
  // Rounds that were served.
  int rounds() const { return rounds_; }
  // The longest that one took.
  absl::Duration slowest() const { return slowest_; }

 private:
  void Run();
  std::string Round();
  std::string Ask(const std::string& sql);
  std::string Append();

  const std::string rest_, storage_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> rounds_ = 0;
  absl::Duration slowest_;
  std::string failure_;
  std::thread thread_;
};

}  // namespace bqcdc::hostile
