#include "bqcdc/pipeline/input_encoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::pipeline {
namespace {

using encode::EncodeError;

// A batch keeps the chunks of its lines: with short rows from long lines these would outgrow the rows.
constexpr std::size_t kChunksPerBatchMax = 6;
constexpr std::size_t kChunkBytesPerBatchMax = kChunksPerBatchMax * 1024 * 1024;
// Tag and length before a row.
constexpr std::size_t kRowFrameBytesMax = 6;
constexpr std::size_t kBadRowsPerBatchMax = 10'000;

BlockEncoderOptions EncoderOptions(const InputEncoderOptions& options) {
  BlockEncoderOptions encoder;
  encoder.epoch = options.epoch;
  encoder.rows.line_bytes_max = options.line_bytes_max;
  encoder.rows.row_bytes_max = options.limits.rows_bytes_max - kRowFrameBytesMax;
  encoder.threads = options.threads;
  return encoder;
}

// One in the hands of each thread, and some that are ready: the thread that reads encodes, too, and the
// others find nothing to do once they have encoded what it read before (bench/README.md).
constexpr std::size_t kBlocksReady = 3;

std::size_t BlocksAhead(const InputEncoderOptions& options) {
  return options.threads > 1 ? static_cast<std::size_t>(options.threads) + kBlocksReady : 1;
}

bool IsOfOtherMode(EncodeError error) {
  return error == EncodeError::kSequenceMissing || error == EncodeError::kSequenceUnexpected;
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
      batcher_(options_.limits, MakeBatcherEvents(), clock),
      mode_(options_.mode),
      mode_line_(options_.mode_line),
      position_(options.start),
      encoder_(EncoderOptions(options_)) {
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
    if (events_.on_open) events_.on_open(number, bytes_before_);
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
  const std::size_t blocks_max = BlocksAhead(options_);
  absl::Status status;
  while (status.ok()) {
    std::unique_ptr<LineBlock> block = FreeBlock();
    // What was read is never kept waiting for what comes.
    const LineReader::Next next =
        FillBlock(reader, read_.empty() ? batcher_.next_deadline() : absl::InfinitePast(), *block);
    if (!block->lines.empty()) {
      block->read = clock_.Now();
      PrepareBlock(*block);
      encoder_.Submit(block.get());
      bytes_ahead_ += block->held_bytes();
      read_.push_back(std::move(block));
    } else {
      KeepBlock(std::move(block));
    }
    if (next == LineReader::Next::kLine) {
      const auto enough = [&] {
        return read_.size() >= blocks_max || bytes_ahead_ >= options_.bytes_ahead_max;
      };
      while (status.ok() && !read_.empty() && enough()) status = TakeOldest();
      continue;
    }
    while (status.ok() && !read_.empty()) status = TakeOldest();
    if (!status.ok()) break;
    if (next != LineReader::Next::kWait) {
      if (next == LineReader::Next::kError) status = reader.error();
      break;
    }
    TakePosition(reader);
    status = FlushDue();
  }
  if (status.ok()) TakePosition(reader);
  const absl::Status flushed = batcher_.FlushAll();
  progress_.Reach(position_);
  return status.ok() ? flushed : status;
}

std::size_t InputEncoder::BytesAhead(const InputEncoderOptions& options) {
  constexpr std::size_t kBytesPerRowByte = 4;
  return BlocksAhead(options) * kBytesPerRowByte * options.limits.batch_bytes;
}

std::unique_ptr<LineBlock> InputEncoder::FreeBlock() {
  if (free_.empty()) return std::make_unique<LineBlock>();
  std::unique_ptr<LineBlock> block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void InputEncoder::KeepBlock(std::unique_ptr<LineBlock> block) {
  constexpr std::size_t kKeptPerBatchByte = 8;
  block->Clear();
  if (block->kept_bytes() <= kKeptPerBatchByte * options_.limits.batch_bytes)
    free_.push_back(std::move(block));
}

LineReader::Next InputEncoder::FillBlock(LineReader& reader, absl::Time deadline, LineBlock& block) const {
  const auto bytes_wanted =
      static_cast<std::size_t>(static_cast<double>(batcher_.batch_bytes()) * input_per_row_byte_);
  const auto lines_max = static_cast<std::size_t>(options_.limits.batch_rows);
  while (!block.full) {
    const std::size_t before = block.lines.size();
    const LineReader::Next next =
        reader.ReadLines(before == 0 ? deadline : absl::InfinitePast(), bytes_wanted - block.input_bytes,
                         lines_max - before, &block.lines);
    if (next != LineReader::Next::kLine) return next;
    if (before == 0) block.begun = clock_.Now();
    block.NoteLines(before, reader.chunk());
    block.full = block.input_bytes >= bytes_wanted || block.chunks.size() >= kChunksPerBatchMax ||
                 block.chunk_bytes >= kChunkBytesPerBatchMax || block.lines.size() >= lines_max;
  }
  return LineReader::Next::kLine;
}

void InputEncoder::PrepareBlock(LineBlock& block) const {
  block.binding = binding_;
  block.mode = mode_;
}

absl::Status InputEncoder::TakeOldest() {
  std::unique_ptr<LineBlock> block = std::move(read_.front());
  read_.pop_front();
  bytes_ahead_ -= block->held_bytes();
  encoder_.Await(block.get());
  if (!block->rows.empty()) {
    input_per_row_byte_ +=
        (static_cast<double>(block->input_bytes) / static_cast<double>(block->rows.byte_count()) -
         input_per_row_byte_) /
        2;
  }
  absl::Status status = TakeBlock(*block);
  KeepBlock(std::move(block));
  // Time passes where input is read and handed on, so the clock is asked once a block.
  return status.ok() ? FlushDue() : status;
}

absl::Status InputEncoder::FlushDue() {
  BQCDC_RETURN_IF_ERROR(batcher_.FlushDue());
  return batcher_.flushed() ? FollowChanges() : absl::OkStatus();
}

// What needs no row of its own, as blank lines and the end of a file, is behind us too.
void InputEncoder::TakePosition(const LineReader& reader) {
  const std::optional<InputPosition> position = reader.position();
  if (!position.has_value()) return;
  position_ = *position;
  progress_.Reach(position_);
}

absl::Status InputEncoder::TakeBlock(LineBlock& block) {
  if (IsPlain(block)) {
    bytes_before_ = block.lines.front().bytes_before;
    BQCDC_ASSIGN_OR_RETURN(const bool taken,
                           batcher_.TakeRows(block.rows, *mode_ == SequenceMode::kOwn, block.begun));
    if (taken) return TakeRest(block);
  }
  return TakeByLine(block);
}

// Whether its rows can be taken as they are and its failures after them.
bool InputEncoder::IsPlain(const LineBlock& block) const {
  return rows_begun_ && block.binding == binding_ && block.mode == mode_ &&
         std::none_of(block.failures.begin(), block.failures.end(), [&](const LineBlock::Failure& failure) {
           return IsOfOtherMode(failure.error) ||
                  (failure.schema_reason.has_value() &&
                   (table_.newest() != binding_ || table_.WantsLook(*failure.schema_reason, block.read)));
         });
}

// The rows of the block are in the batch.
absl::Status InputEncoder::TakeRest(LineBlock& block) {
  for (LineBlock::Chunk& chunk : block.chunks) KeepChunk(chunk.bytes);
  if (*mode_ == SequenceMode::kOwn) {
    const encode::EncodedRows& rows = batch().rows;
    for (std::size_t row = 0; row < rows.row_count(); ++row) {
      if (ties_.SeenInRun(rows.facts(row).tie_hash)) ++tie_count_;
    }
  }
  for (LineBlock::Failure& failure : block.failures) AddBadRow(block.lines[failure.line], failure);
  // The last line whose end is known.
  for (std::size_t i = block.lines.size(); i > 0; --i) {
    if (MovePosition(block.lines[i - 1])) break;
  }
  block.DropFailedLines();
  batch().lines.swap(block.lines);
  batch().encoding = block.encoding;
  return AfterRows(block.full);
}

absl::Status InputEncoder::TakeByLine(LineBlock& block) {
  std::size_t line = 0, row = 0, failure = 0, chunk = 0;
  while (line < block.lines.size()) {
    if (block.binding != binding_ || block.mode != mode_) {
      block.DropLinesBefore(line);
      PrepareBlock(block);
      encoder_.Encode(block);
      line = row = failure = chunk = 0;
    }
    while (chunk + 1 < block.chunks.size() && block.chunks[chunk + 1].first_line <= line) ++chunk;
    bytes_before_ = block.lines[line].bytes_before;
    if (failure < block.failures.size() && block.failures[failure].line == line) {
      // Encoded anew, for the table as it is now.
      BQCDC_ASSIGN_OR_RETURN(const bool followed, LookAgain(block.failures[failure], block.read));
      if (followed) continue;
      BQCDC_RETURN_IF_ERROR(
          SetAside(block.lines[line], block.failures[failure++], block.chunks[chunk].bytes));
    } else {
      BQCDC_RETURN_IF_ERROR(TakeRow(block.lines[line], block.rows, row++, block.chunks[chunk].bytes));
      // The batches that a block is spread over are encoded together.
      batch().encoding += std::exchange(block.encoding, absl::ZeroDuration());
    }
    MovePosition(block.lines[line]);
    ++line;
    BQCDC_RETURN_IF_ERROR(AfterRows(block.full && line == block.lines.size()));
  }
  return absl::OkStatus();
}

// Where the line's end is not known yet, the place before it stays the last one that can be come back to.
bool InputEncoder::MovePosition(const InputLine& line) {
  if (line.end == 0) return false;
  position_ = {line.number, line.source, line.end, line.prefix_hash};
  return true;
}

absl::Status InputEncoder::AfterRows(bool full) {
  BQCDC_RETURN_IF_ERROR(batcher_.FlushIfFull(full || batch().chunks.size() >= kChunksPerBatchMax ||
                                             batch().chunk_bytes >= kChunkBytesPerBatchMax ||
                                             batch().bad_rows.size() >= kBadRowsPerBatchMax));
  return batcher_.flushed() ? FollowChanges() : absl::OkStatus();
}

absl::Status InputEncoder::TakeRow(const InputLine& line, const encode::EncodedRows& rows, std::size_t row,
                                   const std::shared_ptr<const LineChunk>& chunk) {
  const encode::RowFacts& facts = rows.facts(row);
  if (!rows_begun_) BQCDC_RETURN_IF_ERROR(BeginRows(facts.own_sequence, line.number));
  BQCDC_RETURN_IF_ERROR(batcher_.EnsureFor(facts));
  batch().rows.Append(rows.row(row), facts);
  bool tie = false;
  BQCDC_RETURN_IF_ERROR(batcher_.TakeRow(facts.own_sequence, &tie));
  if (facts.own_sequence && (ties_.SeenInRun(facts.tie_hash) || tie)) ++tie_count_;
  KeepChunk(chunk);
  batch().lines.push_back(line);
  return absl::OkStatus();
}

absl::Status InputEncoder::BeginRows(bool own_sequence, std::uint64_t line) {
  rows_begun_ = true;
  if (!mode_.has_value()) mode_line_ = line;
  mode_ = own_sequence ? SequenceMode::kOwn : SequenceMode::kAssigned;
  const absl::Status status = events_.on_mode ? events_.on_mode(*mode_, mode_line_) : absl::OkStatus();
  // Nothing of the run may be sent, and lines that were to be set aside do not count as settled.
  if (!status.ok()) batcher_.Drop();
  return status;
}

absl::Status InputEncoder::SetAside(const InputLine& line, LineBlock::Failure& failure,
                                    const std::shared_ptr<const LineChunk>& chunk) {
  if (IsOfOtherMode(failure.error)) {
    const bool missing = failure.error == EncodeError::kSequenceMissing;
    return absl::InvalidArgumentError(absl::StrCat(
        "line ", line.number, missing ? " brings no" : " brings a", " _CHANGE_SEQUENCE_NUMBER, line ",
        mode_line_, missing ? " does" : " does not", "; either every line of a run brings one or none does"));
  }
  BQCDC_RETURN_IF_ERROR(batcher_.Ensure());
  batcher_.Touch();
  KeepChunk(chunk);
  AddBadRow(line, failure);
  return absl::OkStatus();
}

void InputEncoder::AddBadRow(const InputLine& line, LineBlock::Failure& failure) {
  BadRow& bad = batch().bad_rows.emplace_back();
  bad.line = line;
  // The run's epoch changes with each run of the same input, so where rows bring their own numbers it is left
  // out: a repeat shall be the same record.
  const bool own = mode_ == SequenceMode::kOwn && line.number > mode_line_;
  bad.sequence = {{own ? 0 : options_.epoch, line.number, 1, 0}};
  bad.reason = encode::EncodeErrorName(failure.error);
  bad.message = std::move(failure.message);
  bad.column = std::move(failure.column);
}

absl::StatusOr<bool> InputEncoder::LookAgain(const LineBlock::Failure& failure, absl::Time read) {
  if (!failure.schema_reason.has_value()) return false;
  if (Follow(table_.newest())) return true;
  if (!table_.WantsLook(*failure.schema_reason, read)) return false;
  // It may take a while, which rows that are ready need not wait for.
  BQCDC_RETURN_IF_ERROR(batcher_.FlushAll());
  return Follow(table_.Look(*failure.schema_reason, read));
}

bool InputEncoder::Follow(std::shared_ptr<const TableBinding> now) {
  if (now == binding_ || !batcher_.SetDestination(now->destination).ok()) return false;
  binding_ = std::move(now);
  return true;
}

void InputEncoder::KeepChunk(const std::shared_ptr<const LineChunk>& chunk) {
  if (!batch().chunks.empty() && batch().chunks.back() == chunk) return;
  batch().chunks.push_back(chunk);
  batch().chunk_bytes += chunk->capacity;
}

absl::Status InputEncoder::FollowChanges() {
  if (events_.in_reach && !events_.in_reach(position_, false)) {
    BQCDC_RETURN_IF_ERROR(batcher_.FlushAll());
    progress_.Reach(position_);
    if (!events_.in_reach(position_, true)) return absl::CancelledError("the run has ended");
  }
  if (table_.MayDifferFrom(binding_)) Follow(table_.Refresh());
  return batcher_.FollowLanes();
}

}  // namespace bqcdc::pipeline
