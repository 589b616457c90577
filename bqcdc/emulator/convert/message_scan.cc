#include "bqcdc/emulator/convert/message_scan.h"

#include <algorithm>

namespace bqcdc::emulator::convert {
namespace {

WireType ExpectedType(const FieldPlan& field) {
  if (field.wrapped) return WireType::kBytes;
  switch (field.wire) {
    case WireKind::kVarint:
    case WireKind::kZigZag:
      return WireType::kVarint;
    case WireKind::kFixed32:
      return WireType::kFixed32;
    case WireKind::kFixed64:
      return WireType::kFixed64;
    case WireKind::kBytes:
    case WireKind::kMessage:
      return WireType::kBytes;
    case WireKind::kGroup:
      return WireType::kGroupStart;
  }
  return WireType::kBytes;
}

// Whether an enum has a name for the number; protobuf (proto2) treats other numbers as unknown fields.
bool IsNamed(const FieldPlan& field, int64_t number) {
  const auto found = std::lower_bound(field.enum_names.begin(), field.enum_names.end(), number,
                                      [](const auto& value, int64_t n) { return value.first < n; });
  return found != field.enum_names.end() && found->first == number;
}

// Reads a scalar by its wire kind.
bool ReadScalar(WireKind wire, SourceType source, WireReader& reader, RawValue* value) {
  uint64_t wide = 0;
  uint32_t narrow = 0;
  switch (wire) {
    case WireKind::kVarint:
      if (!reader.ReadVarint(&wide)) return false;
      value->scalar = NormaliseVarint(source, wide);
      return true;
    case WireKind::kZigZag:
      if (!reader.ReadVarint(&wide)) return false;
      if (source == SourceType::kInt32) wide = static_cast<uint32_t>(wide);
      value->scalar = static_cast<uint64_t>(DecodeZigZag(wide));
      return true;
    case WireKind::kFixed32:
      if (!reader.ReadFixed32(&narrow)) return false;
      value->scalar = NormaliseFixed32(source, narrow);
      return true;
    case WireKind::kFixed64:
      return reader.ReadFixed64(&value->scalar);
    case WireKind::kBytes:
    case WireKind::kMessage:
      return reader.ReadBytes(&value->bytes);
    case WireKind::kGroup:
      return false;  // read by its number
  }
  return false;
}

}  // namespace

MessageScan::MessageScan(const MessagePlan& plan)
    : plan_(plan), slots_(plan.fields.size()), lists_(plan.fields.size()), nested_(plan.fields.size()) {
  for (size_t i = 0; i < plan.fields.size(); ++i) {
    const FieldPlan& field = plan.fields[i];
    const bool message = field.wrapped || field.source >= SourceType::kRecord;
    collects_.push_back(field.repeated || message);
    if (field.message) nested_[i] = std::make_unique<MessageScan>(*field.message);
  }
}

bool MessageScan::Add(std::string_view bytes) {
  WireReader reader(bytes);
  size_t hint = 0;
  while (!reader.done()) {
    uint32_t number;
    WireType type;
    if (!reader.ReadTag(&number, &type)) return false;
    const int index = plan_.Find(number, hint);
    if (index < 0) {
      if (!reader.Skip(number, type)) return false;
      continue;
    }
    hint = static_cast<size_t>(index) + 1;
    if (!AddField(static_cast<size_t>(index), number, type, reader)) return false;
  }
  return true;
}

bool MessageScan::AddField(size_t index, uint32_t number, WireType type, WireReader& reader) {
  const FieldPlan& field = plan_.fields[index];
  RawValue value;
  if (type != ExpectedType(field)) {
    if (field.repeated && field.packable() && type == WireType::kBytes) {
      return reader.ReadBytes(&value.bytes) && AddPacked(index, value.bytes);
    }
    return reader.Skip(number, type);  // protobuf: of another wire type means unknown
  }
  if (field.wire == WireKind::kGroup) {
    if (!reader.ReadGroup(number, 0, &value.bytes)) return false;
  } else if (field.wrapped) {
    if (!reader.ReadBytes(&value.bytes)) return false;
  } else {
    if (!ReadScalar(field.wire, field.source, reader, &value)) return false;
    if (field.source == SourceType::kEnum && !IsNamed(field, value.Signed())) return true;
  }
  Store(index, value);
  return true;
}

bool MessageScan::AddPacked(size_t index, std::string_view bytes) {
  const FieldPlan& field = plan_.fields[index];
  WireReader reader(bytes);
  while (!reader.done()) {
    RawValue value;
    if (!ReadScalar(field.wire, field.source, reader, &value)) return false;
    if (field.source == SourceType::kEnum && !IsNamed(field, value.Signed())) continue;
    Store(index, value);
  }
  return true;
}

void MessageScan::Store(size_t index, const RawValue& value) {
  slots_[index] = {value, generation_};
  if (!collects_[index]) return;
  List& list = lists_[index];
  if (list.generation != generation_) {
    list.values.clear();
    list.generation = generation_;
  }
  list.values.push_back(value);
}

const std::vector<RawValue>& MessageScan::Values(size_t field) {
  List& list = lists_[field];
  if (list.generation != generation_) {
    list.values.clear();
    list.generation = generation_;
  }
  return list.values;
}

bool UnwrapValue(const FieldPlan& field, std::string_view message, RawValue* value) {
  FieldPlan inner;
  inner.wire = field.wire;
  WireReader reader(message);
  const WireType expected = ExpectedType(inner);
  while (!reader.done()) {
    uint32_t number;
    WireType type;
    if (!reader.ReadTag(&number, &type)) return false;
    const bool known = number == 1 && type == expected;
    if (!(known ? ReadScalar(field.wire, field.source, reader, value) : reader.Skip(number, type)))
      return false;
  }
  return true;
}

}  // namespace bqcdc::emulator::convert
