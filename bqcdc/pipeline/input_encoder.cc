#include "bqcdc/pipeline/input_encoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/failpoint.h"
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

InputEncoder::InputEncoder(CurrentBinding& table, InputEncoderOptions options, InputEncoderEvents events,
                           std::shared_ptr<write::BatchPool> pool, Progress& progress,
                           const base::Clock& clock)
    : table_(table),
      binding_(table.newest()),
      options_(std::move(options)),
      events_(std::move(events)),
      pool_(std::move(pool)),
      progress_(progress),
      clock_(clock),
      encoder_(binding_->plan, EncoderOptions(options_, options_.mode)),
      batcher_(options_.limits, MakeBatcherEvents(), clock),
      mode_(options_.mode),
      mode_line_(options_.mode_line),
      position_(options.start) {
  batcher_.SetDestination(binding_->destination)
      .IgnoreError();  // Nothing is there yet that could be refused.
}

write::BatcherEvents InputEncoder::MakeBatcherEvents() {
  write::BatcherEvents events;
  events.acquire = [this] { return pool_->Acquire(); };
  // From here on the batch holds the progress back.
  events.on_begin = [this](write::RowBatch& batch) {
    const std::uint64_t number = progress_.Open(position_);
    static_cast<ChangeBatch&>(batch).progress = number;
    if (events_.on_open) events_.on_open(number);
  };
  events.on_batch = [this](const std::shared_ptr<write::RowBatch>& batch) {
    auto changes = std::static_pointer_cast<ChangeBatch>(batch);
    progress_.Reach(position_);
    pool_->Charge(*changes);
    base::HitFailpoint(base::Failpoint::kStreamAfterRead);
    return events_.on_batch(std::move(changes));
  };
  events.lanes_wanted = events_.lanes_wanted;
  events.batch_bytes_wanted = events_.batch_bytes_wanted;
  return events;
}

absl::Status InputEncoder::Run(LineReader& reader) {
  std::uint64_t reads_seen = 0;
  absl::Status status;
  while (status.ok()) {
    InputLine line;
    const LineReader::Next next = reader.ReadLine(batcher_.next_deadline(), &line);
    if (next == LineReader::Next::kLine) {
      status = TakeLine(reader, line);
      // Time passes where the input is waited for, so the clock is asked after reads only.
      if (status.ok() && reads_seen != reader.read_count()) {
        reads_seen = reader.read_count();
        status = batcher_.FlushDue();
      }
    } else if (next == LineReader::Next::kWait) {
      TakePosition(reader);
      status = batcher_.FlushDue();
    } else {
      if (next == LineReader::Next::kError) status = reader.error();
      break;
    }
    if (status.ok() && batcher_.flushed()) status = FollowChanges();
  }
  if (status.ok()) TakePosition(reader);
  const absl::Status flushed = batcher_.FlushAll();
  progress_.Reach(position_);
  return status.ok() ? flushed : status;
}

// What needs no row of its own, as blank lines and the end of a file, is behind us too.
void InputEncoder::TakePosition(const LineReader& reader) {
  const std::optional<InputPosition> position = reader.position();
  if (!position.has_value()) return;
  position_ = *position;
  progress_.Reach(position_);
}

absl::Status InputEncoder::TakeLine(const LineReader& reader, const InputLine& line) {
  BQCDC_RETURN_IF_ERROR(batcher_.Ensure());
  EncodeError error = line.too_long ? EncodeError::kLineTooLong : Encode(line);
  if (error == EncodeError::kUnknownColumn) {
    const bool changed = FollowTable();
    BQCDC_RETURN_IF_ERROR(batcher_.Ensure());  // The batch may have gone with the old schema.
    if (changed) error = Encode(line);
  }
  if (error == EncodeError::kNone) {
    BQCDC_RETURN_IF_ERROR(FinishRow(reader, line));
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
  if (line.end != 0) position_ = {line.number, line.source, line.end, line.prefix_hash};
  return batcher_.FlushIfFull(batch().chunks.size() >= kChunksPerBatchMax ||
                              batch().bad_rows.size() >= kBadRowsPerBatchMax);
}

EncodeError InputEncoder::Encode(const InputLine& line) {
  const values::SequenceNumber assigned{{options_.epoch, line.number, 1, 0}};
  return encoder_.EncodeLine(encode::PaddedLine(line.text.data(), line.text.size(), line.readable), assigned,
                             &batcher_.current()->rows);
}

absl::Status InputEncoder::FinishRow(const LineReader& reader, const InputLine& line) {
  if (!rows_begun_) {
    if (!mode_.has_value()) mode_line_ = line.number;
    BQCDC_RETURN_IF_ERROR(BeginRows());
  }
  const bool own_sequence = *mode_ == SequenceMode::kOwn;
  bool tie = false;
  BQCDC_RETURN_IF_ERROR(batcher_.TakeRow(own_sequence, &tie));
  if (own_sequence) {
    const encode::EncodedRows& rows = batch().rows;
    if (ties_.SeenInRun(write::KeyAndSequenceHash(rows.facts(rows.row_count() - 1))) || tie) ++tie_count_;
  }
  KeepChunk(reader);
  batch().origins.push_back({line.number, line.source, line.text});
  return absl::OkStatus();
}

absl::Status InputEncoder::BeginRows() {
  rows_begun_ = true;
  mode_ = batch().rows.facts(batch().rows.row_count() - 1).own_sequence ? SequenceMode::kOwn
                                                                        : SequenceMode::kAssigned;
  encoder_.set_sequence_source(*mode_ == SequenceMode::kOwn ? encode::SequenceSource::kOwn
                                                            : encode::SequenceSource::kAssigned);
  const absl::Status status = events_.on_mode ? events_.on_mode(*mode_, mode_line_) : absl::OkStatus();
  // Nothing of the run may be sent, and lines that were to be set aside do not count as settled.
  if (!status.ok()) batcher_.Drop();
  return status;
}

void InputEncoder::SetAside(const LineReader& reader, const InputLine& line, std::string_view reason,
                            std::string message) {
  batcher_.Touch();
  KeepChunk(reader);
  BadRow& bad = batch().bad_rows.emplace_back();
  bad.origin = {line.number, line.source, line.text};
  // The run's epoch changes with each run of the same input, so where rows bring their own numbers it is left
  // out: a repeat shall be the same record.
  const bool own = mode_ == SequenceMode::kOwn && line.number > mode_line_;
  bad.sequence = {{own ? 0 : options_.epoch, line.number, 1, 0}};
  bad.reason = reason;
  bad.message = std::move(message);
}

bool InputEncoder::FollowTable() {
  std::shared_ptr<const TableBinding> now = table_.Refresh();
  if (now == binding_ || !batcher_.SetDestination(now->destination).ok()) return false;
  binding_ = std::move(now);
  encoder_ = encode::JsonRowEncoder(binding_->plan, EncoderOptions(options_, mode_));
  return true;
}

void InputEncoder::KeepChunk(const LineReader& reader) {
  if (batch().chunks.empty() || batch().chunks.back() != reader.chunk())
    batch().chunks.push_back(reader.chunk());
}

absl::Status InputEncoder::FollowChanges() {
  if (events_.in_reach && !events_.in_reach(position_, false)) {
    BQCDC_RETURN_IF_ERROR(batcher_.FlushAll());
    progress_.Reach(position_);
    if (!events_.in_reach(position_, true)) return absl::CancelledError("the run has ended");
  }
  if (table_.MayDifferFrom(binding_)) FollowTable();
  return batcher_.FollowLanes();
}

}  // namespace bqcdc::pipeline
