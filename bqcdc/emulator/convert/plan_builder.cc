#include "bqcdc/emulator/convert/plan_builder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/field_conflict.h"

namespace bqcdc::emulator::convert {
namespace {

// `guess`: index that is tried first; most messages give the columns in order.
std::optional<size_t> FindIndex(const std::vector<schema::Column>& columns, const std::string& name,
                                size_t guess) {
  if (guess < columns.size() && absl::EqualsIgnoreCase(columns[guess].name, name)) return guess;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (absl::EqualsIgnoreCase(columns[i].name, name)) return i;
  }
  return std::nullopt;
}

int64_t BytesOf(const std::vector<schema::Column>& columns) {
  int64_t bytes = 0;
  for (const schema::Column& column : columns) {
    bytes += static_cast<int64_t>(sizeof column + column.name.size() + column.description.size() +
                                  column.default_value_expression.size());
    bytes += BytesOf(column.fields);
  }
  return bytes;
}

int64_t BytesOf(const MessagePlan& message) {
  int64_t bytes = static_cast<int64_t>(sizeof message + message.field_of_column.size() * sizeof(int));
  for (const FieldPlan& field : message.fields) {
    bytes += static_cast<int64_t>(sizeof field + sizeof(int16_t) + field.name.size());
    for (const auto& [number, name] : field.enum_names) {
      bytes += static_cast<int64_t>(sizeof(field.enum_names[0]) + name.size());
    }
    if (field.message != nullptr) bytes += BytesOf(*field.message);
  }
  return bytes;
}

// FieldPlan::cells of a field that fills the column.
size_t CellsOf(const schema::Column& column) {
  size_t cells = 1;
  for (const schema::Column& part : schema::PartsOf(column)) {
    cells += part.repeated() ? 1 : CellsOf(part);
  }
  return cells;
}

}  // namespace

PlanBuilder::PlanBuilder(std::string_view format, std::string_view container,
                         const schema::TableSchema& table, WriterPlan& plan)
    : format_(format), container_(container), plan_(plan) {
  plan.schema = table;
  for (const schema::Column& column : table.columns) {
    plan.is_key.push_back(table.KeyPosition(column.name).has_value());
    plan.cells += column.repeated() ? 1 : CellsOf(column);
  }
}

absl::Status PlanBuilder::MoreThanOneField(std::string_view column) const {
  return base::InvalidArgument("Invalid ", format_, " schema: more than one field for column ", column);
}

absl::StatusOr<std::optional<size_t>> PlanBuilder::FindColumn(const std::string& path,
                                                              const std::string& name,
                                                              const MessagePlan& message) {
  if (++field_count_ > kFieldsMax) {
    return base::InvalidArgument("Invalid ", format_, " schema: more than ", kFieldsMax, " fields");
  }
  const std::optional<size_t> index = FindIndex(*message.columns, name, message.fields.size());
  if (!index && !(path.empty() && IsPseudoColumn(name))) extra_fields_.push_back(path + name);
  return index;
}

absl::Status PlanBuilder::Close(const std::string& path, MessagePlan& message) {
  const std::vector<schema::Column>& columns = *message.columns;
  std::sort(message.fields.begin(), message.fields.end(),
            [](const FieldPlan& a, const FieldPlan& b) { return a.number < b.number; });
  message.field_of_column.assign(columns.size(), -1);
  for (size_t i = 0; i < message.fields.size(); ++i) {
    FieldPlan& field = message.fields[i];
    if (field.column < 0) continue;
    const schema::Column& column = columns[static_cast<size_t>(field.column)];
    int& found = message.field_of_column[static_cast<size_t>(field.column)];
    if (found >= 0) return MoreThanOneField(base::StrCat(path, column.name));
    found = static_cast<int>(i);
    field.cells = CellsOf(column);
  }
  RequireColumns(path, message);
  message.BuildLookup();
  return absl::OkStatus();
}

// A REQUIRED column without a default must be in the message.
void PlanBuilder::RequireColumns(const std::string& path, const MessagePlan& message) {
  for (size_t i = 0; i < message.columns->size(); ++i) {
    const schema::Column& column = (*message.columns)[i];
    const bool has_default = path.empty() && !column.default_value_expression.empty();
    if (message.field_of_column[i] >= 0 || !column.required() || has_default) continue;
    if (missing_.ok()) {
      missing_ = base::InvalidArgument("The required field ", path, column.name, " is missing in the ",
                                       format_, " ", container_);
    }
  }
}

absl::Status PlanBuilder::Finish() {
  // All extra fields are named at once, so a client learns of them in one try.
  if (!extra_fields_.empty()) return ExtraFields(absl::StrJoin(extra_fields_, ","));
  BQCDC_RETURN_IF_ERROR(missing_);
  for (size_t i = 0; i < plan_.root.fields.size(); ++i) {
    const FieldPlan& field = plan_.root.fields[i];
    if (field.column >= 0) continue;
    const bool change_type = absl::EqualsIgnoreCase(field.name, base::ToAbsl(kChangeTypeName));
    int& found = change_type ? plan_.change_type_field : plan_.sequence_field;
    if (found >= 0) return MoreThanOneField(change_type ? kChangeTypeName : kSequenceNumberName);
    found = static_cast<int>(i);
  }
  plan_.bytes = static_cast<int64_t>(sizeof plan_) + BytesOf(plan_.schema.columns) + BytesOf(plan_.root);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::convert
