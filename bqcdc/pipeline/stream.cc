#include "bqcdc/pipeline/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/checkpoint/dead_letter_file.h"
#include "bqcdc/checkpoint/file_identity.h"
#include "bqcdc/pipeline/checkpointer.h"
#include "bqcdc/pipeline/current_binding.h"
#include "bqcdc/pipeline/input_sources.h"
#include "bqcdc/pipeline/progress.h"
#include "bqcdc/pipeline/stream_settlement.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/rest/table_evolution.h"
#include "bqcdc/write/batch_sender.h"
#include "bqcdc/write/latency_target.h"
#include "bqcdc/write/request_builder.h"

namespace bqcdc::pipeline {
namespace {

// How often the state of the connections is looked at.
constexpr absl::Duration kMeterInterval = absl::Milliseconds(200);
constexpr char kUndecided[] = "undecided";

std::string HoursAgo(absl::Duration age) {
  return absl::StrCat(absl::FormatDuration(absl::Floor(age, absl::Hours(1))), " ago");
}

// What makes sending after write::kReplayAgeMax a risk.
std::string SentAgain() {
  return absl::StrCat(
      "what it had sent would be sent again with its old numbers, which the service may have forgotten "
      "after ",
      absl::FormatDuration(write::kReplayAgeMax), ", so that a row deleted since may come back");
}

// A pipe by name is not opened for this: whoever writes to it would take us for its reader.
absl::StatusOr<checkpoint::FileIdentity> IdentifySource(const InputSources& sources, std::size_t source) {
  const std::string path = sources.path(source);
  if (const std::shared_ptr<const OpenFile> kept = sources.kept(source); kept != nullptr)
    return checkpoint::IdentifyFile(sources.name(source), kept->fd());
  struct stat facts = {};
  if (path == "-" || (stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode)))
    return checkpoint::FileIdentity{path};
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  const OpenFile file(fd);
  return checkpoint::IdentifyFile(path, fd);
}

// One run. Its parts are made in Start(), in the order of the way of a change backwards.
class StreamRun {
 public:
  StreamRun(const StreamOptions& options, StreamSurroundings surroundings, LineReader reader)
      : options_(options),
        with_(std::move(surroundings)),
        clock_(*with_.clock),
        reader_(std::move(reader)),
        own_meter_(*with_.clock),
        meter_(with_.meter != nullptr ? *with_.meter : own_meter_),
        progress_(options.input.start),
        started_(clock_.Now()) {}

  StreamOutcome Run() {
    StreamOutcome outcome;
    outcome.status = Prepare();
    if (outcome.status.ok()) outcome.status = Work();
    if (!outcome.status.ok()) meter_.OnFailure(outcome.status);
    if (settlement_ != nullptr) outcome.summary = TakeSummary();
    outcome.summary.elapsed = clock_.Now() - started_;
    outcome.summary.lines = reader_.line_count();
    outcome.summary.lines_before = options_.input.start.line;
    outcome.summary.interrupted = outcome.status.ok() && !reader_.reached_end();
    const RunSnapshot measured = meter_.Snapshot();
    outcome.summary.acknowledge_p50 = measured.acknowledge.Quantile(0.5);
    outcome.summary.acknowledge_p99 = measured.acknowledge.Quantile(0.99);
    if (encoder_.has_value()) outcome.summary.ties = encoder_->tie_count();
    if (claimed_) outcome.summary.epoch = claim_->epoch();
    return outcome;
  }

 private:
  // What the run goes on from; null = nothing.
  const checkpoint::Checkpoint* resumed() const {
    return with_.checkpoint != nullptr && with_.checkpoint->loaded().has_value()
               ? &*with_.checkpoint->loaded()
               : nullptr;
  }
  absl::Status Prepare();
  absl::Status Work();
  void MakePool();
  void LimitRate(write::BatchLimits& limits);
  bool AwaitRate(ChangeBatch& batch);
  void OnProgress();
  void MeterSender();
  StreamSummary TakeSummary();
  void ReadInput();
  absl::StatusOr<TableBinding> ReadBinding();
  absl::Status OnMode(SequenceMode mode, std::uint64_t line);
  absl::Status CheckCheckpoint(const rest::TableResource& table) const;
  absl::Status CheckEpoch(const rest::TableResource& table) const;
  absl::Status MakeCheckpointer();
  absl::Status IdentifyInputs(checkpoint::Checkpoint& checkpoint);
  void ShowCounts();
  absl::Status VerifyClaim();
  void WatchClaim();
  void LimitDrain();

