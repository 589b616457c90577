#include "bqcdc/pipeline/input_encoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::pipeline {
namespace {

using encode::EncodeError;

// A batch keeps the chunks of its lines: with short rows from long lines these would outgrow the rows.
constexpr std::size_t kChunksPerBatchMax = 6;
// Tag and length before a row.
constexpr std::size_t kRowFrameBytesMax = 6;
constexpr std::size_t kBadRowsPerBatchMax = 10'000;

encode::JsonRowEncoderOptions EncoderOptions(const InputEncoderOptions& options,
                                             std::optional<SequenceMode> mode) {
  encode::JsonRowEncoderOptions encoder;
  encoder.line_bytes_max = options.line_bytes_max;
  encoder.row_bytes_max = options.limits.rows_bytes_max - kRowFrameBytesMax;
  if (mode.has_value()) {
    encoder.sequence_source =
        *mode == SequenceMode::kOwn ? encode::SequenceSource::kOwn : encode::SequenceSource::kAssigned;
  }
  return encoder;
}

}  // namespace

InputEncoder::InputEncoder(TableBinding binding, InputEncoderOptions options, InputEncoderEvents events,
                           std::shared_ptr<BatchPool> pool, Progress& progress, const base::Clock& clock)
    : binding_(std::move(binding)),
      options_(options),
      events_(std::move(events)),
      pool_(std::move(pool)),
      progress_(progress),
      clock_(clock),
      encoder_(binding_.plan, EncoderOptions(options_, {})),
      lanes_(1),
      position_(options.start) {}

absl::Status InputEncoder::Run(LineReader& reader) {
  std::uint64_t reads_seen = 0;
  absl::Status status;
  while (status.ok()) {
    InputLine line;
    const LineReader::Next next = reader.ReadLine(NextDeadline(), &line);
    if (next == LineReader::Next::kLine) {
      status = TakeLine(reader, line);
      // Time passes where the input is waited for, so the clock is asked after reads only.
      if (status.ok() && reads_seen != reader.read_count()) {
        reads_seen = reader.read_count();
        status = FlushDue();
      }
    } else if (next == LineReader::Next::kWait) {
      status = FlushDue();
    } else {
      if (next == LineReader::Next::kError) status = reader.error();
      break;
    }
    if (status.ok() && flushed_) status = FollowChanges();
  }
  const absl::Status flushed = FlushAll();
  progress_.Reach(position_);
  return status.ok() ? flushed : status;
}

absl::Status InputEncoder::TakeLine(const LineReader& reader, const InputLine& line) {
  BQCDC_RETURN_IF_ERROR(EnsureBatch(lanes_[guess_]));
  absl::Status status;
  EncodeError error = line.too_long ? EncodeError::kLineTooLong : Encode(line);
  if (error == EncodeError::kUnknownColumn) {
    const bool changed = RefetchSchema();
    BQCDC_RETURN_IF_ERROR(EnsureBatch(lanes_[guess_]));  // The batch may have gone with the old schema.
    if (changed) error = Encode(line);
  }
  if (error == EncodeError::kNone) {
    status = FinishRow(reader, line);
  } else if (error == EncodeError::kSequenceMissing || error == EncodeError::kSequenceUnexpected) {
    const bool missing = error == EncodeError::kSequenceMissing;
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", line.number, missing ? " brings no" : " brings a", " _CHANGE_SEQUENCE_NUMBER, line ",
        mode_line_, missing ? " does" : " does not", "; either every line of a run brings one or none does"));
  } else {
    SetAside(reader, line, encode::EncodeErrorName(error),
             line.too_long ? absl::StrCat("the line is longer than ", options_.line_bytes_max,
                                          " bytes; only its beginning is kept")
                           : std::string(encode::DescribeEncodeError(encoder_.failure()).message()));
  }
  // Where the line's end is not known yet, the place before it stays the last one that can be come back to.
  if (line.end != 0) position_ = {line.number, line.source, line.end};
  if (status.ok() && IsFull(lanes_[guess_])) status = Flush(lanes_[guess_]);
  return status;
}

