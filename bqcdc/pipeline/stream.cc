#include "bqcdc/pipeline/stream.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/checkpoint/dead_letter_file.h"
#include "bqcdc/pipeline/table_binding.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/write/request_builder.h"

namespace bqcdc::pipeline {
namespace {

// One run. Its parts are made in Start(), in the order of the way of a change backwards.
class StreamRun {
 public:
  StreamRun(const StreamOptions& options, StreamSurroundings surroundings, LineReader reader)
      : options_(options),
        with_(std::move(surroundings)),
        clock_(*with_.clock),
        reader_(std::move(reader)),
        started_(clock_.Now()) {}

  StreamOutcome Run() {
    StreamOutcome outcome;
    outcome.status = Prepare();
    if (outcome.status.ok()) outcome.status = Work();
    if (sender_ != nullptr) outcome.summary = sender_->summary();
    outcome.summary.elapsed = clock_.Now() - started_;
    outcome.summary.lines = reader_.line_count();
    outcome.summary.interrupted = outcome.status.ok() && !reader_.reached_end();
    if (encoder_.has_value()) outcome.summary.ties = encoder_->tie_count();
    if (claimed_) outcome.summary.epoch = claim_->epoch();
    return outcome;
  }

 private:
  absl::Status Prepare();
  absl::Status Work();
  void MakeConnection();
  void ReadInput();
  absl::StatusOr<TableBinding> ReadBinding();
  absl::Status OnMode(SequenceMode mode);
  absl::Status VerifyClaim();
  void WatchClaim();

  const StreamOptions& options_;
  const StreamSurroundings with_;
  const base::Clock& clock_;
  LineReader reader_;
  const absl::Time started_;

  std::optional<TableClaim> claim_;
  std::atomic<bool> claimed_{false};
  std::shared_ptr<BatchPool> pool_;
  std::unique_ptr<checkpoint::DeadLetterFile> dead_letter_;
  std::unique_ptr<BatchSender> sender_;
  std::unique_ptr<write::AppendConnection> connection_;
  std::optional<InputEncoder> encoder_;

  absl::Mutex mutex_;
  absl::Status input_status_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::Status StreamRun::Prepare() {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, with_.client->GetTable(options_.table));
  BQCDC_ASSIGN_OR_RETURN(TableBinding binding, BindTable(options_.table, table));
  BQCDC_ASSIGN_OR_RETURN(
      claim_, TableClaim::Prepare(*with_.client, {options_.table, options_.resume_epoch}, table, clock_));

  const std::size_t preamble = write::PreambleBytesMax(*binding.destination, options_.trace_id);
  if (preamble >= options_.request_bytes_max / 2) {
    return absl::InvalidArgumentError(absl::StrCat("the schema of table ", options_.table.ToString(),
                                                   " takes ", preamble, " bytes of a request limited to ",
                                                   options_.request_bytes_max));
  }
  InputEncoderOptions encoder;
  encoder.limits = options_.batch;
  encoder.limits.rows_bytes_max = options_.request_bytes_max - preamble;
  encoder.limits.batch_bytes = std::min(encoder.limits.batch_bytes, encoder.limits.rows_bytes_max);
  encoder.epoch = claim_->epoch();
  encoder.line_bytes_max = options_.input.line_bytes_max;

  pool_ = BatchPool::Create(options_.memory);
  dead_letter_ = std::make_unique<checkpoint::DeadLetterFile>(
      checkpoint::DeadLetterOptions{options_.dead_letter_path, options_.table.ToString(),
                                    table.creation_time_ms},
      clock_);
  BatchSenderOptions sender;
  sender.bad_rows_max = options_.bad_rows_max;
  sender.retry_time_max = options_.retry_time_max;
  BatchSender::Surroundings surroundings;
  surroundings.check_table = [this] { return VerifyClaim(); };
  surroundings.source_name = [this](std::size_t source) { return reader_.source_name(source); };
  if (with_.on_progress) {
    surroundings.on_progress = [this](const StreamSummary& summary) { with_.on_progress(summary, reader_); };
  }
  sender_ = std::make_unique<BatchSender>(sender, std::move(surroundings), *dead_letter_, clock_);
  MakeConnection();

  InputEncoderEvents events;
  events.on_mode = [this](SequenceMode mode) { return OnMode(mode); };
  events.refetch = [this] { return ReadBinding(); };
  events.on_batch = [this](std::shared_ptr<ChangeBatch> batch) { return sender_->Push(std::move(batch)); };
  encoder_.emplace(std::move(binding), encoder, std::move(events), pool_, clock_);
  return absl::OkStatus();
}

void StreamRun::MakeConnection() {
  write::AppendConnectionOptions options;
  options.trace_id = options_.trace_id;
  options.requests_in_flight_max = options_.requests_in_flight_max;
  options.bytes_in_flight_max = options_.bytes_in_flight_max;
  options.reopen_time_max = options_.retry_time_max;
  options.before_reopen = [this](const absl::Status& why) {
    if (with_.warn) {
      with_.warn(absl::StrCat("append connection ended, opening it again: ",
                              why.ok() ? std::string("the server closed it") : std::string(why.message())));
    }
    const absl::Status status = VerifyClaim();
    // No answer from REST is no reason to stop; the service that ended the call may come back with it.
    return status.ok() || status.code() == absl::StatusCode::kFailedPrecondition
               ? status
               : absl::UnavailableError(status.message());
  };
  connection_ = std::make_unique<write::AppendConnection>(
      with_.channel, options, clock_,
      [this](std::int64_t request, write::AppendResult result) {
        sender_->OnResult(request, std::move(result));
      },
      [this](const absl::Status& status) { sender_->Fail(status); });
}

absl::Status StreamRun::Work() {
  std::thread input([this] { ReadInput(); });
  std::thread watch([this] { WatchClaim(); });
  const absl::Status sent = sender_->Run(*connection_);
  // Whether all is done or the run has failed: the other threads end.
  pool_->Close();
  if (!sent.ok()) with_.stop->Request();
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  input.join();
  watch.join();
  connection_.reset();
  absl::MutexLock lock(&mutex_);
  // A cancelled input is the consequence of what ended the sending, never its cause.
  const bool own_error = !input_status_.ok() && !absl::IsCancelled(input_status_);
  if (own_error && (sent.ok() || absl::IsCancelled(sent))) return input_status_;
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
  return BindTable(options_.table, table);
}

absl::Status StreamRun::OnMode(SequenceMode mode) {
  BQCDC_RETURN_IF_ERROR(claim_->Claim(mode));
  claimed_ = true;
  return absl::OkStatus();
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
      connection_->Cancel();
    } else if (!status.ok() && with_.warn) {
      with_.warn(absl::StrCat("cannot say whether the table is still ours: ", std::string(status.message())));
    }
  }
}

}  // namespace

StreamOutcome StreamChanges(const StreamOptions& options, StreamSurroundings surroundings,
                            LineReader reader) {
  return StreamRun(options, std::move(surroundings), std::move(reader)).Run();
}

}  // namespace bqcdc::pipeline
