#include "bqcdc/write/connection_pool.h"

#include <algorithm>
#include <utility>

#include "bqcdc/base/status_macros.h"

namespace bqcdc::write {
namespace {

// Answers that come sooner than this are not told apart: what differs is this machine's noise.
constexpr absl::Duration kAnswerTimeMin = absl::Milliseconds(5);

}  // namespace

ConnectionPool::ConnectionPool(ConnectionPoolOptions options, ChannelFactory channels,
                               const base::Clock& clock, ResultHandler on_result, FailureHandler on_failure)
    : options_(std::move(options)),
      make_channel_(std::move(channels)),
      clock_(clock),
      on_result_(std::move(on_result)),
      on_failure_(std::move(on_failure)) {}

ConnectionPool::~ConnectionPool() = default;

absl::Duration ConnectionPool::QuickestAnswer() const {
  absl::Duration quickest = absl::InfiniteDuration();
  for (const auto& [id, entry] : entries_) {
    const absl::Duration time = entry.connection->answer_time();
    if (time > absl::ZeroDuration()) quickest = std::min(quickest, time);
  }
  return std::max(quickest, kAnswerTimeMin);
}

double ConnectionPool::ExpectedWait(const AppendConnection& connection, absl::Duration quickest) const {
  absl::Duration rest;
  const std::int64_t times =
      std::max<std::int64_t>(absl::IDivDuration(connection.answer_time(), quickest, &rest), 1);
  return static_cast<double>(times) * (connection.load() + 1.0 / options_.connection.requests_in_flight_max);
}

absl::StatusOr<int> ConnectionPool::Bind(std::span<const int> avoid) {
  const auto avoided = [&](int id) { return std::find(avoid.begin(), avoid.end(), id) != avoid.end(); };
  const absl::Duration quickest = QuickestAnswer();
  int best = -1, best_of_all = -1;
  double best_wait = 0, best_wait_of_all = 0;
  for (const auto& [id, entry] : entries_) {
    const double wait = ExpectedWait(*entry.connection, quickest);
    if (best_of_all < 0 || wait < best_wait_of_all) {
      best_of_all = id;
      best_wait_of_all = wait;
    }
    if (avoided(id)) continue;
    if (best < 0 || wait < best_wait) {
      best = id;
      best_wait = wait;
    }
  }
  const bool room_for_more = connection_count() < options_.connections_max;
  if (best < 0 || at(best).load() >= options_.shared_load_max) {
    if (room_for_more || best_of_all < 0) {
      BQCDC_ASSIGN_OR_RETURN(best, Open());
    } else if (best < 0) {
      best = best_of_all;
    }
  }
  ++entries_.at(best).lanes;
  return best;
}

void ConnectionPool::Unbind(int connection) {
  Entry& entry = entries_.at(connection);
  --entry.lanes;
  entry.unused_since = clock_.Now();
}

absl::StatusOr<std::size_t> ConnectionPool::ChooseChannel() {
  std::size_t least = 0;
  for (std::size_t i = 1; i < channels_.size(); ++i) {
    if (channels_[i].calls < channels_[least].calls) least = i;
  }
  const bool more =
      channels_.empty() || channels_[least].calls >= options_.calls_per_channel_max ||
      (channels_[least].calls > 0 && static_cast<int>(channels_.size()) < options_.channels_min);
  if (!more) return least;
  BQCDC_ASSIGN_OR_RETURN(StorageChannel channel, make_channel_());
  channels_.push_back({std::move(channel), 0});
  return channels_.size() - 1;
}

absl::StatusOr<int> ConnectionPool::Open() {
  BQCDC_ASSIGN_OR_RETURN(const std::size_t channel, ChooseChannel());
  AppendConnectionOptions options = options_.connection;
  options.ask_before_first = options.ask_before_first || next_id_ > 0;  // Time has passed since the first.
  const int id = next_id_++;
  if (options_.on_schema_refused) options.on_schema_refused = [this, id] { options_.on_schema_refused(id); };
  Entry& entry = entries_[id];
  entry.channel = channel;
  entry.unused_since = clock_.Now();
  ++channels_[channel].calls;
  entry.connection = std::make_unique<AppendConnection>(
      channels_[channel].channel, std::move(options), clock_,
      [this, id](std::int64_t request, AppendResult result) { on_result_(id, request, std::move(result)); },
      on_failure_);
  return id;
}

void ConnectionPool::CloseIdle() {
  const absl::Time now = clock_.Now();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.lanes > 0 || now < entry->second.unused_since + options_.idle_time_max) {
      ++entry;
      continue;
    }
    closed_stats_ += entry->second.connection->stats();
    --channels_[entry->second.channel].calls;
    entry = entries_.erase(entry);
  }
}

void ConnectionPool::LeaveLostPeers() {
  for (auto& [id, entry] : entries_) entry.connection->LeaveLostPeer();
}

void ConnectionPool::Cancel() {
  for (auto& [id, entry] : entries_) entry.connection->Cancel();
}

absl::Status ConnectionPool::AwaitAnswers(absl::Time deadline) {
  absl::Status status;
  for (auto& [id, entry] : entries_) status.Update(entry.connection->AwaitAnswers(deadline));
  return status;
}

int ConnectionPool::open_call_count() const {
  int count = 0;
  for (const auto& [id, entry] : entries_) count += entry.connection->is_open() ? 1 : 0;
  return count;
}

std::vector<double> ConnectionPool::loads() const {
  std::vector<double> loads;
  loads.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) loads.push_back(entry.connection->load());
  return loads;
}

AppendConnectionStats ConnectionPool::stats() const {
  AppendConnectionStats stats = closed_stats_;
  for (const auto& [id, entry] : entries_) stats += entry.connection->stats();
  return stats;
}

}  // namespace bqcdc::write