  const StreamOptions& options_;
  const StreamSurroundings with_;
  const base::Clock& clock_;
  LineReader reader_;
  RunMeter own_meter_;  // where there is none of the caller's
  RunMeter& meter_;
  absl::Time metered_ = absl::InfinitePast();  // when the state of the connections was
  Progress progress_;
  const absl::Time started_;

  std::optional<CurrentBinding> current_;
  std::optional<TableClaim> claim_;
  std::atomic<bool> claimed_{false};
  std::optional<RateLimiter> rate_limiter_;
  std::optional<write::LatencyTarget> latency_target_;
  std::shared_ptr<write::BatchPool> pool_;
  std::unique_ptr<checkpoint::DeadLetterFile> dead_letter_;
  std::unique_ptr<StreamSettlement> settlement_;
  std::unique_ptr<Checkpointer> checkpointer_;                        // null = none
  std::atomic<std::int64_t> upserts_{0}, deletes_{0}, set_aside_{0};  // of settlement_, for any thread
  std::unique_ptr<write::BatchSender> sender_;
  std::unique_ptr<write::ConnectionPool> connections_;
  std::optional<InputEncoder> encoder_;
  bool ever_sent_ = true;  // known at the end

  absl::Mutex mutex_;
  absl::Status input_status_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  StopSignal end_;  // of this run, for who waits for descriptors
};

absl::Status StreamRun::Prepare() {
  BQCDC_ASSIGN_OR_RETURN(rest::TableResource table, with_.client->GetTable(options_.table));
  BQCDC_ASSIGN_OR_RETURN(TableBinding binding, BindTable(options_.table, table));
  ClaimOptions claim{options_.table, options_.resume_epoch};
  if (resumed() != nullptr) {
    BQCDC_RETURN_IF_ERROR(CheckCheckpoint(table));
    claim.resume_epoch = resumed()->epoch;
    claim.epoch_unused = resumed()->sequence == kUndecided;
  } else if (options_.resume_epoch != 0) {
    BQCDC_RETURN_IF_ERROR(CheckEpoch(table));
  }
  BQCDC_ASSIGN_OR_RETURN(claim_, TableClaim::Prepare(*with_.client, claim, table, clock_));
  // A run that is refused has changed nothing.
  if (!options_.evolve_to.empty()) {
    BQCDC_ASSIGN_OR_RETURN(const int changes,
                           rest::EvolveTable(*with_.client, options_.table, options_.evolve_to));
    if (changes > 0 && with_.warn)
      with_.warn(absl::StrCat("changed the columns of table ", options_.table.ToString(), ": ",
                              CountOf(changes, "statement")));
    BQCDC_ASSIGN_OR_RETURN(table, with_.client->GetTable(options_.table));
    BQCDC_ASSIGN_OR_RETURN(binding, BindTable(options_.table, table));
    BQCDC_ASSIGN_OR_RETURN(claim_, TableClaim::Prepare(*with_.client, claim, table, clock_));
  }

  const std::size_t preamble = write::PreambleBytesMax(*binding.destination, options_.trace_id);
  if (preamble >= options_.request_bytes_max / 2) {
    return absl::InvalidArgumentError(absl::StrCat("the schema of table ", options_.table.ToString(),
                                                   " takes ", preamble, " bytes of a request limited to ",
                                                   options_.request_bytes_max));
  }
  current_.emplace(
      std::move(binding), [this] { return ReadBinding(); }, clock_, options_.schema_read_interval);
  InputEncoderOptions encoder;
  encoder.limits = options_.batch;
  encoder.limits.rows_bytes_max = options_.request_bytes_max - preamble;
  encoder.limits.batch_bytes = std::min(encoder.limits.batch_bytes, encoder.limits.rows_bytes_max);
  LimitRate(encoder.limits);
  if (options_.target_latency > absl::ZeroDuration()) {
    latency_target_.emplace(write::LatencyTargetOptions::For(
        options_.target_latency, encoder.limits.batch_bytes, options_.requests_in_flight_max));
    encoder.limits.flush_interval =
        std::min(encoder.limits.flush_interval, latency_target_->flush_interval_max());
  }
  encoder.epoch = claim_->epoch();
  encoder.line_bytes_max = options_.input.line_bytes_max;
  encoder.threads = options_.encode_threads;
  encoder.start = options_.input.start;
  if (resumed() != nullptr && resumed()->sequence != kUndecided) {
    encoder.mode = resumed()->sequence == "own" ? SequenceMode::kOwn : SequenceMode::kAssigned;
    encoder.mode_line = resumed()->sequence_line;
  }

  write::BatchPoolLimits memory = options_.memory;
  // Rows that wait here for the window wait as long as those in it: with a target few may.
  if (latency_target_.has_value())
    memory.batches = std::min(memory.batches, static_cast<std::size_t>(options_.requests_in_flight_max));
  // What is encoded ahead is part of it.
  encoder.bytes_ahead_max = std::min(memory.bytes / 2, InputEncoder::BytesAhead(encoder));
  memory.bytes -= encoder.bytes_ahead_max;
  // The encoder holds one batch for each lane while it waits for another.
  memory.batches = std::max(memory.batches, static_cast<std::size_t>(options_.connections_max) + 2);
  pool_ = write::BatchPool::Create([] { return std::make_unique<ChangeBatch>(); }, memory);
  dead_letter_ = std::make_unique<checkpoint::DeadLetterFile>(
      checkpoint::DeadLetterOptions{options_.dead_letter_path, options_.table.ToString(),
                                    table.creation_time_ms},
      clock_);
  BQCDC_RETURN_IF_ERROR(dead_letter_->Inspect());
  settlement_ = std::make_unique<StreamSettlement>(
      StreamSettlementOptions{options_.bad_rows_max,
                              [this](std::size_t source) { return reader_.source_name(source); }},
      *dead_letter_, progress_, meter_);
  meter_.SetTable(options_.table.ToString(), 0);
  meter_.SetBatchLimits(encoder.limits.batch_bytes, encoder.limits.batch_rows);
  write::BatchSenderOptions sender;
  sender.patience = options_.patience;
  sender.scaling.lanes_max = options_.connections_max;
  sender.scaling.period = options_.scaling_period;
  write::BatchSenderSurroundings surroundings;
  surroundings.check_table = [this](int) { return VerifyClaim(); };
  surroundings.on_schema_changed = [this](int) { current_->NoteChange(); };
  surroundings.current_schema = [this](int) { return current_->RefreshSchema(); };
  surroundings.on_progress = [this] { OnProgress(); };
  surroundings.on_answer = [this](const write::AnsweredRequest& answered) { meter_.OnAnswer(answered); };
  if (latency_target_.has_value()) surroundings.latency_target = &*latency_target_;
  sender_ = std::make_unique<write::BatchSender>(sender, std::move(surroundings), *settlement_, clock_);
  MakePool();

  InputEncoderEvents events;
  events.on_mode = [this](SequenceMode mode, std::uint64_t line) { return OnMode(mode, line); };
  events.on_open = [this](std::uint64_t batch, std::uint64_t input_bytes) {
    meter_.OnBatchOpened(batch, input_bytes);
  };
  events.on_batch = [this](std::shared_ptr<ChangeBatch> batch) {
    meter_.OnInputRead(reader_.byte_count());
    return AwaitRate(*batch) && sender_->Push(std::move(batch));
  };
  events.lanes_wanted = [this] { return sender_->lanes_wanted(0); };
  if (latency_target_.has_value())
    events.batch_bytes_wanted = [this] { return latency_target_->batch_bytes(); };
  if (with_.checkpoint != nullptr) {
    BQCDC_RETURN_IF_ERROR(MakeCheckpointer());
    events.in_reach = [this](const InputPosition& position, bool wait) {
      return wait ? checkpointer_->AwaitReach(position.line) : checkpointer_->InReach(position.line);
    };
  }
  encoder_.emplace(*current_, encoder, std::move(events), pool_, progress_, clock_);
  return absl::OkStatus();
}

// A batch is what passes at once, so it is kept small.
void StreamRun::LimitRate(write::BatchLimits& limits) {
  const RateLimit& limit = options_.rate_limit;
  if (!limit.limited()) return;
  const double rate = limit.rows_per_second > 0 ? limit.rows_per_second : limit.bytes_per_second;
  rate_limiter_.emplace(rate, kRateLimitBurst, clock_);
  const double burst = std::max(1.0, rate * absl::ToDoubleSeconds(kRateLimitBurst));
  if (limit.rows_per_second > 0 && burst < static_cast<double>(limits.batch_rows)) {
    limits.batch_rows = static_cast<std::int64_t>(burst);
  } else if (limit.bytes_per_second > 0 && burst < static_cast<double>(limits.batch_bytes)) {
    limits.batch_bytes = static_cast<std::size_t>(burst);
  }
}

bool StreamRun::AwaitRate(ChangeBatch& batch) {
  if (!rate_limiter_.has_value()) return true;
  const absl::Duration before = rate_limiter_->waited();
  const bool taken = rate_limiter_->Take(static_cast<double>(
      options_.rate_limit.rows_per_second > 0 ? batch.rows.row_count() : batch.rows.byte_count()));
  const absl::Duration waited = rate_limiter_->waited();
  meter_.OnRateLimitWaited(waited);
  // Neither encoding nor the window took this time.
  batch.begun += waited - before;
  batch.handed_on += waited - before;
  return taken;
}

void StreamRun::OnProgress() {
  const absl::Time now = clock_.Now();
  if (now >= metered_ + kMeterInterval) {
    metered_ = now;
    MeterSender();
  }
  ShowCounts();
  if (with_.on_progress) with_.on_progress(TakeSummary(), reader_);
}

void StreamRun::MeterSender() {
  meter_.OnInputRead(reader_.byte_count());
  meter_.OnSender(sender_->stats(), connections_.get(), sender_->lanes_wanted(0));
}

absl::Status StreamRun::CheckCheckpoint(const rest::TableResource& table) const {
  const std::string name = options_.table.ToString();
  const char* remedy = "; remove the checkpoint file to stream the input from its beginning";
  if (resumed()->table != name) {
    return absl::FailedPreconditionError(absl::StrCat("the checkpoint is of table ", resumed()->table,
                                                      ", not of ", name,
                                                      "; each table needs a checkpoint file of its own"));
  }
  if (resumed()->table_creation_time_ms != table.creation_time_ms) {
    return absl::FailedPreconditionError(
        absl::StrCat("table ", name,
                     " was created again since the checkpoint was written, so "
                     "rows that were settled are not in it",
                     remedy));
  }
  const absl::Duration age = clock_.Now() - resumed()->written_at;
  const bool resends = !resumed()->drained && resumed()->sequence != kUndecided;
  if (resends && age > write::kReplayAgeMax && !options_.replay_old) {
    return absl::FailedPreconditionError(
        absl::StrCat("the checkpoint was last written ", HoursAgo(age),
                     " by a run that did not end in order: ", SentAgain(),
                     "; --force goes on all the same, or remove the checkpoint file to stream the input from "
                     "its beginning"));
  }
  return absl::OkStatus();
}

// An epoch that the table was not written by has sent nothing to it, rows with the source's own numbers are
// sent with those in every run, and of an epoch that is counted by hand the age is not known.
absl::Status StreamRun::CheckEpoch(const rest::TableResource& table) const {
  BQCDC_ASSIGN_OR_RETURN(const ClaimLabels labels, ReadClaimLabels(options_.table, table));
  if (labels.epoch != options_.resume_epoch || labels.mode == "own" || options_.replay_old)
    return absl::OkStatus();
  const std::optional<absl::Time> began = BeginningOf(options_.resume_epoch);
  if (!began.has_value()) return absl::OkStatus();
  const absl::Duration age = clock_.Now() - *began;
  if (age <= write::kReplayAgeMax) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("epoch ", options_.resume_epoch, " began ", HoursAgo(age), ": ", SentAgain(),
                   "; --force sends it all the same, which is safe where the input is the whole one of that "
                   "epoch; without "
                   "--epoch the rows take new numbers and win over what is there"));
}

