#include "bqcdc/emulator/convert/testing/arrow_fixture.h"

#include <utility>

namespace bqcdc::emulator::convert::testing {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr size_t kAlignment = 8;

void Pad(std::string* bytes) { bytes->resize((bytes->size() + kAlignment - 1) / kAlignment * kAlignment); }

Offset<ipc::Field> MakeField(FlatBufferBuilder& builder, const ArrowField& field) {
  std::vector<Offset<ipc::Field>> children;
  for (const ArrowField& child : field.children) children.push_back(MakeField(builder, child));
  const auto dictionary = field.dictionary ? ipc::CreateDictionaryEncoding(builder) : 0;
  const auto type = field.make_type(builder);
  const auto name = builder.CreateString(field.name);
  return ipc::CreateField(builder, name, /*nullable=*/true, field.type, type, dictionary,
                          builder.CreateVector(children));
}

// Length, metadata, body.
std::string Encapsulate(const FlatBufferBuilder& builder, const std::string& body) {
  std::string metadata(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  Pad(&metadata);
  const uint32_t head[] = {0xFFFFFFFF, static_cast<uint32_t>(metadata.size())};
  std::string message(sizeof head, '\0');
  std::memcpy(message.data(), head, sizeof head);
  return message + metadata + body;
}

std::string FinishMessage(FlatBufferBuilder& builder, ipc::MessageHeader type, Offset<void> header,
                          const std::string& body) {
  constexpr int16_t kVersion5 = 4;
  builder.Finish(ipc::CreateMessage(builder, kVersion5, type, header, static_cast<int64_t>(body.size())));
  return Encapsulate(builder, body);
}

void AddArray(const ArrowArray& array, std::vector<ipc::FieldNode>* nodes, std::vector<ipc::Buffer>* buffers,
              std::string* body) {
  nodes->emplace_back(array.length, array.null_count);
  for (const std::string& buffer : array.buffers) {
    buffers->emplace_back(static_cast<int64_t>(body->size()), static_cast<int64_t>(buffer.size()));
    *body += buffer;
    Pad(body);
  }
  for (const ArrowArray& child : array.children) AddArray(child, nodes, buffers, body);
}

template <typename Create>
ArrowField Field(const std::string& name, ipc::Type type, Create create) {
  return {name, type, [create](FlatBufferBuilder& builder) { return create(builder).Union(); }};
}

}  // namespace

ArrowField PlainField(const std::string& name, ipc::Type type) {
  // Every type's table may be empty; that of Utf8 is.
  return Field(name, type, [](FlatBufferBuilder& builder) { return ipc::CreateUtf8(builder); });
}

ArrowField IntField(const std::string& name, int bits, bool is_signed) {
  return Field(name, ipc::Type::Int,
               [=](FlatBufferBuilder& builder) { return ipc::CreateInt(builder, bits, is_signed); });
}

ArrowField FloatField(const std::string& name, ipc::Precision precision) {
  return Field(name, ipc::Type::FloatingPoint,
               [=](FlatBufferBuilder& builder) { return ipc::CreateFloatingPoint(builder, precision); });
}

ArrowField DecimalField(const std::string& name, int bits, int precision, int scale) {
  return Field(name, ipc::Type::Decimal, [=](FlatBufferBuilder& builder) {
    return ipc::CreateDecimal(builder, precision, scale, bits);
  });
}

ArrowField DateField(const std::string& name, ipc::DateUnit unit) {
  return Field(name, ipc::Type::Date,
               [=](FlatBufferBuilder& builder) { return ipc::CreateDate(builder, unit); });
}

ArrowField TimeField(const std::string& name, ipc::TimeUnit unit, int bits) {
  return Field(name, ipc::Type::Time,
               [=](FlatBufferBuilder& builder) { return ipc::CreateTime(builder, unit, bits); });
}

ArrowField TimestampField(const std::string& name, ipc::TimeUnit unit, const std::string& zone) {
  return Field(name, ipc::Type::Timestamp, [=](FlatBufferBuilder& builder) {
    const auto text = zone.empty() ? 0 : builder.CreateString(zone);
    return ipc::CreateTimestamp(builder, unit, text);
  });
}

ArrowField IntervalField(const std::string& name, ipc::IntervalUnit unit) {
  return Field(name, ipc::Type::Interval,
               [=](FlatBufferBuilder& builder) { return ipc::CreateInterval(builder, unit); });
}

ArrowField ListField(const std::string& name, ArrowField element) {
  ArrowField field = PlainField(name, ipc::Type::List);
  field.children.push_back(std::move(element));
  return field;
}

ArrowField StructField(const std::string& name, std::vector<ArrowField> children) {
  ArrowField field = PlainField(name, ipc::Type::Struct);
  field.children = std::move(children);
  return field;
}

std::string Bits(const std::vector<bool>& bits) {
  std::string bytes((bits.size() + 7) / 8, '\0');
  for (size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) bytes[i / 8] = static_cast<char>(static_cast<unsigned char>(bytes[i / 8]) | 1U << (i % 8));
  }
  return bytes;
}

