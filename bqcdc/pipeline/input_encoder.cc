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
                           std::shared_ptr<BatchPool> pool, const base::Clock& clock)
    : binding_(std::move(binding)),
      options_(options),
      events_(std::move(events)),
      pool_(std::move(pool)),
      clock_(clock),
      encoder_(binding_.plan, EncoderOptions(options_, {})) {}

absl::Status InputEncoder::Run(LineReader& reader) {
  std::uint64_t reads_seen = 0;
  absl::Status status;
  while (status.ok()) {
    InputLine line;
    const LineReader::Next next = reader.ReadLine(batch_deadline_, &line);
    if (next == LineReader::Next::kLine) {
      status = TakeLine(reader, line);
      // Time passes where the input is waited for, so the clock is asked after reads only.
      if (status.ok() && reads_seen != reader.read_count()) {
        reads_seen = reader.read_count();
        if (clock_.Now() >= batch_deadline_) status = Flush();
      }
    } else if (next == LineReader::Next::kWait) {
      status = Flush();
    } else {
      if (next == LineReader::Next::kError) status = reader.error();
      break;
    }
  }
  const absl::Status flushed = Flush();
  return status.ok() ? flushed : status;
}

absl::Status InputEncoder::TakeLine(const LineReader& reader, const InputLine& line) {
  BQCDC_RETURN_IF_ERROR(EnsureBatch());
  if (line.too_long) {
    SetAside(reader, line, encode::EncodeErrorName(EncodeError::kLineTooLong),
             absl::StrCat("the line is longer than ", options_.line_bytes_max,
                          " bytes; only its beginning is kept"));
    return IsFull() ? Flush() : absl::OkStatus();
  }
  EncodeError error = Encode(line);
  if (error == EncodeError::kUnknownColumn) {
    const bool changed = RefetchSchema();
    BQCDC_RETURN_IF_ERROR(EnsureBatch());  // The batch may have gone with the old schema.
    if (changed) error = Encode(line);
  }
  if (error == EncodeError::kNone) return FinishRow(reader, line);
  if (error == EncodeError::kSequenceMissing || error == EncodeError::kSequenceUnexpected) {
    const bool missing = error == EncodeError::kSequenceMissing;
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", line.number, missing ? " brings no" : " brings a", " _CHANGE_SEQUENCE_NUMBER, line ",
        mode_line_, missing ? " does" : " does not", "; either every line of a run brings one or none does"));
  }
  SetAside(reader, line, encode::EncodeErrorName(error),
           std::string(encode::DescribeEncodeError(encoder_.failure()).message()));
  return IsFull() ? Flush() : absl::OkStatus();
}

EncodeError InputEncoder::Encode(const InputLine& line) {
  const values::SequenceNumber assigned{{options_.epoch, line.number, 1, 0}};
  return encoder_.EncodeLine(encode::PaddedLine(line.text.data(), line.text.size(), line.readable), assigned,
                             &batch_->rows);
}

absl::Status InputEncoder::FinishRow(const LineReader& reader, const InputLine& line) {
  if (!mode_.has_value()) {
    mode_line_ = line.number;
    BQCDC_RETURN_IF_ERROR(DecideMode());
  }
  const std::size_t last = batch_->rows.row_count() - 1;
  bool apart = batch_->rows.byte_count() > options_.limits.rows_bytes_max;
  if (*mode_ == SequenceMode::kOwn) {
    batch_->own_sequence = true;
    const std::uint64_t hash = KeyAndSequenceHash(batch_->rows.facts(last));
    const bool tie_in_batch = ties_.SeenInBatch(hash);
    apart = apart || tie_in_batch;
    if (ties_.SeenInRun(hash) || tie_in_batch) ++tie_count_;
  }
  if (apart && last > 0) {
    // The row begins the next batch; its bytes are the ones thing that is copied, and that is rare.
    const std::string row(batch_->rows.row(last));
    const encode::RowFacts facts = batch_->rows.facts(last);
    batch_->rows.Truncate(last);
    BQCDC_RETURN_IF_ERROR(Flush());
    BQCDC_RETURN_IF_ERROR(EnsureBatch());
    batch_->rows.Append(row, facts);
    batch_->own_sequence = *mode_ == SequenceMode::kOwn;
    if (batch_->own_sequence) ties_.SeenInBatch(KeyAndSequenceHash(facts));
  }
  KeepChunk(reader);
  batch_->origins.push_back({line.number, line.source, line.text});
  if (batch_deadline_ == absl::InfiniteFuture())
    batch_deadline_ = clock_.Now() + options_.limits.flush_interval;
  return IsFull() ? Flush() : absl::OkStatus();
}

