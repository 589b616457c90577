#include "bqcdc/encode/encode_plan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/encode/row_descriptor.h"
#include "bqcdc/encode/wire.h"
#include "bqcdc/schema/ascii_case.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::encode {
namespace {

using schema::Column;
using schema::ColumnType;

constexpr int32_t kEmptySlot = -1;

ValueEncoder EncoderOf(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return ValueEncoder::kBool;
    case ColumnType::kInt64:
      return ValueEncoder::kInt64;
    case ColumnType::kFloat64:
      return ValueEncoder::kFloat64;
    case ColumnType::kNumeric:
      return ValueEncoder::kNumeric;
    case ColumnType::kBigNumeric:
      return ValueEncoder::kBigNumeric;
    case ColumnType::kString:
      return ValueEncoder::kString;
    case ColumnType::kBytes:
      return ValueEncoder::kBytes;
    case ColumnType::kDate:
      return ValueEncoder::kDate;
    case ColumnType::kDatetime:
      return ValueEncoder::kDatetime;
    case ColumnType::kTime:
      return ValueEncoder::kTime;
    case ColumnType::kTimestamp:
      return ValueEncoder::kTimestamp;
    case ColumnType::kJson:
      return ValueEncoder::kJson;
    case ColumnType::kInterval:
      return ValueEncoder::kInterval;
    case ColumnType::kGeography:
      return ValueEncoder::kGeography;
    case ColumnType::kRange:
      return ValueEncoder::kRange;
    case ColumnType::kStruct:
      return ValueEncoder::kStruct;
  }
  return ValueEncoder::kString;
}

WireType WireTypeOf(ValueEncoder encoder) {
  switch (encoder) {
    case ValueEncoder::kBool:
    case ValueEncoder::kInt64:
    case ValueEncoder::kDate:
    case ValueEncoder::kDatetime:
    case ValueEncoder::kTime:
    case ValueEncoder::kTimestamp:
      return WireType::kVarint;
    case ValueEncoder::kFloat64:
      return WireType::kFixed64;
    default:
      return WireType::kLengthDelimited;
  }
}

void SetName(std::string_view name, ColumnPlan* plan) {
  plan->name = std::string(name);
  plan->key = KeyPattern(name);
}

void SetTag(int32_t field_number, ColumnPlan* plan) {
  plan->field_number = field_number;
  const char* end = WriteVarint(MakeTag(field_number, WireTypeOf(plan->encoder)), plan->tag);
  plan->tag_size = static_cast<uint8_t>(end - plan->tag);
}

template <typename Word>
uint64_t Load(const char* bytes) {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Hash of a name without regard to case: its first and last eight bytes and its length tell columns apart.
// Setting bit 5 puts letters in lower case; some other characters fall together too, which a hash bears.
size_t HashName(std::string_view name) {
  constexpr uint64_t kLowerCase = 0x2020202020202020ULL;
  const char* const begin = name.data();
  const char* const end = begin + name.size();
  uint64_t first = 0;
  uint64_t last = 0;
  if (name.size() >= 8) {
    first = Load<uint64_t>(begin);
    last = Load<uint64_t>(end - 8);
  } else if (name.size() >= 4) {
    first = Load<uint32_t>(begin);
    last = Load<uint32_t>(end - 4);
  } else if (!name.empty()) {
    first = Load<uint8_t>(begin) | Load<uint8_t>(begin + name.size() / 2) << 8;
    last = Load<uint8_t>(end - 1);
  }
  uint64_t hash = (first | kLowerCase) * 0x9E3779B97F4A7C15ULL;
  hash ^= (last | kLowerCase) * 0xC2B2AE3D27D4EB4FULL + name.size();
  hash *= 0x165667B19E3779F9ULL;
  return static_cast<size_t>(hash >> 32);
}

ColumnPlan PlanPseudoColumn(std::string_view name, ValueEncoder encoder, int32_t field_number) {
  ColumnPlan plan;
  SetName(name, &plan);
  plan.encoder = encoder;
  SetTag(field_number, &plan);
  return plan;
}

}  // namespace

KeyPattern::KeyPattern(std::string_view name) {
  std::string words = base::StrCat(name, "\"");
  std::string masks(words.size(), '\xFF');
  const size_t size =
      std::max(sizeof first_, (words.size() + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t));
  words.resize(size, '\0');
  masks.resize(size, '\0');
  std::memcpy(first_, words.data(), sizeof first_);
  std::memcpy(first_masks_, masks.data(), sizeof first_masks_);
  rest_ = words.substr(sizeof first_);
  if (!rest_.empty()) rest_mask_ = Word(masks.data() + size - sizeof(uint64_t));
}

