#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/wire_reader.h"
#include "bqcdc/schema/table_schema.h"

// How the rows of a connection are read: a client's `writer_schema` (one self-contained DescriptorProto),
// checked against the table's columns once and compiled into a plan that the row decoder follows.
namespace bqcdc::emulator::convert {

// How a field's value stands on the wire.
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
  kRecord,     // message or group, read field by field
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
  uint32_t number = 0;
  WireKind wire = WireKind::kVarint;
  SourceType source = SourceType::kInt64;
  bool repeated = false;
  bool label_required = false;
  // The value is field 1 of a message shaped as google.protobuf.Int64Value and relatives; `wire` and `source`
  // are those of the value inside.
  bool wrapped = false;
  int column = -1;                       // index into the message's columns; -1 for the pseudo-columns
  std::unique_ptr<MessagePlan> message;  // of kRecord
  std::vector<std::pair<int32_t, std::string>> enum_names;  // of kEnum, by rising number
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

// Compiles the bytes of a `google.protobuf.DescriptorProto`. Columns are matched by name without regard to
// case; the option `column_name` wins over the field's name. Fields without a label count as optional.
// Errors: InvalidArgument with the service's texts (FieldConflictOf() tells those that a change of the table
// can bring about).
absl::StatusOr<std::shared_ptr<const WriterPlan>> CompileWriterSchema(std::string_view descriptor,
                                                                      const schema::TableSchema& table);

// Fields of a descriptor that do not go with the table's columns; one of the two is not empty.
struct FieldConflict {
  std::string extra;       // that the table does not have: "a,b.c"
  std::string mismatched;  // whose type is not one of its column's
};
// What an error of CompileWriterSchema says about them; unset where it is about something else.
std::optional<FieldConflict> FieldConflictOf(const absl::Status& status);

}  // namespace bqcdc::emulator::convert
