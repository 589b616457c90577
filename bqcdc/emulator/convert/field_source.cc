#include "bqcdc/emulator/convert/field_source.h"

#include <algorithm>
#include <optional>

#include "google/protobuf/descriptor.h"

namespace bqcdc::emulator::convert {
namespace {

namespace pb = google::protobuf;
using schema::ColumnType;

struct Shape {
  WireKind wire;
  SourceType source;
};

// The kinds that the documentation does not list (sint, fixed, sfixed, group) are taken where their plain
// relatives are; see emulator/unconfirmed.h.
std::optional<Shape> ShapeOf(pb::FieldDescriptor::Type type) {
  switch (type) {
    case pb::FieldDescriptor::TYPE_BOOL:
      return Shape{WireKind::kVarint, SourceType::kBool};
    case pb::FieldDescriptor::TYPE_INT32:
      return Shape{WireKind::kVarint, SourceType::kInt32};
    case pb::FieldDescriptor::TYPE_INT64:
      return Shape{WireKind::kVarint, SourceType::kInt64};
    case pb::FieldDescriptor::TYPE_UINT32:
      return Shape{WireKind::kVarint, SourceType::kUint32};
    case pb::FieldDescriptor::TYPE_UINT64:
      return Shape{WireKind::kVarint, SourceType::kUint64};
    case pb::FieldDescriptor::TYPE_SINT32:
      return Shape{WireKind::kZigZag, SourceType::kInt32};
    case pb::FieldDescriptor::TYPE_SINT64:
      return Shape{WireKind::kZigZag, SourceType::kInt64};
    case pb::FieldDescriptor::TYPE_FIXED32:
      return Shape{WireKind::kFixed32, SourceType::kUint32};
    case pb::FieldDescriptor::TYPE_FIXED64:
      return Shape{WireKind::kFixed64, SourceType::kUint64};
    case pb::FieldDescriptor::TYPE_SFIXED32:
      return Shape{WireKind::kFixed32, SourceType::kInt32};
    case pb::FieldDescriptor::TYPE_SFIXED64:
      return Shape{WireKind::kFixed64, SourceType::kInt64};
    case pb::FieldDescriptor::TYPE_FLOAT:
      return Shape{WireKind::kFixed32, SourceType::kFloat};
    case pb::FieldDescriptor::TYPE_DOUBLE:
      return Shape{WireKind::kFixed64, SourceType::kDouble};
    case pb::FieldDescriptor::TYPE_ENUM:
      return Shape{WireKind::kVarint, SourceType::kEnum};
    case pb::FieldDescriptor::TYPE_STRING:
      return Shape{WireKind::kBytes, SourceType::kString};
    case pb::FieldDescriptor::TYPE_BYTES:
      return Shape{WireKind::kBytes, SourceType::kBytes};
    case pb::FieldDescriptor::TYPE_MESSAGE:
      return Shape{WireKind::kMessage, SourceType::kRecord};
    case pb::FieldDescriptor::TYPE_GROUP:
      return Shape{WireKind::kGroup, SourceType::kRecord};
  }
  return std::nullopt;
}

bool Takes(ColumnType column, SourceType source) {
  const bool int32_or_64 = source == SourceType::kInt32 || source == SourceType::kInt64;
  const bool integer = int32_or_64 || source == SourceType::kUint32 || source == SourceType::kUint64;
  const bool floating = source == SourceType::kFloat || source == SourceType::kDouble;
  const bool text = source == SourceType::kString;
  switch (column) {
    case ColumnType::kBool:
      return source == SourceType::kBool || integer;
    case ColumnType::kBytes:
      return text || source == SourceType::kBytes;
    case ColumnType::kDate:
      return int32_or_64 || text;
    case ColumnType::kDatetime:
    case ColumnType::kTime:
      return source == SourceType::kInt64 || text;
    case ColumnType::kTimestamp:
      return int32_or_64 || source == SourceType::kUint32;
    case ColumnType::kInt64:
      return int32_or_64 || source == SourceType::kUint32 || source == SourceType::kEnum;
    case ColumnType::kFloat64:
      return floating;
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return integer || floating || text || source == SourceType::kBytes;
    case ColumnType::kString:
      return text || source == SourceType::kEnum;
    case ColumnType::kJson:
    case ColumnType::kGeography:
    case ColumnType::kInterval:
      return text;
    case ColumnType::kStruct:
    case ColumnType::kRange:
      return source == SourceType::kRecord;
  }
  return false;
}

// The scalar kinds whose wrapper message is listed for a column type.
bool TakesWrapped(ColumnType column, pb::FieldDescriptor::Type type) {
  switch (column) {
    case ColumnType::kBool:
      return type == pb::FieldDescriptor::TYPE_BOOL;
    case ColumnType::kInt64:
      return type == pb::FieldDescriptor::TYPE_INT32 || type == pb::FieldDescriptor::TYPE_INT64 ||
             type == pb::FieldDescriptor::TYPE_UINT32;
    case ColumnType::kFloat64:
      return type == pb::FieldDescriptor::TYPE_FLOAT || type == pb::FieldDescriptor::TYPE_DOUBLE;
    case ColumnType::kString:
      return type == pb::FieldDescriptor::TYPE_STRING;
    case ColumnType::kBytes:
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return type == pb::FieldDescriptor::TYPE_BYTES;
    default:
      return false;
  }
}

// google.protobuf.Timestamp and Duration: `int64 seconds = 1; int32 nanos = 2`.
bool IsSecondsAndNanos(const pb::Descriptor& message) {
  if (message.field_count() != 2) return false;
  const pb::FieldDescriptor* seconds = message.FindFieldByNumber(1);
  const pb::FieldDescriptor* nanos = message.FindFieldByNumber(2);
  return seconds != nullptr && nanos != nullptr && !seconds->is_repeated() && !nanos->is_repeated() &&
         seconds->type() == pb::FieldDescriptor::TYPE_INT64 &&
         nanos->type() == pb::FieldDescriptor::TYPE_INT32 && seconds->name() == "seconds" &&
         nanos->name() == "nanos";
}

// Well-known messages are told by their shape: inside a self-contained descriptor they carry any name. Of the
// two that have one shape, a name that ends with the other's says that it is the other.
bool ResolveMessage(const pb::Descriptor& message, const schema::Column& column, FieldPlan& plan) {
  if (column.type == ColumnType::kTimestamp || column.type == ColumnType::kInterval) {
    const bool instant = column.type == ColumnType::kTimestamp;
    plan.source = instant ? SourceType::kTimestamp : SourceType::kDuration;
    return IsSecondsAndNanos(message) && !message.name().ends_with(instant ? "Duration" : "Timestamp");
  }
  if (message.field_count() != 1) return false;
  const pb::FieldDescriptor& value = *message.field(0);
  if (value.name() != "value" || value.number() != 1 || value.is_repeated()) return false;
  if (!TakesWrapped(column.type, value.type())) return false;
  const Shape inner = *ShapeOf(value.type());
  plan.wire = inner.wire;
  plan.source = inner.source;
  plan.wrapped = true;
  return true;
}

}  // namespace

bool ResolveSource(const pb::FieldDescriptor& field, const schema::Column& column, FieldPlan& plan) {
  const std::optional<Shape> shape = ShapeOf(field.type());
  if (!shape) return false;
  plan.wire = shape->wire;
  plan.source = shape->source;
  const bool has_parts = column.type == ColumnType::kStruct || column.type == ColumnType::kRange;
  if (plan.source == SourceType::kRecord && !has_parts) {
    return plan.wire == WireKind::kMessage && ResolveMessage(*field.message_type(), column, plan);
  }
  if (plan.source == SourceType::kEnum) {
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *field.enum_type()->value(i);
      plan.enum_names.emplace_back(value.number(), value.name());
    }
    // With allow_alias the first name of a number counts, as in protobuf.
    std::stable_sort(plan.enum_names.begin(), plan.enum_names.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  // Text is the form of columns with picoseconds alone.
  if (column.type == ColumnType::kTimestamp && plan.source == SourceType::kString) {
    return column.picoseconds();
  }
  return Takes(column.type, plan.source);
}

}  // namespace bqcdc::emulator::convert
