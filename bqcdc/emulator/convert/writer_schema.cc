#include "bqcdc/emulator/convert/writer_schema.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/field_source.h"
#include "google/cloud/bigquery/storage/v1/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace bqcdc::emulator::convert {
namespace {

namespace pb = google::protobuf;

// File name under which the service itself builds a client's message: it shows in its errors.
constexpr char kFileName[] = "BqMessage.proto";
constexpr char kExtraFieldsUrl[] = "bqcdc/extra-fields";
constexpr char kMismatchedFieldUrl[] = "bqcdc/mismatched-field";
constexpr uint32_t kDenseNumberMax = 2048;

class ErrorList final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*, ErrorLocation,
                const std::string& message) override {
    if (text_.empty()) text_ = base::StrCat(file, ": ", element, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Name of the column that a field fills.
std::string ColumnName(const pb::FieldDescriptor& field) {
  const auto& extension = google::cloud::bigquery::storage::v1::column_name;
  if (field.options().HasExtension(extension)) return field.options().GetExtension(extension);
  return field.name();
}

std::string ProtoTypeName(const pb::FieldDescriptor& field) {
  return base::StrCat(field.is_repeated() ? "repeated " : "", field.type_name());
}

absl::Status Mismatch(const pb::FieldDescriptor& field, std::string_view column_type) {
  absl::Status status = base::InvalidArgument("The proto field mismatched with BigQuery field at ",
                                              field.full_name(), ", the proto field type ",
                                              ProtoTypeName(field), ", BigQuery field type ", column_type);
  status.SetPayload(kMismatchedFieldUrl, absl::Cord(field.name()));
  return status;
}

absl::Status MoreThanOneField(std::string_view column) {
  return base::InvalidArgument("Invalid proto schema: more than one field for column ", column);
}

// `guess`: index that is tried first; most messages give the columns in order.
std::optional<size_t> FindIndex(const std::vector<schema::Column>& columns, const std::string& name,
                                size_t guess) {
  if (guess < columns.size() && absl::EqualsIgnoreCase(columns[guess].name, name)) return guess;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (absl::EqualsIgnoreCase(columns[i].name, name)) return i;
  }
  return std::nullopt;
}

class Compiler {
 public:
  explicit Compiler(WriterPlan& plan) : plan_(plan) {}

  absl::Status Compile(const pb::Descriptor& message) {
    BQCDC_RETURN_IF_ERROR(CompileMessage(message, "", plan_.schema.columns, plan_.root));
    // All extra fields are named at once, so a client learns of them in one try.
    if (extra_fields_.empty()) return missing_;
    const std::string names = absl::StrJoin(extra_fields_, ",");
    absl::Status status = base::InvalidArgument(
        "Input schema has more fields than BigQuery schema, extra fields: '", names, "'");
    status.SetPayload(kExtraFieldsUrl, absl::Cord(names));
    return status;
  }

 private:
  absl::Status CompileMessage(const pb::Descriptor& message, const std::string& path,
                              const std::vector<schema::Column>& columns, MessagePlan& plan) {
    plan.columns = &columns;
    for (int i = 0; i < message.field_count(); ++i) {
      BQCDC_RETURN_IF_ERROR(CompileField(*message.field(i), path, plan));
    }
    std::sort(plan.fields.begin(), plan.fields.end(),
              [](const FieldPlan& a, const FieldPlan& b) { return a.number < b.number; });
    plan.field_of_column.assign(columns.size(), -1);
    for (size_t i = 0; i < plan.fields.size(); ++i) {
      const int column = plan.fields[i].column;
      if (column < 0) continue;
      if (plan.field_of_column[column] >= 0) {
        return MoreThanOneField(base::StrCat(path, columns[column].name));
      }
      plan.field_of_column[column] = static_cast<int>(i);
    }
    RequireColumns(path, columns, plan);
    plan.BuildLookup();
    return absl::OkStatus();
  }

  absl::Status CompileField(const pb::FieldDescriptor& field, const std::string& path, MessagePlan& plan) {
    if (++field_count_ > kFieldsMax) {
      return base::InvalidArgument("Invalid proto schema: more than ", kFieldsMax, " fields");
    }
    const std::string name = ColumnName(field);
    FieldPlan result;
    result.name = name;
    result.number = static_cast<uint32_t>(field.number());
    result.repeated = field.is_repeated();
    result.label_required = field.is_required();
    if (path.empty() && IsPseudoColumn(name)) {
      BQCDC_RETURN_IF_ERROR(CompilePseudoColumn(field, name, result));
      plan.fields.push_back(std::move(result));
      return absl::OkStatus();
    }
    const std::optional<size_t> index = FindIndex(*plan.columns, name, plan.fields.size());
    if (!index) {
      extra_fields_.push_back(path + name);
      return absl::OkStatus();
    }
    const schema::Column& column = (*plan.columns)[*index];
    result.column = static_cast<int>(*index);
    if (column.repeated() != field.is_repeated() || !ResolveSource(field, column, result)) {
      return Mismatch(
          field,
          base::StrCat(column.repeated() != field.is_repeated() && column.repeated() ? "REPEATED " : "",
                       schema::RestName(column.type)));
    }
    if (result.source == SourceType::kRecord) {
      result.message = std::make_unique<MessagePlan>();
      BQCDC_RETURN_IF_ERROR(CompileMessage(*field.message_type(), path + column.name + ".",
                                           schema::PartsOf(column), *result.message));
    }
    plan.fields.push_back(std::move(result));
    return absl::OkStatus();
  }

  static bool IsPseudoColumn(const std::string& name) {
    return absl::EqualsIgnoreCase(name, base::ToAbsl(kChangeTypeName)) ||
           absl::EqualsIgnoreCase(name, base::ToAbsl(kSequenceNumberName));
  }

  static absl::Status CompilePseudoColumn(const pb::FieldDescriptor& field, const std::string& name,
                                          FieldPlan& result) {
    const bool sequence = absl::EqualsIgnoreCase(name, base::ToAbsl(kSequenceNumberName));
    schema::Column text;
    text.type = schema::ColumnType::kString;
    schema::Column number;
    number.type = schema::ColumnType::kNumeric;
    const bool is_text = ResolveSource(field, text, result) && result.source == SourceType::kString;
    // An integer of any kind is taken for the number of one section.
    const bool is_integer = !is_text && sequence && ResolveSource(field, number, result) &&
                            result.source >= SourceType::kInt32 && result.source <= SourceType::kUint64;
    if (field.is_repeated() || !(is_text || is_integer)) return Mismatch(field, "STRING");
    return absl::OkStatus();
  }

  // A REQUIRED column without a default must be in the message.
  void RequireColumns(const std::string& path, const std::vector<schema::Column>& columns,
                      const MessagePlan& plan) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool has_default = path.empty() && !columns[i].default_value_expression.empty();
      if (plan.field_of_column[i] >= 0 || !columns[i].required() || has_default) continue;
      if (missing_.ok()) {
        missing_ = base::InvalidArgument("The required field ", path, columns[i].name,
                                         " is missing in the proto message");
      }
    }
  }

  WriterPlan& plan_;
  size_t field_count_ = 0;
  std::vector<std::string> extra_fields_;
  absl::Status missing_;
};

