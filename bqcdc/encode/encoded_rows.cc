#include "bqcdc/encode/encoded_rows.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "bqcdc/encode/wire.h"

namespace bqcdc::encode {
namespace {

constexpr size_t kArenaBytesMin = 64 * 1024;
// Tag of ProtoRows.serialized_rows.
constexpr char kRowTag = static_cast<char>(MakeTag(1, WireType::kLengthDelimited));
// Largest frame: tag and a length of five bytes. Grow always leaves room for it.
constexpr size_t kFrameBytesMax = 1 + 5;

}  // namespace

std::string_view EncodedRows::row(size_t index) const {
  const size_t end = index + 1 < rows_.size() ? rows_[index + 1].frame_offset : size_;
  return {bytes_.get() + rows_[index].row_offset, end - rows_[index].row_offset};
}

std::string_view EncodedRows::sequence_text(size_t index) const {
  const std::string_view bytes = row(index);
  return bytes.substr(bytes.size() - rows_[index].facts.sequence_bytes);
}

values::SequenceNumber EncodedRows::sequence(size_t index) const {
  return values::SequenceNumber::Parse(sequence_text(index)).value_or(values::SequenceNumber{});
}

RowCounts EncodedRows::counts() const {
  return {.upserts = static_cast<int64_t>(rows_.size() - delete_count_),
          .deletes = static_cast<int64_t>(delete_count_),
          .upsert_bytes = static_cast<int64_t>(size_ - delete_byte_count_),
          .delete_bytes = static_cast<int64_t>(delete_byte_count_)};
}

std::string_view EncodedRows::framed(size_t first, size_t count) const {
  if (count == 0) return {};
  const size_t begin = rows_[first].frame_offset;
  const size_t end = first + count < rows_.size() ? rows_[first + count].frame_offset : size_;
  return {bytes_.get() + begin, end - begin};
}

void EncodedRows::Clear() {
  rows_.clear();
  size_ = delete_count_ = delete_byte_count_ = 0;
}

void EncodedRows::Truncate(size_t row_count) {
  if (row_count >= rows_.size()) return;
  for (size_t i = row_count; i < rows_.size(); ++i) {
    if (rows_[i].facts.change_type != ChangeType::kDelete) continue;
    --delete_count_;
    delete_byte_count_ -= framed_row(i).size();
  }
  size_ = rows_[row_count].frame_offset;
  rows_.resize(row_count);
}

void EncodedRows::Append(std::string_view row, const RowFacts& facts) {
  char* const cursor = Reserve(BeginRow(), row.size());
  EndRow(WriteBytes(row.data(), row.size(), cursor), facts);
}

char* EncodedRows::BeginRow() {
  if (capacity_ - size_ < kFrameBytesMax) Grow(bytes_.get() + size_, kFrameBytesMax);
  return row_begin();
}

void EncodedRows::EndRow(char* cursor, const RowFacts& facts) {
  const auto length = static_cast<size_t>(cursor - row_begin());
  const size_t frame_bytes = 1 + VarintSize(length);
  if (frame_bytes != frame_bytes_guess_) {
    cursor = Reserve(cursor, kFrameBytesMax);
    std::memmove(bytes_.get() + size_ + frame_bytes, row_begin(), length);
    frame_bytes_guess_ = frame_bytes;
  }
  char* const frame = bytes_.get() + size_;
  frame[0] = kRowTag;
  WriteVarint(length, frame + 1);
  assert(size_ + frame_bytes + length <= kBytesMax);
  rows_.push_back({static_cast<uint32_t>(size_), static_cast<uint32_t>(size_ + frame_bytes), facts});
  size_ += frame_bytes + length;
  if (facts.change_type != ChangeType::kDelete) return;
  ++delete_count_;
  delete_byte_count_ += frame_bytes + length;
}

char* EncodedRows::Grow(char* cursor, size_t extra) {
  const auto used = static_cast<size_t>(cursor - bytes_.get());
  const size_t capacity = std::max({kArenaBytesMin, capacity_ * 2, used + extra + kFrameBytesMax});
  // Left uninitialised: every byte is written before it is read.
  auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
  if (used != 0) std::memcpy(bytes.get(), bytes_.get(), used);
  bytes_ = std::move(bytes);
  capacity_ = capacity;
  return bytes_.get() + used;
}

}  // namespace bqcdc::encode
