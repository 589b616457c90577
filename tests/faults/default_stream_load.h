#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "tests/faults/append_load.h"
#include "tests/faults/load.h"

namespace bqcdc::faults {

// Rows without a key, some requests of them refused for one bad row; changes of keys that are written once,
// so that a loss shows; or changes of few keys again and again.
enum class DefaultStreamRows { kPlain, kKeysOnce, kKeysAgain };

// The default stream of a table, with many requests in flight.
class DefaultStreamLoad : public Load {
 public:
  DefaultStreamLoad(std::string table, DefaultStreamRows rows) : Load(std::move(table)), rows_(rows) {}
  void Run(Served& served) override;
  void Check(const std::map<std::string, StoredTable>& stored) override;

 private:
  struct Request {
    std::vector<LoadRow> rows;
    bool bad = false;
  };
  Request Next();
  void Receive(AppendConnection& connection, const Served& served);
  void Settle(const Request& request, const v1::AppendRowsResponse& response);
  void CheckPlain(const std::vector<StoredRow>& shown);
  void CheckKeys(const std::vector<StoredRow>& shown);

  const DefaultStreamRows rows_;
  int64_t next_ = 1;
  int64_t requests_ = 0;

  absl::Mutex mutex_;
  std::deque<Request> in_flight_ ABSL_GUARDED_BY(mutex_);
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  // By the receiving thread, then by Check. Plain rows by id.
  std::set<int64_t> acknowledged_, refused_;
  struct Key {
    int64_t acknowledged = -1;  // highest value
    int64_t sent = -1;
  };
  std::map<int64_t, Key> keys_;
};

}  // namespace bqcdc::faults
