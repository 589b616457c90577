#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::convert {

// A field's value as it came off the wire, with its wire form undone. Text and bytes point into the request.
struct RawValue {
  // Signed types sign-extended, kFloat and kDouble the bits of a double, kEnum the number.
  uint64_t scalar = 0;
  std::string_view bytes;

  // A NULL where only Arrow can say so: an ARRAY, an element of one.
  static RawValue Null() { return {0, std::string_view(&kNullMark, sizeof kNullMark)}; }
  bool is_null() const { return bytes.data() == &kNullMark; }

  int64_t Signed() const { return static_cast<int64_t>(scalar); }

 private:
  static constexpr char kNullMark = 0;  // told by its address
};

// Why a value does not fit its column. Small, because it is made for each cell; the text comes later.
enum class CellFault : uint8_t {
  kNone,
  kMalformedMessage,  // the bytes inside are no protobuf message
  kNotUtf8,
  kTooLong,
  kOutOfRange,
  kMalformed,
  kTooPrecise,
  kNotJson,
  kPrecision,   // outside of NUMERIC(p, s)
  kRangeOrder,  // a RANGE that does not begin before its end
  kRequired,
  kLabelRequired,
  kNullList,  // a REPEATED column that is NULL, not empty
  kNullElement,
};

// Undoes the wire form of a scalar field.
uint64_t NormaliseVarint(SourceType source, uint64_t wire_value);
uint64_t NormaliseFixed32(SourceType source, uint32_t wire_value);

// Writes one value (an element, for a REPEATED column) to `row` of `writer`. Not for STRUCT and
// RANGE, which are written part by part.
CellFault WriteCell(const FieldPlan& field, const schema::Column& column, const RawValue& value,
                    engine::VectorWriter& writer, size_t row);

// The name of a value of an enum field; the decoder has dropped numbers without one, as protobuf does.
std::string_view EnumName(const FieldPlan& field, int64_t number);

// Writes NULL, to the fields of a STRUCT and the ends of a RANGE as well.
void WriteNull(const schema::Column& column, engine::VectorWriter writer, size_t row);

// Copies one value between chunks of the same column type.
void CopyCell(const schema::Column& column, const engine::VectorReader& from, size_t from_row,
              engine::VectorWriter to, size_t to_row);

// The service's message about a fault of column `path` ("address.city", "tags[3]"). `value` is what was
// found.
std::string DescribeFault(CellFault fault, const FieldPlan* field, const schema::Column& column,
                          const RawValue& value, const std::string& path);

}  // namespace bqcdc::emulator::convert