EncodeError InputEncoder::Encode(const InputLine& line) {
  const values::SequenceNumber assigned{{options_.epoch, line.number, 1, 0}};
  return encoder_.EncodeLine(encode::PaddedLine(line.text.data(), line.text.size(), line.readable), assigned,
                             &lanes_[guess_].batch->rows);
}

absl::Status InputEncoder::FinishRow(const LineReader& reader, const InputLine& line) {
  if (!mode_.has_value()) {
    mode_line_ = line.number;
    BQCDC_RETURN_IF_ERROR(DecideMode());
  }
  const encode::EncodedRows& rows = lanes_[guess_].batch->rows;
  const std::size_t last = rows.row_count() - 1;
  const std::uint64_t key_hash = rows.facts(last).key_hash;
  if (lanes_.size() > 1) {
    const std::size_t lane = write::LaneOfKey(key_hash, lanes_.size());
    if (lane != guess_) BQCDC_RETURN_IF_ERROR(MoveLastRow(lanes_[guess_], lane));
  }
  bool apart = lanes_[guess_].batch->rows.byte_count() > options_.limits.rows_bytes_max;
  const bool own_sequence = *mode_ == SequenceMode::kOwn;
  if (own_sequence) {
    const auto& facts = lanes_[guess_].batch->rows.facts(lanes_[guess_].batch->rows.row_count() - 1);
    const std::uint64_t hash = write::KeyAndSequenceHash(facts);
    const bool tie_in_batch = lanes_[guess_].ties.Seen(hash);
    apart = apart || tie_in_batch;
    if (ties_.SeenInRun(hash) || tie_in_batch) ++tie_count_;
  }
  if (apart && lanes_[guess_].batch->rows.row_count() > 1) {
    // The row begins the next batch; its bytes are copied, and that is rare.
    BQCDC_RETURN_IF_ERROR(MoveLastRow(lanes_[guess_], guess_));
    if (own_sequence)
      lanes_[guess_].ties.Seen(write::KeyAndSequenceHash(lanes_[guess_].batch->rows.facts(0)));
  }
  Lane& lane = lanes_[guess_];
  lane.batch->ties_possible = own_sequence;
  BeginIfEmpty(lane);
  KeepChunk(lane, reader);
  lane.batch->origins.push_back({line.number, line.source, line.text});
  return absl::OkStatus();
}

// Moves the row that was encoded last into the batch of lane `to`; into a new one where that is its own.
absl::Status InputEncoder::MoveLastRow(Lane& from, std::size_t to) {
  const std::size_t last = from.batch->rows.row_count() - 1;
  const std::shared_ptr<ChangeBatch> kept = from.batch;
  const encode::RowFacts facts = kept->rows.facts(last);
  if (&from == &lanes_[to]) {
    const std::string row(kept->rows.row(last));
    kept->rows.Truncate(last);
    BQCDC_RETURN_IF_ERROR(Flush(from));
    BQCDC_RETURN_IF_ERROR(EnsureBatch(from));
    from.batch->rows.Append(row, facts);
  } else {
    BQCDC_RETURN_IF_ERROR(EnsureBatch(lanes_[to]));
    lanes_[to].batch->rows.Append(kept->rows.row(last), facts);
    kept->rows.Truncate(last);
  }
  guess_ = to;
  return absl::OkStatus();
}

absl::Status InputEncoder::DecideMode() {
  ChangeBatch& batch = *lanes_[guess_].batch;
  mode_ = batch.rows.facts(batch.rows.row_count() - 1).own_sequence ? SequenceMode::kOwn
                                                                    : SequenceMode::kAssigned;
  encoder_.set_sequence_source(*mode_ == SequenceMode::kOwn ? encode::SequenceSource::kOwn
                                                            : encode::SequenceSource::kAssigned);
  const absl::Status status = events_.on_mode ? events_.on_mode(*mode_) : absl::OkStatus();
  if (!status.ok()) batch.Clear();  // Nothing of the run may be sent.
  return status;
}

void InputEncoder::SetAside(const LineReader& reader, const InputLine& line, std::string_view reason,
                            std::string message) {
  Lane& lane = lanes_[guess_];
  BeginIfEmpty(lane);
  KeepChunk(lane, reader);
  BadRow& bad = lane.batch->bad_rows.emplace_back();
  bad.origin = {line.number, line.source, line.text};
  // The run's epoch changes with each run of the same input, so where rows bring their own numbers it is left
  // out: a repeat shall be the same record.
  bad.sequence = {{mode_ == SequenceMode::kOwn ? 0 : options_.epoch, line.number, 1, 0}};
  bad.reason = reason;
  bad.message = std::move(message);
}

