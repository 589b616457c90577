#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/encode/change_type.h"
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
  KeyPattern() : KeyPattern(std::string_view()) {}
  explicit KeyPattern(std::string_view name);

  // Whether the key at `key` is this name without escapes. Up to 24 bytes from its begin on are read, or 7
  // bytes behind its closing quote: a name has no quote, so where the first words are equal no word behind
  // the one with the key's is looked at. Names that fit into those words take no branch that depends on their
  // length.
  bool Matches(const char* key) const {
    const auto other = [&](size_t i) {
      return (Word(key + i * sizeof(uint64_t)) ^ first_[i]) & first_masks_[i];
    };
    return (other(0) | other(1) | other(2)) == 0 && (rest_.empty() || MatchesRest(key + sizeof first_));
  }

 private:
  static uint64_t Word(const char* bytes) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  bool MatchesRest(const char* key) const;

  uint64_t first_[3] = {};
  uint64_t first_masks_[3] = {};  // the bytes that count
  std::string rest_;              // what they leave, with zeros up to a whole word
  uint64_t rest_mask_ = 0;        // the bytes of its last word that count
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

  // What stands before the sequence number of a row: the change type, and the number's tag. The bytes behind
  // the size are zeros, for a copy of all.
  struct RowEnding {
    std::array<char, 2 * kTagBytesMax + 1 + kUpsertText.size()> bytes = {};
    size_t size = 0;
  };
  const RowEnding& ending(ChangeType change_type) const {
    return change_type == ChangeType::kDelete ? delete_ending_ : upsert_ending_;
  }

 private:
  EncodePlan() = default;
  uint32_t AddMessage(const std::vector<schema::Column>& columns, const schema::TableSchema* row_schema);
  ColumnPlan PlanColumn(const schema::Column& column, int32_t field_number);
  static RowEnding EndingOf(std::string_view change_type, const ColumnPlan& type_column,
                            const ColumnPlan& sequence_column);

  std::vector<MessagePlan> messages_;
  std::vector<uint32_t> key_columns_;
  RowEnding upsert_ending_, delete_ending_;
};

}  // namespace bqcdc::encode
