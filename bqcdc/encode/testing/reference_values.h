#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/encode/testing/json_tree.h"
#include "bqcdc/schema/table_schema.h"

// What a JSON value is on the wire, computed a second time, slowly and obviously, and refused where it is out
// of the column's range. Nothing is shared with the fast encoder or bqcdc/values.
namespace bqcdc::encode::testing {

absl::StatusOr<bool> ReferenceBool(const schema::Column& column, const JsonTree& value);
absl::StatusOr<int64_t> ReferenceInt64(const schema::Column& column, const JsonTree& value);
absl::StatusOr<double> ReferenceFloat64(const schema::Column& column, const JsonTree& value);

// Bytes of a NUMERIC or BIGNUMERIC: two's complement, little-endian, shortest form.
absl::StatusOr<std::string> ReferenceDecimal(const schema::Column& column, const JsonTree& value);

absl::StatusOr<std::string> ReferenceString(const schema::Column& column, const JsonTree& value);
absl::StatusOr<std::string> ReferenceBytes(const schema::Column& column, const JsonTree& value);

// A DATE's days, a TIME and a DATETIME in their packed forms, a TIMESTAMP's microseconds.
absl::StatusOr<int64_t> ReferenceInstant(const schema::Column& column, const JsonTree& value);
// The text of a TIMESTAMP(12).
absl::StatusOr<std::string> ReferencePicoseconds(const schema::Column& column, const JsonTree& value);

absl::StatusOr<std::string> ReferenceInterval(const schema::Column& column, const JsonTree& value);
absl::StatusOr<std::string> ReferenceJson(const schema::Column& column, const JsonTree& value);

// The ends of a RANGE as an object with "start" and "end", whichever of its two forms it has.
absl::StatusOr<JsonTree> ReferenceRange(const schema::Column& column, const JsonTree& value);

}  // namespace bqcdc::encode::testing
