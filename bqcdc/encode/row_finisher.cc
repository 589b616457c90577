#include "bqcdc/encode/row_finisher.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "bqcdc/encode/mutant.h"

namespace bqcdc::encode {
namespace {

// 64-bit hash of the encoded key; the same in every process.
uint64_t HashBytes(std::string_view bytes) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL ^ bytes.size();
  const auto mix = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 32;
  };
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    mix(word);
  }
  uint64_t tail = 0;
  if (i < bytes.size()) std::memcpy(&tail, bytes.data() + i, bytes.size() - i);
  mix(tail);
  return hash;
}

uint64_t HashTie(uint64_t key_hash, const values::SequenceNumber& sequence) {
  uint64_t hash = key_hash;
  for (const uint64_t section : sequence.sections) {
    hash = (hash ^ section) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

RowFinisher::RowFinisher(std::shared_ptr<const EncodePlan> plan) : plan_(std::move(plan)) {
  present_.resize(plan_->row().set_words());
  key_spans_.resize(plan_->key_columns().size());
}

void RowFinisher::Begin() {
  std::fill(present_.begin(), present_.end(), 0);
  if (Mutated(Mutant::kHashOfSpelling)) TakeKeySpelling();
}

EncodeError RowFinisher::CheckKey(const ColumnPlan** missing) const {
  for (const uint32_t index : plan_->key_columns()) {
    if (is_present(index)) continue;
    *missing = &plan_->row().column(index);
    return EncodeError::kNullKey;
  }
  return EncodeError::kNone;
}

EncodeError RowFinisher::CheckRequired(const ColumnPlan** missing) const {
  const std::vector<uint64_t>& required = plan_->row().required_set();
  for (size_t word = 0; word < required.size(); ++word) {
    const uint64_t absent = required[word] & ~present_[word];
    if (absent == 0) continue;
    *missing = &plan_->row().column(word * 64 + static_cast<size_t>(std::countr_zero(absent)));
    return EncodeError::kNullRequired;
  }
  return EncodeError::kNone;
}

uint64_t RowFinisher::HashKey(RowOutput& output) const {
  if (Mutated(Mutant::kHashOfSpelling)) return HashBytes(TakeKeySpelling());
  if (Mutated(Mutant::kHashBeyondKey)) return HashBytes({output.At(0), output.position()});
  if (Mutated(Mutant::kHashLeavesColumnOut))
    return HashBytes({key_bytes_.data(), key_bytes_.size() - key_spans_.back().size});
  if (Mutated(Mutant::kHashInLineOrder)) {
    std::vector<Span> spans = key_spans_;
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    std::string bytes;
    for (const Span& span : spans) bytes.append(output.At(span.begin), span.size);
    return HashBytes(bytes);
  }
  return HashBytes(key_bytes_);
}

EncodeError RowFinisher::Finish(ChangeType change_type, const values::SequenceNumber& sequence,
                                bool own_sequence, size_t row_bytes_max, RowOutput* output) {
  key_bytes_.clear();
  for (const Span& span : key_spans_) key_bytes_.append(output->At(span.begin), span.size);
  const uint64_t key_hash = HashKey(*output);
  if (change_type == ChangeType::kDelete) {
    output->Rewind(0);
    output->Ensure(key_bytes_.size());
    output->WriteText(key_bytes_);
  }
  const EncodePlan::RowEnding& ending = plan_->ending(change_type);
  output->Ensure(ending.bytes.size() + 1 + values::SequenceNumber::kTextBytesMax);
  std::memcpy(output->cursor(), ending.bytes.data(), ending.bytes.size());
  output->set_cursor(output->cursor() + ending.size);
  char* const length = output->cursor();
  char* const end = sequence.AppendTo(length + 1);
  const auto sequence_bytes = static_cast<uint8_t>(end - length - 1);
  *length = static_cast<char>(sequence_bytes);
  output->set_cursor(end);
  if (output->position() > row_bytes_max) return EncodeError::kRowTooLarge;
  output->Close({change_type, own_sequence, sequence_bytes, key_hash, HashTie(key_hash, sequence)});
  return EncodeError::kNone;
}

}  // namespace bqcdc::encode