// The checkpoint is on disk, with its epoch, before anything is settled or sent.
absl::Status StreamRun::MakeCheckpointer() {
  checkpoint::Checkpoint first;
  if (resumed() != nullptr) first = *resumed();
  first.table = options_.table.ToString();
  first.table_creation_time_ms = claim_->creation_time_ms();
  first.epoch = claim_->epoch();
  first.owner = claim_->owner();
  first.follow = options_.input.follow;
  first.ended = first.drained = false;
  BQCDC_RETURN_IF_ERROR(IdentifyInputs(first));
  CheckpointerOptions options;
  options.interval = options_.checkpoint_interval;
  // Together with the batches that are being filled this is the window: requests in flight of all
  // connections.
  options.lines_ahead_max = static_cast<std::uint64_t>(options_.requests_in_flight_max - 1) *
                            static_cast<std::uint64_t>(options_.connections_max) *
                            static_cast<std::uint64_t>(options_.batch.batch_rows);
  checkpointer_ = std::make_unique<Checkpointer>(
      options, *with_.checkpoint, std::move(first), progress_, reader_.sources(),
      [this] {
        return SettledCounts{upserts_, deletes_, set_aside_};
      },
      clock_);
  return checkpointer_->Begin();
}

absl::Status StreamRun::IdentifyInputs(checkpoint::Checkpoint& checkpoint) {
  InputSources& sources = reader_.sources();
  const std::size_t count = options_.input.follow ? 1 : sources.count();
  const std::vector<checkpoint::CheckpointInput> before = std::exchange(checkpoint.inputs, {});
  for (std::size_t i = 0; i < count; ++i) {
    checkpoint::CheckpointInput& input = checkpoint.inputs.emplace_back();
    BQCDC_ASSIGN_OR_RETURN(input.identity, IdentifySource(sources, i));
    if (i >= options_.input.start.source || i >= before.size() || !before[i].bytes.has_value()) continue;
    sources.SetEnd(i, *before[i].bytes);
  }
  return absl::OkStatus();
}

