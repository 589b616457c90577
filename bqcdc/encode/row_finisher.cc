#include "bqcdc/encode/row_finisher.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "bqcdc/encode/mutant.h"

namespace bqcdc::encode {
namespace {

// Bytes that HashBytes may read behind those that it hashes.
constexpr size_t kHashPaddingBytes = sizeof(uint64_t);

// 64-bit hash of the encoded key; the same in every process.
uint64_t HashBytes(std::string_view bytes) {
  uint64_t hash = 0x9E3779B97F4A7C15ULL ^ bytes.size();
  const auto mix = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 32;
  };
  uint64_t word = 0;
  size_t i = 0;
  for (; i + sizeof word <= bytes.size(); i += sizeof word) {
    std::memcpy(&word, bytes.data() + i, sizeof word);
    mix(word);
  }
  std::memcpy(&word, bytes.data() + i, sizeof word);
  mix(word & ((uint64_t{1} << (8 * (bytes.size() - i))) - 1));
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
  for (uint64_t& word : present_) word = 0;
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

std::string_view RowFinisher::GatherKey(RowOutput& output) {
  if (key_spans_.size() == 1) return {output.At(key_spans_.front().begin), key_spans_.front().size};
  key_bytes_.clear();
  for (const Span& span : key_spans_) key_bytes_.append(output.At(span.begin), span.size);
  const size_t size = key_bytes_.size();
  key_bytes_.append(kHashPaddingBytes, '\0');
  return {key_bytes_.data(), size};
}

uint64_t RowFinisher::HashKey(std::string_view key, RowOutput& output) const {
  if (Mutated(Mutant::kHashOfSpelling)) {
    std::string spelling = TakeKeySpelling();
    const size_t size = spelling.size();
    spelling.append(kHashPaddingBytes, '\0');
    return HashBytes({spelling.data(), size});
  }
  if (Mutated(Mutant::kHashBeyondKey)) return HashBytes({output.At(0), output.position()});
  if (Mutated(Mutant::kHashLeavesColumnOut))
    return HashBytes(key.substr(0, key.size() - key_spans_.back().size));
  if (Mutated(Mutant::kHashInLineOrder)) {
    std::vector<Span> spans = key_spans_;
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    std::string bytes;
    for (const Span& span : spans) bytes.append(output.At(span.begin), span.size);
    bytes.append(kHashPaddingBytes, '\0');
    return HashBytes({bytes.data(), key.size()});
  }
  return HashBytes(key);
}

char* RowFinisher::AppendSequence(const values::SequenceNumber& sequence, char* out) {
  if (sequence.sections[0] != epoch_) {
    epoch_ = sequence.sections[0];
    char* const end = values::SequenceNumber::AppendSection(epoch_, epoch_text_.data());
    *end = '/';
    epoch_bytes_ = static_cast<size_t>(end + 1 - epoch_text_.data());
  }
  std::memcpy(out, epoch_text_.data(), epoch_text_.size());
  out += epoch_bytes_;
  for (size_t i = 1; i + 1 < sequence.sections.size(); ++i) {
    out = values::SequenceNumber::AppendSection(sequence.sections[i], out);
    *out++ = '/';
  }
  return values::SequenceNumber::AppendSection(sequence.sections.back(), out);
}

EncodeError RowFinisher::Finish(ChangeType change_type, const values::SequenceNumber& sequence,
                                bool own_sequence, size_t row_bytes_max, RowOutput* output) {
  const EncodePlan::RowEnding& ending = plan_->ending(change_type);
  output->Ensure(ending.bytes.size() + 1 + values::SequenceNumber::kTextBytesMax);
  static_assert(kHashPaddingBytes <= values::SequenceNumber::kTextBytesMax);
  const std::string_view key = GatherKey(*output);
  const uint64_t key_hash = HashKey(key, *output);
  if (change_type == ChangeType::kDelete) {
    std::memmove(output->At(0), key.data(), key.size());
    output->Rewind(key.size());
  }
  std::memcpy(output->cursor(), ending.bytes.data(), ending.bytes.size());
  output->set_cursor(output->cursor() + ending.size);
  char* const length = output->cursor();
  char* const end = AppendSequence(sequence, length + 1);
  const auto sequence_bytes = static_cast<uint8_t>(end - length - 1);
  *length = static_cast<char>(sequence_bytes);
  output->set_cursor(end);
  if (output->position() > row_bytes_max) return EncodeError::kRowTooLarge;
  output->Close({change_type, own_sequence, sequence_bytes, key_hash, HashTie(key_hash, sequence)});
  return EncodeError::kNone;
}

}  // namespace bqcdc::encode
