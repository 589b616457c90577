#include "bqcdc/emulator/engine/cancellation.h"

#include <utility>

#include "bqcdc/emulator/engine/duckdb_connection.h"

namespace bqcdc::emulator::engine {

bool Cancellation::Cancel(absl::Status why) {
  absl::MutexLock lock(&mutex_);
  if (why_.ok()) why_ = std::move(why);
  if (committing_ || committed_) return false;
  for (Connection* connection : running_) connection->Interrupt();
  return true;
}

absl::Status Cancellation::status() const {
  absl::MutexLock lock(&mutex_);
  return committing_ ? absl::OkStatus() : why_;
}

absl::StatusOr<PointOfNoReturn> PointOfNoReturn::Enter(Cancellation* cancellation) {
  if (cancellation != nullptr) {
    absl::MutexLock lock(&cancellation->mutex_);
    if (!cancellation->why_.ok()) return cancellation->why_;
    cancellation->committing_ = true;
  }
  return PointOfNoReturn(cancellation);
}

PointOfNoReturn::PointOfNoReturn(PointOfNoReturn&& other) noexcept
    : cancellation_(std::exchange(other.cancellation_, nullptr)) {}

PointOfNoReturn::~PointOfNoReturn() {
  if (cancellation_ == nullptr) return;
  absl::MutexLock lock(&cancellation_->mutex_);
  cancellation_->committing_ = false;
  cancellation_->committed_ = true;
}

RunningUnder::RunningUnder(Cancellation* cancellation, Connection& connection)
    : cancellation_(cancellation), connection_(connection) {
  if (cancellation_ == nullptr) return;
  connection_.set_cancellation(cancellation_);
  absl::MutexLock lock(&cancellation_->mutex_);
  cancellation_->committed_ = false;
  cancellation_->running_.push_back(&connection_);
}

RunningUnder::~RunningUnder() {
  if (cancellation_ == nullptr) return;
  connection_.set_cancellation(nullptr);
  absl::MutexLock lock(&cancellation_->mutex_);
  std::erase(cancellation_->running_, &connection_);
}

}  // namespace bqcdc::emulator::engine