void StreamRun::ShowCounts() {
  const StreamSummary& summary = settlement_->summary();
  upserts_ = summary.upserts;
  deletes_ = summary.deletes;
  set_aside_ = summary.set_aside;
}

void StreamRun::MakePool() {
  write::ConnectionPoolOptions options;
  options.connections_max = options_.connections_max;
  options.connection.trace_id = options_.trace_id;
  options.connection.requests_in_flight_max = options_.requests_in_flight_max;
  options.connection.bytes_in_flight_max = options_.bytes_in_flight_max;
  options.connection.patience = options_.patience;
  connections_ = sender_->MakePool(
      options, with_.channels, [this] { return VerifyClaim(); }, with_.warn);
}

StreamSummary StreamRun::TakeSummary() {
  StreamSummary summary = settlement_->summary();
  summary.requests = sender_->stats().requests;
  summary.rows_unsettled = sender_->unsettled_rows();
  summary.ever_sent = ever_sent_;
  return summary;
}

absl::Status StreamRun::Work() {
  std::thread input([this] { ReadInput(); });
  std::thread watch([this] { WatchClaim(); });
  std::thread drain([this] { LimitDrain(); });
  if (checkpointer_ != nullptr)
    checkpointer_->Start([this](const absl::Status& status) { sender_->Fail(status); });
  absl::Status sent = sender_->Run(*connections_);
  // Whether all is done or the run has failed: the other threads end.
  pool_->Close();
  if (rate_limiter_.has_value()) rate_limiter_->Close();
  current_->EndWaiting();
  MeterSender();
  if (checkpointer_ != nullptr) checkpointer_->Close();
  if (!sent.ok()) {
    meter_.OnFailure(sent);  // Seen while the other threads end.
    with_.stop->Request();
  }
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  end_.Request();
  input.join();
  watch.join();
  drain.join();
  ever_sent_ = connections_->stats().requests_written > 0;
  connections_.reset();
  absl::Status input_status;
  {
    absl::MutexLock lock(&mutex_);
    input_status = input_status_;
  }
  // A cancelled input is the consequence of what ended the sending, never its cause.
  const bool own_error = !input_status.ok() && !absl::IsCancelled(input_status);
  if (own_error && (sent.ok() || absl::IsCancelled(sent))) sent = input_status;
  if (checkpointer_ != nullptr) {
    ShowCounts();
    const absl::Status kept = checkpointer_->Finish(sent.ok() && reader_.reached_end(), sent.ok());
    if (sent.ok()) sent = kept;
  }
  return sent;
}

