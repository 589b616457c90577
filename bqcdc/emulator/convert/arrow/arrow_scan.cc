#include "bqcdc/emulator/convert/arrow/arrow_scan.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bqcdc::emulator::convert {
namespace {

// The machine is little-endian, as the batch is (CompileArrowSchema); buffers need not be aligned.
template <typename T>
T Load(const char* values, size_t index) {
  T value;
  std::memcpy(&value, values + index * sizeof value, sizeof value);
  return value;
}

uint64_t LoadSigned(const char* values, size_t width, size_t index) {
  switch (width) {
    case 1:
      return static_cast<uint64_t>(static_cast<int64_t>(Load<int8_t>(values, index)));
    case 2:
      return static_cast<uint64_t>(static_cast<int64_t>(Load<int16_t>(values, index)));
    case 4:
      return static_cast<uint64_t>(static_cast<int64_t>(Load<int32_t>(values, index)));
    default:
      return Load<uint64_t>(values, index);
  }
}

uint64_t LoadUnsigned(const char* values, size_t width, size_t index) {
  switch (width) {
    case 1:
      return Load<uint8_t>(values, index);
    case 2:
      return Load<uint16_t>(values, index);
    case 4:
      return Load<uint32_t>(values, index);
    default:
      return Load<uint64_t>(values, index);
  }
}

std::string_view LoadBytes(const ArrowColumn& column, size_t index) {
  const auto begin = static_cast<size_t>(Load<int32_t>(column.values, index));
  const auto end = static_cast<size_t>(Load<int32_t>(column.values, index + 1));
  return std::string_view(column.data + begin, end - begin);
}

RawValue Load(const FieldPlan& field, const ArrowColumn& column, size_t index) {
  switch (field.source) {
    case SourceType::kBool:
      return {static_cast<uint64_t>(static_cast<unsigned char>(column.values[index / 8]) >> (index % 8) & 1),
              {}};
    case SourceType::kUint64:
      return {LoadUnsigned(column.values, field.width, index), {}};
    case SourceType::kFloat:
      return {std::bit_cast<uint64_t>(static_cast<double>(Load<float>(column.values, index))), {}};
    case SourceType::kString:
    case SourceType::kBytes:
      return {0, LoadBytes(column, index)};
    case SourceType::kDecimal:
    case SourceType::kCalendarUnits:
      return {0, std::string_view(column.values + index * field.width, field.width)};
    case SourceType::kRecord:
      return {index, {}};
    default:
      return {LoadSigned(column.values, field.width, index), {}};
  }
}

}  // namespace

ArrowScan::ArrowScan(const MessagePlan& plan, const std::vector<ArrowColumn>& columns)
    : plan_(plan),
      columns_(columns),
      values_(columns.size()),
      lists_(columns.size()),
      nested_(columns.size()) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const FieldPlan& field = plan.fields[i];
    if (field.source != SourceType::kRecord) continue;
    const ArrowColumn& record = field.repeated ? columns[i].elements[0] : columns[i];
    nested_[i] = std::make_unique<ArrowScan>(*field.message, record.parts);
  }
}

const RawValue* ArrowScan::Value(size_t field) {
  const FieldPlan& plan = plan_.fields[field];
  const ArrowColumn& column = columns_[field];
  RawValue& value = values_[field];
  if (plan.repeated) {
    value = column.IsNull(row_) ? RawValue::Null() : RawValue();
    return &value;
  }
  if (column.IsNull(row_)) return nullptr;
  value = Load(plan, column, row_);
  return &value;
}

const std::vector<RawValue>& ArrowScan::Values(size_t field) {
  const FieldPlan& plan = plan_.fields[field];
  const ArrowColumn& column = columns_[field];
  std::vector<RawValue>& list = lists_[field];
  list.clear();
  if (!plan.repeated) {
    list.push_back({row_, {}});
    return list;
  }
  const ArrowColumn& elements = column.elements[0];
  const auto begin = static_cast<size_t>(Load<int32_t>(column.values, row_));
  const auto end = static_cast<size_t>(Load<int32_t>(column.values, row_ + 1));
  list.reserve(end - begin);
  for (size_t i = begin; i < end; ++i) {
    list.push_back(elements.IsNull(i) ? RawValue::Null() : Load(plan, elements, i));
  }
  return list;
}

}  // namespace bqcdc::emulator::convert
