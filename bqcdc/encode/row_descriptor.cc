#include "bqcdc/encode/row_descriptor.h"

#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <unordered_set>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/ascii_case.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::encode {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using schema::Column;
using schema::ColumnType;

constexpr const char* kRootMessageName = "Row";

bool IsFieldName(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  for (const char c : name) {
    const bool legal = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!legal) return false;
  }
  return true;
}

FieldDescriptorProto::Type ScalarType(ColumnType type, const Column& column) {
  switch (type) {
    case ColumnType::kBool:
      return FieldDescriptorProto::TYPE_BOOL;
    case ColumnType::kFloat64:
      return FieldDescriptorProto::TYPE_DOUBLE;
    case ColumnType::kDate:
      return FieldDescriptorProto::TYPE_INT32;
    case ColumnType::kTimestamp:
      return column.picoseconds() ? FieldDescriptorProto::TYPE_STRING : FieldDescriptorProto::TYPE_INT64;
    case ColumnType::kInt64:
    case ColumnType::kDatetime:
    case ColumnType::kTime:
      return FieldDescriptorProto::TYPE_INT64;
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
    case ColumnType::kBytes:
      return FieldDescriptorProto::TYPE_BYTES;
    case ColumnType::kRange:
    case ColumnType::kStruct:
      return FieldDescriptorProto::TYPE_MESSAGE;
    case ColumnType::kString:
    case ColumnType::kJson:
    case ColumnType::kInterval:
    case ColumnType::kGeography:
      break;
  }
  return FieldDescriptorProto::TYPE_STRING;
}

// Builds the root message. Nested messages all stand directly in the root and are named so that no field of
// any level has the same name: a type name resolves to them from everywhere.
class DescriptorBuilder {
 public:
  explicit DescriptorBuilder(DescriptorProto* root) : root_(root) {}

  void Build(const std::vector<Column>& columns) {
    CollectNames(columns);
    root_->set_name(UnusedName(kRootMessageName));
    AddFields(columns, root_);
  }

  void AddChangeColumns(size_t column_count) {
    AddString(schema::kChangeTypeColumn, ChangeTypeFieldNumber(column_count));
    AddString(schema::kChangeSequenceNumberColumn, ChangeSequenceNumberFieldNumber(column_count));
  }

 private:
  void CollectNames(const std::vector<Column>& columns) {
    for (const Column& column : columns) {
      used_names_.insert(schema::LowerAscii(column.name));
      CollectNames(column.fields);
    }
  }

  // `stem`, or stem1, stem2 …: the first that no column and no message has.
  std::string UnusedName(std::string_view stem) {
    std::string name(stem);
    for (int i = 1; !used_names_.insert(schema::LowerAscii(name)).second; ++i) name = base::StrCat(stem, i);
    return name;
  }

  void AddFields(const std::vector<Column>& columns, DescriptorProto* message) {
    for (size_t i = 0; i < columns.size(); ++i) AddField(columns[i], ColumnFieldNumber(i), message);
  }

  void AddField(const Column& column, int32_t number, DescriptorProto* message) {
    FieldDescriptorProto* field = message->add_field();
    if (IsFieldName(column.name)) {
      field->set_name(column.name);
    } else {
      field->set_name(UnusedName(base::StrCat("column_", number)));
      // The extension itself belongs to the service's protos, which this folder does without.
      field->mutable_options()->mutable_unknown_fields()->AddLengthDelimited(kColumnNameOption, column.name);
    }
    field->set_number(number);
    field->set_label(column.repeated() ? FieldDescriptorProto::LABEL_REPEATED
                                       : FieldDescriptorProto::LABEL_OPTIONAL);
    field->set_type(ScalarType(column.type, column));
    if (column.type == ColumnType::kStruct) field->set_type_name(AddStruct(column));
    if (column.type == ColumnType::kRange) field->set_type_name(AddRange(column));
  }

  std::string AddStruct(const Column& column) {
    DescriptorProto message;  // Built aside: adding to the root moves what stands there.
    message.set_name(UnusedName("Struct"));
    AddFields(column.fields, &message);
    *root_->add_nested_type() = message;
    return message.name();
  }

  std::string AddRange(const Column& column) {
    DescriptorProto* message = root_->add_nested_type();
    message->set_name(UnusedName("Range"));
    for (const Column& end : schema::PartsOf(column)) {
      FieldDescriptorProto* field = message->add_field();
      field->set_name(end.name);
      field->set_number(message->field_size());
      field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
      field->set_type(ScalarType(end.type, end));
    }
    return message->name();
  }

  void AddString(std::string_view name, int32_t number) {
    FieldDescriptorProto* field = root_->add_field();
    field->set_name(std::string(name));
    field->set_number(number);
    field->set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    field->set_type(FieldDescriptorProto::TYPE_STRING);
  }

  DescriptorProto* root_;
  std::unordered_set<std::string> used_names_;  // in lower case
};

}  // namespace

absl::Status BuildRowDescriptor(const schema::TableSchema& schema, ChangeColumns change_columns,
                                DescriptorProto* descriptor) {
  BQCDC_RETURN_IF_ERROR(schema::ValidateTableSchema(schema));
  descriptor->Clear();
  DescriptorBuilder builder(descriptor);
  builder.Build(schema.columns);
  if (change_columns == ChangeColumns::kIncluded) builder.AddChangeColumns(schema.columns.size());
  return absl::OkStatus();
}

}  // namespace bqcdc::encode