absl::Status FindPseudoColumns(WriterPlan& plan) {
  for (size_t i = 0; i < plan.root.fields.size(); ++i) {
    const FieldPlan& field = plan.root.fields[i];
    if (field.column >= 0) continue;
    const bool change_type = absl::EqualsIgnoreCase(field.name, base::ToAbsl(kChangeTypeName));
    int& found = change_type ? plan.change_type_field : plan.sequence_field;
    if (found >= 0) return MoreThanOneField(change_type ? kChangeTypeName : kSequenceNumberName);
    found = static_cast<int>(i);
  }
  return absl::OkStatus();
}

}  // namespace

void MessagePlan::BuildLookup() {
  uint32_t dense_max = 0;
  for (const FieldPlan& field : fields) {
    if (field.number <= kDenseNumberMax) dense_max = field.number;
  }
  dense_.assign(dense_max + 1, -1);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].number <= dense_max) dense_[fields[i].number] = static_cast<int16_t>(i);
  }
}

int MessagePlan::Find(uint32_t number, size_t hint) const {
  if (hint < fields.size() && fields[hint].number == number) return static_cast<int>(hint);
  if (number < dense_.size()) return dense_[number];
  const auto found = std::lower_bound(fields.begin(), fields.end(), number,
                                      [](const FieldPlan& field, uint32_t n) { return field.number < n; });
  return found != fields.end() && found->number == number ? static_cast<int>(found - fields.begin()) : -1;
}

absl::StatusOr<std::shared_ptr<const WriterPlan>> CompileWriterSchema(std::string_view descriptor,
                                                                      const schema::TableSchema& table) {
  if (descriptor.size() > kDescriptorBytesMax) {
    return base::InvalidArgument("Invalid proto schema: ", descriptor.size(), " bytes, limit ",
                                 kDescriptorBytesMax);
  }
  pb::FileDescriptorProto file;
  file.set_name(kFileName);
  if (!file.add_message_type()->ParseFromArray(descriptor.data(), static_cast<int>(descriptor.size()))) {
    return base::InvalidArgument("Invalid proto schema: not a google.protobuf.DescriptorProto");
  }
  pb::DescriptorPool pool;
  ErrorList errors;
  const pb::FileDescriptor* const built = pool.BuildFileCollectingErrors(file, &errors);
  if (built == nullptr) return base::InvalidArgument("Invalid proto schema: ", errors.text());

  auto plan = std::make_shared<WriterPlan>();
  plan->schema = table;
  for (const schema::Column& column : table.columns) {
    plan->is_key.push_back(table.KeyPosition(column.name).has_value());
  }
  BQCDC_RETURN_IF_ERROR(Compiler(*plan).Compile(*built->message_type(0)));
  BQCDC_RETURN_IF_ERROR(FindPseudoColumns(*plan));
  return plan;
}

std::optional<FieldConflict> FieldConflictOf(const absl::Status& status) {
  const auto extra = status.GetPayload(kExtraFieldsUrl);
  const auto mismatched = status.GetPayload(kMismatchedFieldUrl);
  if (!extra && !mismatched) return std::nullopt;
  return FieldConflict{std::string(extra.value_or(absl::Cord())),
                       std::string(mismatched.value_or(absl::Cord()))};
}

}  // namespace bqcdc::emulator::convert
