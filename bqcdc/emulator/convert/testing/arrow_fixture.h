#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/convert/arrow/ipc_generated.h"

// Schemas and record batches in Arrow's IPC format, made field by field and buffer by buffer, so that wrong
// ones can be made as easily as right ones. What Arrow's own libraries write is tested with them
// (tests/clients).
namespace bqcdc::emulator::convert::testing {

// A field of a schema.
struct ArrowField {
  std::string name;
  ipc::Type type = ipc::Type::NONE;
  std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)> make_type;
  std::vector<ArrowField> children = {};
  bool dictionary = false;
};

// Fields that need nothing but their type: ipc::Type::Utf8, Binary, Bool …
ArrowField PlainField(const std::string& name, ipc::Type type);
ArrowField IntField(const std::string& name, int bits, bool is_signed = true);
ArrowField FloatField(const std::string& name, ipc::Precision precision);
ArrowField DecimalField(const std::string& name, int bits, int precision, int scale);
ArrowField DateField(const std::string& name, ipc::DateUnit unit);
ArrowField TimeField(const std::string& name, ipc::TimeUnit unit, int bits);
ArrowField TimestampField(const std::string& name, ipc::TimeUnit unit, const std::string& zone = "");
ArrowField IntervalField(const std::string& name, ipc::IntervalUnit unit);
ArrowField ListField(const std::string& name, ArrowField element);
ArrowField StructField(const std::string& name, std::vector<ArrowField> children);

// The values of a field: its node and its buffers, then those of its children.
struct ArrowArray {
  int64_t length = 0;
  int64_t null_count = 0;
  std::vector<std::string> buffers;
  std::vector<ArrowArray> children = {};
};

// Bits as Arrow packs them, the first in the lowest place.
std::string Bits(const std::vector<bool>& bits);

// An array of fixed-width values. `valid`: by value; empty = none is NULL.
template <typename T>
ArrowArray FixedArray(const std::vector<T>& values, const std::vector<bool>& valid = {}) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  ArrowArray array{static_cast<int64_t>(values.size()), 0, {Bits(valid), bytes}};
  for (const bool there : valid) array.null_count += there ? 0 : 1;
  return array;
}
ArrowArray BoolArray(const std::vector<bool>& values);
ArrowArray TextArray(const std::vector<std::optional<std::string>>& values);
// `offsets`: one more than lists.
ArrowArray ListArray(const std::vector<int32_t>& offsets, ArrowArray elements,
                     const std::vector<bool>& valid = {});
ArrowArray StructArray(int64_t length, std::vector<ArrowArray> children, const std::vector<bool>& valid = {});

std::string SchemaMessage(const std::vector<ArrowField>& fields,
                          ipc::Endianness endianness = ipc::Endianness::LITTLE);
std::string BatchMessage(int64_t rows, const std::vector<ArrowArray>& arrays, bool compressed = false);

}  // namespace bqcdc::emulator::convert::testing
