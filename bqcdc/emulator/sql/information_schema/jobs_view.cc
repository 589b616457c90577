// INFORMATION_SCHEMA.JOBS and its relatives (https://cloud.google.com/bigquery/docs/information-schema-jobs):
// the columns that this server knows something of, in the order in which the service shows them.

#include <utility>

#include "bqcdc/emulator/sql/information_schema/information_schema.h"

namespace bqcdc::emulator::sql {
namespace {

Value TextOrNull(const std::string& text) {
  return text.empty() ? Value::Null(TypeKind::kString) : Value::String(text);
}

Value TimeOrNull(std::optional<int64_t> millis) {
  return millis ? Value::Of(TypeKind::kTimestamp, *millis * 1000) : Value::Null(TypeKind::kTimestamp);
}

Value Filled(const Type& type, std::vector<Value> children) {
  Value value = Value::Null(type);
  value.is_null = false;
  value.children = std::move(children);
  return value;
}

Type TextFields(std::initializer_list<const char*> names) {
  std::vector<StructField> fields;
  for (const char* name : names) fields.push_back({name, TypeKind::kString});
  return Type::Struct(std::move(fields));
}

const Type& FailureType() {
  static const Type* const type = new Type(TextFields({"reason", "location", "debug_info", "message"}));
  return *type;
}

const Type& TableType() {
  static const Type* const type = new Type(TextFields({"project_id", "dataset_id", "table_id"}));
  return *type;
}

const Type& LabelType() {
  static const Type* const type = new Type(TextFields({"key", "value"}));
  return *type;
}

const Type& DmlType() {
  static const Type* const type = new Type(Type::Struct({{"inserted_row_count", TypeKind::kInt64},
                                                         {"deleted_row_count", TypeKind::kInt64},
                                                         {"updated_row_count", TypeKind::kInt64}}));
  return *type;
}

Value FailureOf(const JobRecord& job) {
  if (!job.failure) return Value::Null(FailureType());
  return Filled(FailureType(), {TextOrNull(job.failure->reason), TextOrNull(job.failure->location),
                                Value::Null(TypeKind::kString), TextOrNull(job.failure->message)});
}

Value DestinationOf(const JobRecord& job) {
  if (!job.destination) return Value::Null(TableType());
  return Filled(TableType(),
                {Value::String(job.destination->project), Value::String(job.destination->dataset),
                 Value::String(job.destination->table)});
}

Value LabelsOf(const JobRecord& job) {
  std::vector<Value> labels;
  for (const auto& [key, value] : job.labels) {
    labels.push_back(Filled(LabelType(), {Value::String(key), Value::String(value)}));
  }
  return Filled(Type::Array(LabelType()), std::move(labels));
}

Value DmlOf(const JobRecord& job) {
  if (!job.dml_counts) return Value::Null(DmlType());
  return Filled(DmlType(), {Value::Int64(job.dml_counts->inserted), Value::Int64(job.dml_counts->deleted),
                            Value::Int64(job.dml_counts->updated)});
}

// Nothing is billed here.
Value BytesOf(const JobRecord& job) {
  return job.end_time_ms ? Value::Int64(0) : Value::Null(TypeKind::kInt64);
}

struct JobColumn {
  const char* name;
  Type type;
  Value (*value)(const JobRecord& job);
};

const std::vector<JobColumn>& Columns() {
  static const std::vector<JobColumn>* const columns = new std::vector<JobColumn>{
      {"creation_time", TypeKind::kTimestamp,
       [](const JobRecord& job) { return TimeOrNull(job.creation_time_ms); }},
      {"project_id", TypeKind::kString, [](const JobRecord& job) { return Value::String(job.project); }},
      {"user_email", TypeKind::kString, [](const JobRecord& job) { return Value::String(job.user_email); }},
      {"job_id", TypeKind::kString, [](const JobRecord& job) { return Value::String(job.id); }},
      {"job_type", TypeKind::kString, [](const JobRecord&) { return Value::String("QUERY"); }},
      {"statement_type", TypeKind::kString,
       [](const JobRecord& job) { return TextOrNull(job.statement_type); }},
      {"priority", TypeKind::kString, [](const JobRecord& job) { return TextOrNull(job.priority); }},
      {"start_time", TypeKind::kTimestamp,
       [](const JobRecord& job) { return TimeOrNull(job.start_time_ms); }},
      {"end_time", TypeKind::kTimestamp, [](const JobRecord& job) { return TimeOrNull(job.end_time_ms); }},
      {"query", TypeKind::kString, [](const JobRecord& job) { return TextOrNull(job.query); }},
      {"state", TypeKind::kString, [](const JobRecord& job) { return Value::String(job.state); }},
      {"total_bytes_processed", TypeKind::kInt64, BytesOf},
      {"error_result", FailureType(), FailureOf},
      {"cache_hit", TypeKind::kBool, [](const JobRecord&) { return Value::Bool(false); }},
      {"destination_table", TableType(), DestinationOf},
      {"labels", Type::Array(LabelType()), LabelsOf},
      {"total_bytes_billed", TypeKind::kInt64, BytesOf},
      {"parent_job_id", TypeKind::kString, [](const JobRecord& job) { return TextOrNull(job.parent_id); }},
      {"dml_statistics", DmlType(), DmlOf},
  };
  return *columns;
}

}  // namespace

ConstantTable JobsView(const std::vector<JobRecord>& jobs) {
  ConstantTable view;
  for (const JobColumn& column : Columns()) view.columns.push_back({column.name, column.type});
  for (const JobRecord& job : jobs) {
    std::vector<Value>& row = view.rows.emplace_back();
    for (const JobColumn& column : Columns()) row.push_back(column.value(job));
  }
  return view;
}

}  // namespace bqcdc::emulator::sql
