#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bqcdc/write/append_result.h"

namespace bqcdc::write::testing {

// One request as the service saw it.
struct SeenRequest {
  int call = 0;     // of the service's life, from 0
  int in_call = 0;  // of its call, from 0
  std::string write_stream, trace_id, routing;
  bool has_schema = false;
  std::vector<std::string> fields;  // names in the schema that the request brought
  std::vector<std::string> rows;
  std::size_t byte_count = 0;  // on the wire
};

// What the service does about a request.
struct Reply {
  enum class Kind {
    kAnswer,         // one response: ok, or `result` where that is not
    kEndCall,        // no response; the call ends with `end`
    kAnswerAndEnd,   // a response, then the call ends
    kAnswerAndIdle,  // a response; the call reads no more and ends with `end` at EndIdleCalls()
    kSilence,        // no response, the call stays open
  };
  Kind kind = Kind::kAnswer;
  AppendResult result;
  absl::Status end;

  static Reply Ok() { return {}; }
  static Reply Refuse(absl::Status status, std::vector<RowError> row_errors = {},
                      StorageErrorCode storage_error = StorageErrorCode::kUnspecified) {
    Reply reply;
    reply.result.status = std::move(status);
    reply.result.row_errors = std::move(row_errors);
    reply.result.storage_error = storage_error;
    return reply;
  }
  static Reply EndCall(absl::Status status) {
    Reply reply;
    reply.kind = Kind::kEndCall;
    reply.end = std::move(status);
    return reply;
  }
};

// A BigQueryWrite service on a free port of loopback whose answers are scripted. Thread-safe; the script is
// called under a lock, one request at a time.
class FakeWriteService {
 public:
  using Script = std::function<Reply(const SeenRequest&)>;

  explicit FakeWriteService(Script script);
  ~FakeWriteService();

  std::string target() const;  // "127.0.0.1:NNN"
  // Everything that came, in order; rows that were answered Ok.
  std::vector<SeenRequest> requests() const;
  std::vector<std::string> stored_rows() const;
  int call_count() const;

  // Goes away and comes back at the same port, as a server that is restarted.
  void Stop();
  void Start();
  // Ends the calls that were told to be idle.
  void EndIdleCalls();
  // Says GOAWAY and lets calls that are open go on, for `patience` at most; returns when all have ended.
  void GoAway(absl::Duration patience);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::write::testing
