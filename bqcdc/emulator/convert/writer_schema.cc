#include "bqcdc/emulator/convert/writer_schema.h"

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/field_conflict.h"
#include "bqcdc/emulator/convert/field_source.h"
#include "bqcdc/emulator/convert/plan_builder.h"
#include "google/cloud/bigquery/storage/v1/annotations.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace bqcdc::emulator::convert {
namespace {

namespace pb = google::protobuf;

// File name under which the service itself builds a client's message: it shows in its errors.
constexpr char kFileName[] = "BqMessage.proto";

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
  return MismatchedField(
      field.name(),
      base::StrCat("The proto field mismatched with BigQuery field at ", field.full_name(),
                   ", the proto field type ", ProtoTypeName(field), ", BigQuery field type ", column_type));
}

class DescriptorCompiler {
 public:
  DescriptorCompiler(const schema::TableSchema& table, WriterPlan& plan)
      : plan_(plan), builder_("proto", "message", table, plan) {}

  absl::Status Compile(const pb::Descriptor& message) {
    BQCDC_RETURN_IF_ERROR(CompileMessage(message, "", plan_.schema.columns, plan_.root));
    return builder_.Finish();
  }

 private:
  absl::Status CompileMessage(const pb::Descriptor& message, const std::string& path,
                              const std::vector<schema::Column>& columns, MessagePlan& plan) {
    plan.columns = &columns;
    for (int i = 0; i < message.field_count(); ++i) {
      BQCDC_RETURN_IF_ERROR(CompileField(*message.field(i), path, plan));
    }
    return builder_.Close(path, plan);
  }

  absl::Status CompileField(const pb::FieldDescriptor& field, const std::string& path, MessagePlan& plan) {
    const std::string name = ColumnName(field);
    FieldPlan result;
    result.name = name;
    result.number = static_cast<uint32_t>(field.number());
    result.repeated = field.is_repeated();
    result.label_required = field.is_required();
    BQCDC_ASSIGN_OR_RETURN(const std::optional<size_t> index, builder_.FindColumn(path, name, plan));
    if (path.empty() && IsPseudoColumn(name)) {
      BQCDC_RETURN_IF_ERROR(CompilePseudoColumn(field, name, result));
      plan.fields.push_back(std::move(result));
      return absl::OkStatus();
    }
    if (!index) return absl::OkStatus();
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

  WriterPlan& plan_;
  PlanBuilder builder_;
};

}  // namespace

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
  BQCDC_RETURN_IF_ERROR(DescriptorCompiler(table, *plan).Compile(*built->message_type(0)));
  return plan;
}

}  // namespace bqcdc::emulator::convert
