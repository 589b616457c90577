#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/http/transport.h"

namespace bqcdc::rest::testing {

// A REST API in memory: datasets by name, one table per path, labels and fields by compare-and-set, queries
// by script. Thread-safe.
class FakeRestService final : public http::Transport {
 public:
  struct Table {
    std::string schema_fields =
        R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"name","type":"STRING"}])";
    std::string primary_key = R"(["id"])";  // empty = none
    std::map<std::string, std::string> labels;
    std::int64_t etag = 1;
    std::int64_t creation_time_ms = 1000;
    std::string type = "TABLE";
    std::string location;  // empty = not told
  };

  absl::StatusOr<http::Response> Perform(const http::Request& request) override;

  // Tables by "p.d.t". The pointer lives until the table is removed; lock() guards it.
  void PutTable(const std::string& name, Table table);
  void ChangeTable(const std::string& name, const std::function<void(Table&)>& change);
  Table GetTable(const std::string& name) const;
  void RemoveTable(const std::string& name);
  void PutDataset(const std::string& name);

  // Answers to queries, tried in order: the first whose text is part of the statement. Default: an empty
  // result.
  void AnswerQueries(const std::string& part, const std::string& body, int code = 200);
  // The answer to testIamPermissions of any table; 501 until then.
  void AnswerRights(const std::string& body, int code = 200);
  // The next answers, whatever is asked; before anything else.
  void AnswerNext(absl::StatusOr<http::Response> response);
  // Called before each request is served, without the lock.
  std::function<void(const http::Request&)> on_request;

  std::vector<http::Request> requests() const;
  std::vector<std::string> queries() const;

 private:
  http::Response Serve(const http::Request& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  http::Response ServeTable(const http::Request& request, const std::string& name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, Table> tables_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, bool> datasets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::tuple<std::string, std::string, int>> query_answers_ ABSL_GUARDED_BY(mutex_);
  std::pair<std::string, int> rights_ ABSL_GUARDED_BY(mutex_) = {"", 501};
  std::deque<absl::StatusOr<http::Response>> next_ ABSL_GUARDED_BY(mutex_);
  std::vector<http::Request> requests_ ABSL_GUARDED_BY(mutex_);
};

// An error answer as the service writes it.
http::Response ErrorResponse(int code, const std::string& reason, const std::string& message);

}  // namespace bqcdc::rest::testing