bool KeyPattern::MatchesRest(const char* key) const {
  const char* pattern = rest_.data();
  const char* const last = pattern + rest_.size() - sizeof(uint64_t);
  for (; pattern != last; pattern += sizeof(uint64_t), key += sizeof(uint64_t)) {
    if (Word(key) != Word(pattern)) return false;
  }
  return (Word(key) & rest_mask_) == Word(pattern);
}

MessagePlan::MessagePlan(std::vector<ColumnPlan> columns)
    : columns_(std::move(columns)), required_set_(set_words()) {
  slots_.resize(std::bit_ceil(columns_.size() * 2 + 2), kEmptySlot);
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t slot = HashName(columns_[i].name) & (slots_.size() - 1);
    while (slots_[slot] != kEmptySlot) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<int32_t>(i);
    if (columns_[i].required) required_set_[i / 64] |= uint64_t{1} << (i % 64);
  }
}

int32_t MessagePlan::Find(std::string_view name) const {
  for (size_t slot = HashName(name) & (slots_.size() - 1);; slot = (slot + 1) & (slots_.size() - 1)) {
    const int32_t index = slots_[slot];
    if (index == kEmptySlot) return kNotFound;
    const std::string& candidate = columns_[static_cast<size_t>(index)].name;
    if (candidate == name || schema::EqualsIgnoreCase(candidate, name)) return index;
  }
}

absl::StatusOr<std::shared_ptr<const EncodePlan>> EncodePlan::Create(const schema::TableSchema& schema) {
  BQCDC_RETURN_IF_ERROR(schema::ValidateTableSchema(schema));
  if (!schema.has_primary_key()) {
    return base::Error(absl::StatusCode::kFailedPrecondition,
                       "the table has no primary key: changes need one to find their row");
  }
  std::shared_ptr<EncodePlan> plan(new EncodePlan());
  plan->AddMessage(schema.columns, &schema);
  for (const std::string& name : schema.primary_key) {
    plan->key_columns_.push_back(static_cast<uint32_t>(*schema.FindColumnIndex(name)));
  }
  return std::shared_ptr<const EncodePlan>(std::move(plan));
}

EncodePlan::RowEnding EncodePlan::EndingOf(std::string_view change_type, const ColumnPlan& type_column,
                                           const ColumnPlan& sequence_column) {
  RowEnding ending;
  char* out = WriteBytes(type_column.tag, type_column.tag_size, ending.bytes.data());
  *out++ = static_cast<char>(change_type.size());
  out = WriteBytes(change_type.data(), change_type.size(), out);
  out = WriteBytes(sequence_column.tag, sequence_column.tag_size, out);
  ending.size = static_cast<size_t>(out - ending.bytes.data());
  return ending;
}

uint32_t EncodePlan::AddMessage(const std::vector<Column>& columns, const schema::TableSchema* row_schema) {
  const auto index = static_cast<uint32_t>(messages_.size());
  messages_.emplace_back(std::vector<ColumnPlan>());  // Keeps the place: nested messages follow.
  std::vector<ColumnPlan> plans;
  plans.reserve(columns.size() + 2);
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnPlan column = PlanColumn(columns[i], ColumnFieldNumber(i));
    if (row_schema != nullptr) {
      if (const auto position = row_schema->KeyPosition(column.name); position.has_value()) {
        column.key_position = static_cast<int32_t>(*position);
        column.required = true;
      }
    }
    plans.push_back(std::move(column));
  }
  if (row_schema != nullptr) {
    plans.push_back(PlanPseudoColumn(schema::kChangeTypeColumn, ValueEncoder::kChangeType,
                                     ChangeTypeFieldNumber(columns.size())));
    plans.push_back(PlanPseudoColumn(schema::kChangeSequenceNumberColumn, ValueEncoder::kChangeSequenceNumber,
                                     ChangeSequenceNumberFieldNumber(columns.size())));
    upsert_ending_ = EndingOf(kUpsertText, plans[columns.size()], plans[columns.size() + 1]);
    delete_ending_ = EndingOf(kDeleteText, plans[columns.size()], plans[columns.size() + 1]);
  }
  messages_[index] = MessagePlan(std::move(plans));
  return index;
}

ColumnPlan EncodePlan::PlanColumn(const Column& column, int32_t field_number) {
  ColumnPlan plan;
  SetName(column.name, &plan);
  plan.type = column.type;
  plan.encoder = EncoderOf(column.type);
  if (column.picoseconds()) plan.encoder = ValueEncoder::kTimestampText;
  plan.repeated = column.repeated();
  plan.required = column.required();
  plan.max_length = column.max_length.value_or(-1);
  plan.precision = static_cast<int32_t>(column.precision.value_or(-1));
  plan.scale = static_cast<int32_t>(column.scale.value_or(0));
  if (!schema::PartsOf(column).empty()) plan.message = AddMessage(schema::PartsOf(column), nullptr);
  SetTag(field_number, &plan);
  return plan;
}

}  // namespace bqcdc::encode