void StreamRun::ReadInput() {
  const absl::Status status = encoder_->Run(reader_);
  {
    absl::MutexLock lock(&mutex_);
    input_status_ = status;
  }
  // What was read before an error is sent and settled all the same.
  sender_->EndInput();
}

absl::StatusOr<TableBinding> StreamRun::ReadBinding() {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, with_.client->GetTable(options_.table));
  if (table.creation_time_ms != claim_->creation_time_ms()) {
    return absl::FailedPreconditionError(
        "the table was created again during the run");  // The watch ends the run.
  }
  meter_.OnSchemaRefetch();
  return BindTable(options_.table, table);
}

absl::Status StreamRun::OnMode(SequenceMode mode, std::uint64_t line) {
  BQCDC_RETURN_IF_ERROR(claim_->Claim(mode));
  claimed_ = true;
  meter_.SetTable(options_.table.ToString(), claim_->epoch());
  base::HitFailpoint(base::Failpoint::kStreamAfterClaim);
  if (checkpointer_ == nullptr) return absl::OkStatus();
  return checkpointer_->DecideSequence(mode == SequenceMode::kOwn ? "own" : "assigned", line);
}

absl::Status StreamRun::VerifyClaim() { return claimed_ ? claim_->Verify() : absl::OkStatus(); }

