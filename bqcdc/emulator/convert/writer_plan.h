#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bqcdc/schema/table_schema.h"

// How the rows of a connection are read: a client's writer schema, checked against the table's columns once
// and compiled into a plan that the row decoder follows. Schemas come as descriptors (writer_schema.h) and in
// Arrow's form (arrow/arrow_schema.h).
namespace bqcdc::emulator::convert {

// How a protobuf field's value stands on the wire.
enum class WireKind : uint8_t {
  kVarint,   // bool, int32, int64, uint32, uint64, enum
  kZigZag,   // sint32, sint64
  kFixed32,  // fixed32, sfixed32, float
  kFixed64,  // fixed64, sfixed64, double
  kBytes,    // string, bytes
  kMessage,
  kGroup,
};

// What the value is, after the wire form has been undone.
enum class SourceType : uint8_t {
  kBool,
  kInt32,   // sint32 and sfixed32 too
  kInt64,   // sint64 and sfixed64 too
  kUint32,  // fixed32 too
  kUint64,  // fixed64 too
  kFloat,
  kDouble,
  kEnum,
  kString,
  kBytes,
  // Arrow's own.
  kMicros,         // of a DATETIME or TIME, not packed
  kDecimal,        // little-endian two's complement; FieldPlan::scale says of what
  kCalendarUnits,  // an Interval as Arrow lays it out: 4, 8 or 16 bytes

  kRecord,     // message, group or Struct, read field by field
  kTimestamp,  // message shaped as google.protobuf.Timestamp
  kDuration,   // message shaped as google.protobuf.Duration
};

struct FieldPlan;

// The fields of one message and the columns that they fill.
struct MessagePlan {
  // Columns of the table, or the parts of a STRUCT or RANGE column; they live as long as WriterPlan::schema.
  const std::vector<schema::Column>* columns = nullptr;
  std::vector<FieldPlan> fields;     // by rising number
  std::vector<int> field_of_column;  // index into fields, -1 where the message does not hold the column

  // Index of the field with this number, -1 for one that the message does not have. `hint`: index that is
  // tried first.
  int Find(uint32_t number, size_t hint) const;
  void BuildLookup();

 private:
  std::vector<int16_t> dense_;  // by number, up to a limit; then binary search
};

// One field of the client's message.
struct FieldPlan {
  std::string name;
  uint32_t number = 0;  // of a protobuf field; of an Arrow field, its place among its siblings, from 1
  WireKind wire = WireKind::kVarint;
  SourceType source = SourceType::kInt64;
  bool repeated = false;
  bool label_required = false;
  // The value is field 1 of a message shaped as google.protobuf.Int64Value and relatives; `wire` and `source`
  // are those of the value inside.
  bool wrapped = false;
  // Of an Arrow field: bytes that a value takes in its buffer, 0 where that varies; and the scale of a
  // Decimal.
  uint8_t width = 0;
  int16_t scale = 0;
  int column = -1;                       // index into the message's columns; -1 for the pseudo-columns
  std::unique_ptr<MessagePlan> message;  // of kRecord
  std::vector<std::pair<int32_t, std::string>> enum_names;  // of kEnum, by rising number
  // Cells that one value takes in a chunk: 1, and for a STRUCT or RANGE those of its parts.
  size_t cells = 1;

  bool packable() const { return !wrapped && wire <= WireKind::kFixed64; }
};

// A compiled writer schema. Immutable once made, so it may be shared by threads.
struct WriterPlan {
  WriterPlan() = default;
  WriterPlan(const WriterPlan&) = delete;
  WriterPlan& operator=(const WriterPlan&) = delete;

  schema::TableSchema schema;
  MessagePlan root;
  std::vector<bool> is_key;    // by column
  int change_type_field = -1;  // index into root.fields, -1 where the message has no `_CHANGE_TYPE`
  int sequence_field = -1;     // … no `_CHANGE_SEQUENCE_NUMBER`
  size_t cells = 0;            // that a row takes in a chunk, without the server's own columns
  int64_t bytes = 0;           // memory that this plan takes, about

  bool has_change_type() const { return change_type_field >= 0; }
};

// Limits of a writer schema.
inline constexpr size_t kDescriptorBytesMax = 4 * 1024 * 1024;
// A table's columns (https://cloud.google.com/bigquery/quotas#all_tables), both ends of each of them, should
// all be RANGEs, and the pseudo-columns.
inline constexpr size_t kFieldsMax = 3 * 10'000 + 2;

// Pseudo-columns of a CDC row; names are matched without regard to case.
inline constexpr std::string_view kChangeTypeName = "_CHANGE_TYPE";
inline constexpr std::string_view kSequenceNumberName = "_CHANGE_SEQUENCE_NUMBER";
bool IsPseudoColumn(std::string_view name);

}  // namespace bqcdc::emulator::convert
