#include "bqcdc/encode/testing/reference_encoder.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/encode/row_descriptor.h"
#include "bqcdc/encode/testing/json_tree.h"
#include "bqcdc/encode/testing/reference_values.h"
#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::encode::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using schema::Column;
using schema::ColumnType;

// Sets or adds one value of any type.
class FieldWriter {
 public:
  FieldWriter(Message* message, const FieldDescriptor* field)
      : message_(message), field_(field), reflection_(message->GetReflection()) {}

  absl::Status Write(const Column& column, const JsonTree& value);

 private:
  void Int64(int64_t value) {
    if (field_->is_repeated()) {
      reflection_->AddInt64(message_, field_, value);
    } else {
      reflection_->SetInt64(message_, field_, value);
    }
  }
  void Int32(int32_t value) {
    if (field_->is_repeated()) {
      reflection_->AddInt32(message_, field_, value);
    } else {
      reflection_->SetInt32(message_, field_, value);
    }
  }
  void Bool(bool value) {
    if (field_->is_repeated()) {
      reflection_->AddBool(message_, field_, value);
    } else {
      reflection_->SetBool(message_, field_, value);
    }
  }
  void Double(double value) {
    if (field_->is_repeated()) {
      reflection_->AddDouble(message_, field_, value);
    } else {
      reflection_->SetDouble(message_, field_, value);
    }
  }
  absl::Status String(absl::StatusOr<std::string> value) {
    if (!value.ok()) return value.status();
    if (field_->is_repeated()) {
      reflection_->AddString(message_, field_, *std::move(value));
    } else {
      reflection_->SetString(message_, field_, *std::move(value));
    }
    return absl::OkStatus();
  }
  Message* Nested() {
    return field_->is_repeated() ? reflection_->AddMessage(message_, field_)
                                 : reflection_->MutableMessage(message_, field_);
  }

  Message* message_;
  const FieldDescriptor* field_;
  const Reflection* reflection_;
};

// Writes the members of an object into a message; `columns` and the message's fields stand in the same order.
absl::Status WriteObject(const std::vector<Column>& columns, const JsonTree& object, Message* message) {
  if (object.kind != JsonTree::Kind::kObject) return base::InvalidArgument("reference: no object");
  for (const auto& [name, value] : object.members) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&name = name](const Column& candidate) {
      return schema::EqualsIgnoreCase(candidate.name, name);
    });
    if (column == columns.end()) return base::InvalidArgument("reference: unknown column ", name);
    if (value.kind == JsonTree::Kind::kNull) continue;
    const FieldDescriptor* field =
        message->GetDescriptor()->field(static_cast<int>(column - columns.begin()));
    FieldWriter writer(message, field);
    if (!column->repeated()) {
      BQCDC_RETURN_IF_ERROR(writer.Write(*column, value));
      continue;
    }
    if (value.kind != JsonTree::Kind::kArray)
      return base::InvalidArgument("reference: column ", name, ": no array");
    for (const JsonTree& element : value.elements) BQCDC_RETURN_IF_ERROR(writer.Write(*column, element));
  }
  return absl::OkStatus();
}

absl::Status FieldWriter::Write(const Column& column, const JsonTree& value) {
  switch (column.type) {
    case ColumnType::kBool: {
      BQCDC_ASSIGN_OR_RETURN(const bool truth, ReferenceBool(column, value));
      Bool(truth);
      return absl::OkStatus();
    }
    case ColumnType::kInt64: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t number, ReferenceInt64(column, value));
      Int64(number);
      return absl::OkStatus();
    }
    case ColumnType::kFloat64: {
      BQCDC_ASSIGN_OR_RETURN(const double number, ReferenceFloat64(column, value));
      Double(number);
      return absl::OkStatus();
    }
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return String(ReferenceDecimal(column, value));
    case ColumnType::kString:
      return String(ReferenceString(column, value));
    case ColumnType::kBytes:
      return String(ReferenceBytes(column, value));
    case ColumnType::kInterval:
      return String(ReferenceInterval(column, value));
    case ColumnType::kJson:
      return String(ReferenceJson(column, value));
    case ColumnType::kGeography:
      return String(value.kind == JsonTree::Kind::kString ? value.text : value.source);
    case ColumnType::kDate: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t days, ReferenceInstant(column, value));
      Int32(static_cast<int32_t>(days));
      return absl::OkStatus();
    }
    case ColumnType::kTimestamp:
      if (column.picoseconds()) return String(ReferencePicoseconds(column, value));
      [[fallthrough]];
    case ColumnType::kTime:
    case ColumnType::kDatetime: {
      BQCDC_ASSIGN_OR_RETURN(const int64_t number, ReferenceInstant(column, value));
      Int64(number);
      return absl::OkStatus();
    }
    case ColumnType::kRange: {
      BQCDC_ASSIGN_OR_RETURN(const JsonTree ends, ReferenceRange(column, value));
      return WriteObject(schema::PartsOf(column), ends, Nested());
    }
    case ColumnType::kStruct:
      return WriteObject(column.fields, value, Nested());
  }
  return absl::OkStatus();
}

std::string Serialize(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ReferenceEncoder>> ReferenceEncoder::Create(
    const schema::TableSchema& schema) {
  std::unique_ptr<ReferenceEncoder> encoder(new ReferenceEncoder());
  encoder->schema_ = schema;
  google::protobuf::FileDescriptorProto file;
  file.set_name("reference.proto");
  BQCDC_RETURN_IF_ERROR(BuildRowDescriptor(schema, ChangeColumns::kIncluded, file.add_message_type()));
  const google::protobuf::FileDescriptor* built = encoder->pool_.BuildFile(file);
  if (built == nullptr) return base::Internal("the row descriptor does not compile");
  encoder->descriptor_ = built->message_type(0);
  return encoder;
}

std::unique_ptr<Message> ReferenceEncoder::NewRow() const {
  return std::unique_ptr<Message>(factory_.GetPrototype(descriptor_)->New());
}

absl::StatusOr<std::string> ReferenceEncoder::Encode(std::string_view line, std::string_view sequence) const {
  BQCDC_ASSIGN_OR_RETURN(JsonTree tree, ParseJsonTree(line));
  std::string change_type;
  std::string number(sequence);
  JsonTree columns;
  columns.kind = JsonTree::Kind::kObject;
  for (auto& [name, value] : tree.members) {
    if (schema::EqualsIgnoreCase(name, "_CHANGE_TYPE")) {
      change_type = value.text;
    } else if (schema::EqualsIgnoreCase(name, "_CHANGE_SEQUENCE_NUMBER")) {
      number = value.text;
    } else {
      columns.members.push_back({name, std::move(value)});
    }
  }
  if (change_type == "DELETE") {
    std::erase_if(columns.members,
                  [this](const auto& member) { return !schema_.KeyPosition(member.name).has_value(); });
  }
  const std::unique_ptr<Message> row = NewRow();
  BQCDC_RETURN_IF_ERROR(WriteObject(schema_.columns, columns, row.get()));
  const int count = static_cast<int>(schema_.columns.size());
  row->GetReflection()->SetString(row.get(), descriptor_->field(count), change_type);
  row->GetReflection()->SetString(row.get(), descriptor_->field(count + 1), number);
  return Serialize(*row);
}

absl::StatusOr<std::string> ReferenceEncoder::Normalize(std::string_view row) const {
  const std::unique_ptr<Message> message = NewRow();
  if (!message->ParseFromArray(row.data(), static_cast<int>(row.size()))) {
    return base::InvalidArgument("the row is no message");
  }
  return Serialize(*message);
}

}  // namespace bqcdc::encode::testing
