#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/handlers/append_session.h"
#include "bqcdc/emulator/handlers/in_flight_budget.h"
#include "bqcdc/emulator/handlers/task_worker.h"
#include "bqcdc/emulator/handlers/write_options.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/slice.h"

namespace bqcdc::emulator::handlers {

// What all connections share; outlives them.
struct AppendContext {
  engine::Database& database;
  const base::Clock& clock;
  const WriteOptions& options;
  const DefaultEvaluator& evaluate_default;
  InFlightBudget& budget;
  SchemaBudget& schemas;
  ColumnPropagation& propagation;
  TaskWorker& worker;
  WriteCounters& counters;
};

// One AppendRows RPC: reads requests, hands batches to the database, and answers each request, in the order
// of the requests although commits end when they like. No thread of its own. Back pressure: while too many
// requests or bytes wait for their commit, the next read is not started. Errors of requests are answers, but
// for those that end the RPC (EndsRpc()); it ends, too, when the client ends it, when it was idle for too
// long or when the server stops.
class AppendConnection final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                               public std::enable_shared_from_this<AppendConnection> {
 public:
  using DoneFunction = std::function<void(AppendConnection*)>;

  // `on_done` is called once, when the RPC is over.
  static std::shared_ptr<AppendConnection> Start(const AppendContext& context, DoneFunction on_done);

  // Closes the RPC if it has been without traffic since `idle_before`. Returns the time of its last traffic.
  absl::Time CloseIfIdle(absl::Time idle_before);
  // Ends the RPC with `status` after the answers that are due.
  void Close(absl::Status status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // A request on its way from the wire to its answer.
  struct Entry {
    uint64_t number = 0;  // in the order of requests
    grpc::ByteBuffer request;
    grpc::Slice bytes;  // the request in one piece; rows point into it
    int64_t size = 0;
    std::optional<AppendSession::Resolved> resolved;
    std::shared_ptr<AppendSession::Destination> destination;
    std::shared_ptr<const catalog::Table> table;  // as of decoding
    bool columns_known = true;                    // AppendSession::Decoded
    int64_t row_count = 0;
    int tries = 0;
    bool ready = false;  // `status` is the outcome
    absl::Status status;
    std::vector<convert::RowFault> faults;
    std::shared_ptr<const engine::StreamAppend> stream;  // of a created stream, once handed to the database
  };
  using EntryPointer = std::shared_ptr<Entry>;
  enum class Action : uint8_t { kNone, kRead, kWrite, kFinish };

  AppendConnection(const AppendContext& context, DoneFunction on_done);

  // Works off held_, one thread at a time.
  void Pump();
  bool PumpOne(const EntryPointer& entry);
  absl::Status ResolveEntry(Entry& entry);
  void OnDurable(const EntryPointer& entry, const absl::Status& status);
  void ReleaseBudget() ABSL_LOCKS_EXCLUDED(mutex_);
  // `entry` is the last that is looked at: what came after it is neither stored nor answered. What is held
  // stays so until whoever pumps drops it: it may be decoding it.
  void EndLocked(const EntryPointer& entry, absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropHeldLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SettleLocked(const EntryPointer& entry, absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Starts the gRPC operations that are due, one thread at a time, never under the lock.
  void Act();
  Action NextAction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PrepareResponse() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const AppendContext& context_;
  const DoneFunction on_done_;
  std::shared_ptr<AppendConnection> self_;  // until OnDone

  // Used by whoever pumps, one at a time.
  AppendSession session_;

  // Buffers of the one outstanding read and write.
  grpc::ByteBuffer read_buffer_;
  grpc::ByteBuffer write_buffer_;

  absl::Mutex mutex_;
  std::deque<EntryPointer> entries_ ABSL_GUARDED_BY(mutex_);       // without an answer yet, in order
  std::map<uint64_t, EntryPointer> held_ ABSL_GUARDED_BY(mutex_);  // to be decoded (again), in order
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t released_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // settled, but the budget does not know yet
  int64_t released_requests_ ABSL_GUARDED_BY(mutex_) = 0;
  int commits_in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, int64_t> version_in_flight_ ABSL_GUARDED_BY(mutex_);  // table uid → schema version
  bool pumping_ ABSL_GUARDED_BY(mutex_) = false;
  bool pump_again_ ABSL_GUARDED_BY(mutex_) = false;
  bool acting_ ABSL_GUARDED_BY(mutex_) = false;
  bool act_again_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_for_budget_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_done_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;  // a request has ended the RPC: no other is looked at
  std::optional<absl::Status> close_status_ ABSL_GUARDED_BY(mutex_);
  std::string entity_ ABSL_GUARDED_BY(mutex_);  // of the last request that named one it could have
  absl::Time last_traffic_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace bqcdc::emulator::handlers