void StreamRun::WatchClaim() {
  for (absl::Time next = clock_.Now() + options_.claim_check_interval;;
       next += options_.claim_check_interval) {
    {
      const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_; };
      absl::MutexLock lock(&mutex_);
      if (clock_.AwaitWithDeadline(mutex_, absl::Condition(&ended), next)) return;
    }
    const absl::Status status = VerifyClaim();
    if (status.code() == absl::StatusCode::kFailedPrecondition) {
      sender_->Fail(status);
    } else if (!status.ok() && with_.warn) {
      with_.warn(absl::StrCat("cannot say whether the table is still ours: ", std::string(status.message())));
    }
  }
}

// Once a stop is requested the rest of the run has a limit, and what has been read goes out as fast as it
// can. The reader cannot see to that: it may be waiting for room itself.
void StreamRun::LimitDrain() {
  pollfd fds[2] = {{with_.stop->fd(), POLLIN, 0}, {end_.fd(), POLLIN, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  if (rate_limiter_.has_value()) rate_limiter_->Open();
  current_->EndWaiting();
  const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_; };
  absl::MutexLock lock(&mutex_);
  if (clock_.AwaitWithDeadline(mutex_, absl::Condition(&ended), clock_.Now() + options_.drain_time_max))
    return;
  sender_->Fail(
      absl::DeadlineExceededError(absl::StrCat("stopped, and what had been read could not be settled within ",
                                               absl::FormatDuration(options_.drain_time_max))));
}

}  // namespace

StreamOutcome StreamChanges(const StreamOptions& options, StreamSurroundings surroundings,
                            LineReader reader) {
  return StreamRun(options, std::move(surroundings), std::move(reader)).Run();
}

}  // namespace bqcdc::pipeline
