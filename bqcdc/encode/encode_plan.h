#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::encode {

// How a value becomes bytes.
enum class ValueEncoder : uint8_t {
  kBool,
  kInt64,
  kFloat64,
  kNumeric,
  kBigNumeric,
  kString,
  kBytes,
  kDate,
  kDatetime,
  kTime,
  kTimestamp,
  kTimestampText,  // picosecond columns travel as text
  kJson,
  kInterval,
  kGeography,
  kRange,
  kStruct,
  // The pseudo-columns of a row.
  kChangeType,
  kChangeSequenceNumber,
};

// Longest tag: field numbers below 2^29 take up to five bytes.
inline constexpr size_t kTagBytesMax = 5;

// A name as it stands in JSON behind the opening quote, closing quote included, for comparison by words.
class KeyPattern {
 public:
  KeyPattern() = default;
  explicit KeyPattern(std::string_view name);

  // Whether the key at `key` is this name without escapes. Up to 7 bytes behind the key's closing quote are
  // read, not compared: a name has no quote, so no word behind the one with the key's is looked at.
  bool Matches(const char* key) const {
    const char* pattern = words_.data();
    const char* const last = pattern + words_.size() - sizeof(uint64_t);
    for (; pattern != last; pattern += sizeof(uint64_t), key += sizeof(uint64_t)) {
      if (Word(key) != Word(pattern)) return false;
    }
    return (Word(key) & last_mask_) == Word(pattern);
  }

 private:
  static uint64_t Word(const char* bytes) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }

  std::string words_ = std::string(sizeof(uint64_t), '\0');  // zeros up to a whole word
  uint64_t last_mask_ = 0;                                   // the bytes of the last word that count
};

// One column, ready for encoding.
struct ColumnPlan {
  std::string name;
  KeyPattern key;
  ValueEncoder encoder = ValueEncoder::kString;
  schema::ColumnType type = schema::ColumnType::kString;
  bool repeated = false;
  bool required = false;
  int32_t key_position = -1;  // place in the primary key, -1 = not in it
  uint8_t tag_size = 0;
  char tag[kTagBytesMax] = {};
  int32_t field_number = 0;
  uint32_t message = 0;     // of a STRUCT or a RANGE (start, end): see EncodePlan::message()
  int64_t max_length = -1;  // characters or bytes, -1 = no limit
  int32_t precision = -1;   // -1 = the type's own
  int32_t scale = 0;
};

// The columns of one message (the row or a STRUCT) with a table that finds them by name. The row's own
// message counts the two pseudo-columns as its last columns.
class MessagePlan {
 public:
  static constexpr int32_t kNotFound = -1;

  explicit MessagePlan(std::vector<ColumnPlan> columns);

  const std::vector<ColumnPlan>& columns() const { return columns_; }
  const ColumnPlan& column(size_t index) const { return columns_[index]; }
  size_t column_count() const { return columns_.size(); }
  // Words of 64 bits of a set of columns.
  size_t set_words() const { return (columns_.size() + 63) / 64; }
  // Columns that must not be NULL, as such a set.
  const std::vector<uint64_t>& required_set() const { return required_set_; }

  // Index of the column called `name`, ASCII case ignored; kNotFound where there is none.
  int32_t Find(std::string_view name) const;

 private:
  std::vector<ColumnPlan> columns_;
  std::vector<int32_t> slots_;  // open addressing; size is a power of two
  std::vector<uint64_t> required_set_;
};

// Everything that encoding a table's rows needs, made once for each schema. Immutable, so shared by any
// number of encoders and threads.
class EncodePlan {
 public:
  // Errors: what schema::ValidateTableSchema refuses; FailedPrecondition for a table without primary key.
  static absl::StatusOr<std::shared_ptr<const EncodePlan>> Create(const schema::TableSchema& schema);

  static constexpr uint32_t kRowMessage = 0;
  const MessagePlan& row() const { return messages_[kRowMessage]; }
  const MessagePlan& message(size_t index) const { return messages_[index]; }
  size_t message_count() const { return messages_.size(); }
  // Indexes of the key columns in key order.
  const std::vector<uint32_t>& key_columns() const { return key_columns_; }

  std::string_view change_type_tag() const { return change_type_tag_; }
  std::string_view sequence_tag() const { return sequence_tag_; }

 private:
  EncodePlan() = default;
  uint32_t AddMessage(const std::vector<schema::Column>& columns, const schema::TableSchema* row_schema);
  ColumnPlan PlanColumn(const schema::Column& column, int32_t field_number);

  std::vector<MessagePlan> messages_;
  std::vector<uint32_t> key_columns_;
  std::string change_type_tag_;
  std::string sequence_tag_;
};

}  // namespace bqcdc::encode
