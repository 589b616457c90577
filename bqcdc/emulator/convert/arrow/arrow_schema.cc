#include "bqcdc/emulator/convert/arrow/arrow_schema.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/arrow/arrow_message.h"
#include "bqcdc/emulator/convert/arrow/arrow_type.h"
#include "bqcdc/emulator/convert/arrow/ipc_generated.h"
#include "bqcdc/emulator/convert/field_conflict.h"
#include "bqcdc/emulator/convert/plan_builder.h"
#include "bqcdc/emulator/convert/utf8.h"

namespace bqcdc::emulator::convert {
namespace {

using Fields = flatbuffers::Vector<flatbuffers::Offset<ipc::Field>>;

std::string NameOf(const ipc::Field& field) {
  return field.name() == nullptr ? std::string() : field.name()->str();
}

// A List's only child; nullptr where the field is no List or has another number of children.
const ipc::Field* ElementOf(const ipc::Field& field) {
  const bool list = field.type_type() == ipc::Type::List && field.dictionary() == nullptr;
  return list && field.children() != nullptr && field.children()->size() == 1 ? field.children()->Get(0)
                                                                              : nullptr;
}

absl::Status Mismatch(const std::string& path, const ipc::Field& field, const schema::Column& column) {
  return MismatchedField(
      column.name, base::StrCat("The Arrow field mismatched with BigQuery field at ", path, column.name,
                                ", the Arrow field type ", ArrowTypeName(field), ", BigQuery field type ",
                                column.repeated() ? "REPEATED " : "", schema::RestName(column.type)));
}

class ArrowCompiler {
 public:
  ArrowCompiler(const schema::TableSchema& table, WriterPlan& plan)
      : plan_(plan), builder_("Arrow", "schema", table, plan) {}

  absl::Status Compile(const ipc::Schema& schema) {
    BQCDC_RETURN_IF_ERROR(
        CompileFields(schema.fields(), "", plan_.schema.columns, /*of_range=*/false, plan_.root));
    return builder_.Finish();
  }

 private:
  // `fields` may be null, which is none.
  absl::Status CompileFields(const Fields* fields, const std::string& path,
                             const std::vector<schema::Column>& columns, bool of_range, MessagePlan& plan) {
    plan.columns = &columns;
    uint32_t number = 0;
    for (flatbuffers::uoffset_t i = 0; fields != nullptr && i < fields->size(); ++i) {
      BQCDC_RETURN_IF_ERROR(CompileField(*fields->Get(i), path, of_range, ++number, plan));
    }
    return builder_.Close(path, plan);
  }

  absl::Status CompileField(const ipc::Field& field, const std::string& path, bool of_range, uint32_t number,
                            MessagePlan& plan) {
    FieldPlan result;
    result.name = NameOf(field);
    result.number = number;
    if (!IsUtf8(result.name))
      return base::InvalidArgument("Invalid Arrow schema: a field's name is not UTF-8");
    BQCDC_ASSIGN_OR_RETURN(const std::optional<size_t> index, builder_.FindColumn(path, result.name, plan));
    if (path.empty() && IsPseudoColumn(result.name)) {
      return base::InvalidArgument("Change data capture does not take rows in Arrow format (field ",
                                   result.name, "); send them as protobuf rows");
    }
    if (!index) return absl::OkStatus();
    const schema::Column& column = (*plan.columns)[*index];
    result.column = static_cast<int>(*index);
    result.repeated = column.repeated();
    const ipc::Field* const value = column.repeated() ? ElementOf(field) : &field;
    if (value == nullptr || !ResolveArrowSource(*value, column, of_range, result)) {
      return Mismatch(path, field, column);
    }
    if (result.source == SourceType::kRecord) {
      result.message = std::make_unique<MessagePlan>();
      const bool range = column.type == schema::ColumnType::kRange;
      BQCDC_RETURN_IF_ERROR(CompileFields(value->children(), path + column.name + ".",
                                          schema::PartsOf(column), range, *result.message));
      // An end that is NULL is open; one that is not there is no RANGE.
      if (range && result.message->fields.size() != 2) return Mismatch(path, field, column);
    }
    plan.fields.push_back(std::move(result));
    return absl::OkStatus();
  }

  WriterPlan& plan_;
  PlanBuilder builder_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const WriterPlan>> CompileArrowSchema(std::string_view schema,
                                                                     const schema::TableSchema& table) {
  BQCDC_ASSIGN_OR_RETURN(const ArrowMessage message, ArrowMessage::Parse(schema, "schema"));
  if (message.schema() == nullptr) {
    return base::InvalidArgument("Invalid Arrow schema: the message is not a Schema");
  }
  if (message.schema()->endianness() != ipc::Endianness::LITTLE) {
    return base::InvalidArgument("Invalid Arrow schema: only little-endian buffers are taken");
  }
  auto plan = std::make_shared<WriterPlan>();
  BQCDC_RETURN_IF_ERROR(ArrowCompiler(table, *plan).Compile(*message.schema()));
  return plan;
}

}  // namespace bqcdc::emulator::convert
