#include "tests/conformance/row_message.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::conformance {
namespace {

namespace pb = google::protobuf;
namespace storage = google::cloud::bigquery::storage::v1;
using nlohmann::json;
using pb::FieldDescriptor;
using pb::FieldDescriptorProto;

struct FieldText {
  std::string name, type;
  std::vector<std::string> parts;  // of an enum or message
};

absl::StatusOr<FieldText> ParseField(const std::string& text) {
  const std::pair<std::string, std::string> named = absl::StrSplit(text, absl::MaxSplits(':', 1));
  FieldText field{.name = named.first, .type = named.second, .parts = {}};
  const size_t bracket = field.type.find('[');
  if (bracket == std::string::npos) return field;
  if (field.type.back() != ']') return absl::InvalidArgumentError(absl::StrCat("no `]` ends ", text));
  field.parts = absl::StrSplit(field.type.substr(bracket + 1, field.type.size() - bracket - 2), ' ');
  field.type.resize(bracket);
  return field;
}

absl::Status AddField(const std::string& text, const storage::TableSchema& table,
                      pb::DescriptorProto& message) {
  BQCDC_ASSIGN_OR_RETURN(const FieldText parsed, ParseField(text));
  FieldDescriptorProto& field = *message.add_field();
  field.set_name(parsed.name);
  field.set_number(message.field_size());
  field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  FieldDescriptorProto::Type type = FieldDescriptorProto::TYPE_STRING;
  for (const auto& column : table.fields()) {
    if (column.name() == parsed.name && column.type() == storage::TableFieldSchema::INT64)
      type = FieldDescriptorProto::TYPE_INT64;
  }
  if (!parsed.type.empty() && !FieldDescriptorProto::Type_Parse("TYPE_" + parsed.type, &type))
    return absl::InvalidArgumentError(absl::StrCat("protobuf has no type ", parsed.type));
  field.set_type(type);
  // A group's field is called as its message, in lower case.
  std::string type_name = parsed.name;
  type_name[0] = absl::ascii_toupper(type_name[0]);
  if (type == FieldDescriptorProto::TYPE_ENUM) {
    field.set_type_name(type_name);
    pb::EnumDescriptorProto& declared = *message.add_enum_type();
    declared.set_name(type_name);
    for (const std::string& name : parsed.parts) {
      auto& value = *declared.add_value();
      value.set_name(name);
      value.set_number(declared.value_size());
    }
  } else if (type == FieldDescriptorProto::TYPE_MESSAGE || type == FieldDescriptorProto::TYPE_GROUP) {
    field.set_type_name(type_name);
    pb::DescriptorProto& nested = *message.add_nested_type();
    nested.set_name(type_name);
    for (const std::string& part : parsed.parts) BQCDC_RETURN_IF_ERROR(AddField(part, {}, nested));
  }
  return absl::OkStatus();
}

std::string TextValue(const json& value) {
  if (!value.is_object()) return value.get<std::string>();
  std::string text;
  const auto repeated = value.at("repeat").get<std::string>();
  for (size_t i = value.at("times").get<size_t>(); i > 0; --i) text += repeated;
  return text;
}

absl::Status SetFields(pb::Message& message, const json& values);

absl::Status SetField(pb::Message& message, const FieldDescriptor& field, const json& value) {
  const pb::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      reflection.SetInt32(&message, &field, value.get<int32_t>());
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection.SetInt64(&message, &field, value.get<int64_t>());
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      reflection.SetUInt32(&message, &field, value.get<uint32_t>());
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      reflection.SetUInt64(&message, &field, value.get<uint64_t>());
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      reflection.SetDouble(&message, &field, value.get<double>());
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      reflection.SetFloat(&message, &field, value.get<float>());
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, value.get<bool>());
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (value.is_number()) {
        reflection.SetEnumValue(&message, &field, value.get<int>());
      } else {
        const auto* named = field.enum_type()->FindValueByName(value.get<std::string>());
        if (named == nullptr) return absl::InvalidArgumentError("the enum has no such value");
        reflection.SetEnum(&message, &field, named);
      }
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &field,
                           field.type() == FieldDescriptor::TYPE_BYTES
                               ? absl::HexStringToBytes(value.get<std::string>())
                               : TextValue(value));
      break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetFields(*reflection.MutableMessage(&message, &field), value);
  }
  return absl::OkStatus();
}

absl::Status SetFields(pb::Message& message, const json& values) {
  for (const auto& [name, value] : values.items()) {
    const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
    if (field == nullptr)
      return absl::InvalidArgumentError(absl::StrCat("the connection has no field ", name));
    BQCDC_RETURN_IF_ERROR(SetField(message, *field, value));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowMessage>> RowMessage::Make(const std::vector<std::string>& columns,
                                                             const storage::TableSchema& table) {
  std::unique_ptr<RowMessage> result(new RowMessage);
  result->schema_.set_name("Row");
  for (const std::string& column : columns) BQCDC_RETURN_IF_ERROR(AddField(column, table, result->schema_));
  pb::FileDescriptorProto file;
  file.set_name("row.proto");
  *file.add_message_type() = result->schema_;
  const auto* const built = result->pool_.BuildFile(file);
  if (built == nullptr) return absl::InvalidArgumentError("the columns make no message");
  result->descriptor_ = built->message_type(0);
  return result;
}

absl::StatusOr<std::string> RowMessage::Serialize(const std::string& json_row) {
  const std::unique_ptr<pb::Message> message(factory_.GetPrototype(descriptor_)->New());
  // nlohmann-json tells by exceptions what a case file has wrong.
  try {
    BQCDC_RETURN_IF_ERROR(SetFields(*message, json::parse(json_row)));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("no row: ", error.what()));
  }
  return message->SerializeAsString();
}

}  // namespace bqcdc::conformance
