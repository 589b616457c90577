#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "bqcdc/schema/table_schema.h"

namespace google::protobuf {
class DescriptorProto;
}

namespace bqcdc::encode {

// Number of FieldOptions' extension google.cloud.bigquery.storage.v1.column_name, which gives a column's name
// where it is no legal field name (google/cloud/bigquery/storage/v1/annotations.proto).
inline constexpr int kColumnNameOption = 454943157;

// Numbers of the fields of a row message: columns 1..n in order (in a STRUCT likewise), then _CHANGE_TYPE and
// _CHANGE_SEQUENCE_NUMBER. protobuf reserves 19000..19999; tables stay below.
constexpr int32_t ColumnFieldNumber(size_t column_index) { return static_cast<int32_t>(column_index) + 1; }
constexpr int32_t ChangeTypeFieldNumber(size_t column_count) { return ColumnFieldNumber(column_count); }
constexpr int32_t ChangeSequenceNumberFieldNumber(size_t column_count) {
  return ColumnFieldNumber(column_count + 1);
}

enum class ChangeColumns : uint8_t { kIncluded, kLeftOut };

// Compiles a schema into one self-contained proto2 message: every column optional or repeated, STRUCTs and
// RANGEs as nested messages of the root, then the pseudo-columns as strings. Fields of columns with names
// outside of [A-Za-z_][A-Za-z0-9_]* get a made-up name and the column_name option.
//
//   BOOL bool; INT64 int64; FLOAT64 double; NUMERIC, BIGNUMERIC, BYTES bytes; DATE int32; TIME, DATETIME
//   packed int64; TIMESTAMP int64 of microseconds (string where timestamp_precision is 12); STRING, JSON,
//   GEOGRAPHY, INTERVAL string; RANGE message with start and end; STRUCT message.
//
// Errors: what schema::ValidateTableSchema refuses.
absl::Status BuildRowDescriptor(const schema::TableSchema& schema, ChangeColumns change_columns,
                                google::protobuf::DescriptorProto* descriptor);

}  // namespace bqcdc::encode