absl::Status InputEncoder::DecideMode() {
  mode_ = batch_->rows.facts(batch_->rows.row_count() - 1).own_sequence ? SequenceMode::kOwn
                                                                        : SequenceMode::kAssigned;
  encoder_.set_sequence_source(*mode_ == SequenceMode::kOwn ? encode::SequenceSource::kOwn
                                                            : encode::SequenceSource::kAssigned);
  const absl::Status status = events_.on_mode ? events_.on_mode(*mode_) : absl::OkStatus();
  if (!status.ok()) batch_->Clear();  // Nothing of the run may be sent.
  return status;
}

void InputEncoder::SetAside(const LineReader& reader, const InputLine& line, std::string_view reason,
                            std::string message) {
  KeepChunk(reader);
  BadRow& bad = batch_->bad_rows.emplace_back();
  bad.origin = {line.number, line.source, line.text};
  // The run's epoch changes with each run of the same input, so where rows bring their own numbers it is left
  // out: a repeat shall be the same record.
  bad.sequence = {{mode_ == SequenceMode::kOwn ? 0 : options_.epoch, line.number, 1, 0}};
  bad.reason = reason;
  bad.message = std::move(message);
  if (batch_deadline_ == absl::InfiniteFuture())
    batch_deadline_ = clock_.Now() + options_.limits.flush_interval;
}

bool InputEncoder::RefetchSchema() {
  if (!events_.refetch || clock_.Now() < refetched_ + kRefetchInterval) return false;
  refetched_ = clock_.Now();
  absl::StatusOr<TableBinding> binding = events_.refetch();
  if (!binding.ok() || binding->schema == binding_.schema) return false;
  if (!Flush().ok()) return false;
  binding_ = *std::move(binding);
  encoder_ = encode::JsonRowEncoder(binding_.plan, EncoderOptions(options_, mode_));
  return true;
}

void InputEncoder::KeepChunk(const LineReader& reader) {
  if (batch_->chunks.empty() || batch_->chunks.back() != reader.chunk())
    batch_->chunks.push_back(reader.chunk());
}

bool InputEncoder::IsFull() const {
  return batch_->rows.byte_count() >= options_.limits.batch_bytes ||
         static_cast<std::int64_t>(batch_->rows.row_count()) >= options_.limits.batch_rows ||
         batch_->chunks.size() >= kChunksPerBatchMax || batch_->bad_rows.size() >= kBadRowsPerBatchMax;
}

absl::Status InputEncoder::Flush() {
  batch_deadline_ = absl::InfiniteFuture();
  if (batch_ == nullptr || batch_->empty()) return absl::OkStatus();
  ties_.StartBatch();
  pool_->Charge(*batch_);
  if (!events_.on_batch(std::move(batch_))) return absl::CancelledError("the run has ended");
  return absl::OkStatus();
}

absl::Status InputEncoder::EnsureBatch() {
  if (batch_ != nullptr) return absl::OkStatus();
  batch_ = pool_->Acquire();
  if (batch_ == nullptr) return absl::CancelledError("the run has ended");
  batch_->destination = binding_.destination;
  return absl::OkStatus();
}

}  // namespace bqcdc::pipeline