ArrowArray BoolArray(const std::vector<bool>& values) {
  return {static_cast<int64_t>(values.size()), 0, {"", Bits(values)}};
}

ArrowArray TextArray(const std::vector<std::optional<std::string>>& values) {
  std::vector<int32_t> offsets = {0};
  std::vector<bool> valid;
  std::string data;
  int64_t null_count = 0;
  for (const auto& value : values) {
    valid.push_back(value.has_value());
    if (!value) ++null_count;
    data += value.value_or("");
    offsets.push_back(static_cast<int32_t>(data.size()));
  }
  std::string offset_bytes(offsets.size() * sizeof(int32_t), '\0');
  std::memcpy(offset_bytes.data(), offsets.data(), offset_bytes.size());
  return {static_cast<int64_t>(values.size()),
          null_count,
          {null_count == 0 ? "" : Bits(valid), offset_bytes, data}};
}

ArrowArray ListArray(const std::vector<int32_t>& offsets, ArrowArray elements,
                     const std::vector<bool>& valid) {
  ArrowArray array = FixedArray(offsets);
  array.length = static_cast<int64_t>(offsets.size()) - 1;
  array.buffers[0] = Bits(valid);
  for (const bool there : valid) array.null_count += there ? 0 : 1;
  array.children.push_back(std::move(elements));
  return array;
}

ArrowArray StructArray(int64_t length, std::vector<ArrowArray> children, const std::vector<bool>& valid) {
  ArrowArray array{length, 0, {Bits(valid)}, std::move(children)};
  for (const bool there : valid) array.null_count += there ? 0 : 1;
  return array;
}

std::string SchemaMessage(const std::vector<ArrowField>& fields, ipc::Endianness endianness) {
  FlatBufferBuilder builder;
  std::vector<Offset<ipc::Field>> offsets;
  for (const ArrowField& field : fields) offsets.push_back(MakeField(builder, field));
  const auto schema = ipc::CreateSchema(builder, endianness, builder.CreateVector(offsets));
  return FinishMessage(builder, ipc::MessageHeader::Schema, schema.Union(), "");
}

std::string BatchMessage(int64_t rows, const std::vector<ArrowArray>& arrays, bool compressed) {
  std::vector<ipc::FieldNode> nodes;
  std::vector<ipc::Buffer> buffers;
  std::string body;
  for (const ArrowArray& array : arrays) AddArray(array, &nodes, &buffers, &body);
  FlatBufferBuilder builder;
  const auto compression = compressed ? ipc::CreateBodyCompression(builder) : 0;
  const auto node_vector = builder.CreateVectorOfStructs(nodes);
  const auto buffer_vector = builder.CreateVectorOfStructs(buffers);
  const auto batch = ipc::CreateRecordBatch(builder, rows, node_vector, buffer_vector, compression);
  return FinishMessage(builder, ipc::MessageHeader::RecordBatch, batch.Union(), body);
}

}  // namespace bqcdc::emulator::convert::testing