bool InputEncoder::RefetchSchema() {
  if (!events_.refetch || clock_.Now() < refetched_ + kRefetchInterval) return false;
  refetched_ = clock_.Now();
  schema_changed_.store(false, std::memory_order_relaxed);
  absl::StatusOr<TableBinding> binding = events_.refetch();
  if (!binding.ok() || binding->schema == binding_.schema) return false;
  if (!FlushAll().ok()) return false;
  binding_ = *std::move(binding);
  encoder_ = encode::JsonRowEncoder(binding_.plan, EncoderOptions(options_, mode_));
  return true;
}

// The batch has its first line: it holds the progress back from here on, and is to go within the flush
// interval.
void InputEncoder::BeginIfEmpty(Lane& lane) {
  if (lane.deadline != absl::InfiniteFuture()) return;
  lane.deadline = clock_.Now() + options_.limits.flush_interval;
  lane.batch->progress = progress_.Open(position_);
}

void InputEncoder::KeepChunk(Lane& lane, const LineReader& reader) {
  if (lane.batch->chunks.empty() || lane.batch->chunks.back() != reader.chunk())
    lane.batch->chunks.push_back(reader.chunk());
}

bool InputEncoder::IsFull(const Lane& lane) const {
  return lane.batch->rows.byte_count() >= options_.limits.batch_bytes ||
         static_cast<std::int64_t>(lane.batch->rows.row_count()) >= options_.limits.batch_rows ||
         lane.batch->chunks.size() >= kChunksPerBatchMax ||
         lane.batch->bad_rows.size() >= kBadRowsPerBatchMax;
}

absl::Status InputEncoder::Flush(Lane& lane) {
  if (lane.batch == nullptr || lane.deadline == absl::InfiniteFuture()) return absl::OkStatus();
  lane.deadline = absl::InfiniteFuture();
  lane.ties.Clear();
  progress_.Reach(position_);
  pool_->Charge(*lane.batch);
  if (!events_.on_batch(std::move(lane.batch))) return absl::CancelledError("the run has ended");
  lane.batch = nullptr;
  flushed_ = true;
  return absl::OkStatus();
}

absl::Status InputEncoder::FlushAll() {
  for (Lane& lane : lanes_) {
    BQCDC_RETURN_IF_ERROR(Flush(lane));
    lane.batch = nullptr;  // An empty one was made for the schema and the lanes of before.
  }
  return absl::OkStatus();
}

absl::Status InputEncoder::FlushDue() {
  const absl::Time now = clock_.Now();
  for (Lane& lane : lanes_) {
    if (lane.deadline <= now) BQCDC_RETURN_IF_ERROR(Flush(lane));
  }
  return absl::OkStatus();
}

absl::Status InputEncoder::FollowChanges() {
  flushed_ = false;
  if (schema_changed_.load(std::memory_order_relaxed)) RefetchSchema();
  const int wanted = events_.lanes_wanted ? events_.lanes_wanted() : 1;
  if (wanted == static_cast<int>(lanes_.size())) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(FlushAll());
  lanes_.clear();
  lanes_.resize(static_cast<std::size_t>(wanted));
  guess_ = 0;
  ++generation_;
  return absl::OkStatus();
}

absl::Time InputEncoder::NextDeadline() const {
  absl::Time deadline = absl::InfiniteFuture();
  for (const Lane& lane : lanes_) deadline = std::min(deadline, lane.deadline);
  return deadline;
}

absl::Status InputEncoder::EnsureBatch(Lane& lane) {
  if (lane.batch != nullptr) return absl::OkStatus();
  lane.batch = pool_->Acquire();
  if (lane.batch == nullptr) return absl::CancelledError("the run has ended");
  lane.batch->destination = binding_.destination;
  lane.batch->lane = static_cast<int>(&lane - lanes_.data());
  lane.batch->generation = generation_;
  return absl::OkStatus();
}

}  // namespace bqcdc::pipeline
