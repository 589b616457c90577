#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace bqcdc::emulator::engine {

class Connection;

// Lets another thread end a statement: what runs under it is interrupted, what would come next is refused. Up
// to its point of no return a statement has changed nothing; from there on it ends as it would have.
// Thread-safe.
class Cancellation {
 public:
  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // `why` is what the statement fails with. Returns false past the point of no return, and until another
  // statement runs: then it is that next one under this that fails. Only the first call counts.
  bool Cancel(absl::Status why) ABSL_LOCKS_EXCLUDED(mutex_);
  // OK, or why it was cancelled; OK past the point of no return, until the statement has ended.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  friend class PointOfNoReturn;
  friend class RunningUnder;

  mutable absl::Mutex mutex_;
  absl::Status why_ ABSL_GUARDED_BY(mutex_);
  bool committing_ ABSL_GUARDED_BY(mutex_) = false;
  // A statement has ended past its point of no return, and none runs since.
  bool committed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Connection*> running_ ABSL_GUARDED_BY(mutex_);
};

// While it lives, the statement makes its changes durable and cannot be cancelled.
class PointOfNoReturn {
 public:
  // Fails where the statement has been cancelled. `cancellation` may be null: nobody can.
  static absl::StatusOr<PointOfNoReturn> Enter(Cancellation* cancellation);
  PointOfNoReturn(PointOfNoReturn&& other) noexcept;
  PointOfNoReturn& operator=(PointOfNoReturn&&) = delete;
  ~PointOfNoReturn();

 private:
  explicit PointOfNoReturn(Cancellation* cancellation) : cancellation_(cancellation) {}
  Cancellation* cancellation_;
};

// While it lives, what runs on `connection` can be cancelled. `cancellation` may be null.
class RunningUnder {
 public:
  RunningUnder(Cancellation* cancellation, Connection& connection);
  ~RunningUnder();
  RunningUnder(const RunningUnder&) = delete;
  RunningUnder& operator=(const RunningUnder&) = delete;

 private:
  Cancellation* const cancellation_;
  Connection& connection_;
};

}  // namespace bqcdc::emulator::engine
