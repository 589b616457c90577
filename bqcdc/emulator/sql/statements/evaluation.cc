#include "bqcdc/emulator/sql/statements/evaluation.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/store_error.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/information_schema/information_schema.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"
#include "bqcdc/values/json_document.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::emulator::sql {

absl::Status EvaluationError(const absl::Status& status) {
  if (status.ok() || !errors::LocationOf(status).value_or("").empty()) return status;
  const std::string text(status.message());
  // Several layers may have put their own words before ours.
  if (const size_t mark = text.rfind(std::string(kEvaluationErrorMark)); mark != std::string::npos) {
    return errors::InvalidQuery(text.substr(mark + kEvaluationErrorMark.size()));
  }
  if (engine::IsStoreError(status)) return status;
  if (status.code() == absl::StatusCode::kInternal) {
    return errors::InvalidQuery("Not supported by this server: a query of this shape");
  }
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  if (absl::StrContains(text, "More than one row returned by a subquery")) {
    return errors::InvalidQuery("Scalar subquery produced more than one element");
  }
  if (absl::StrContains(text, "INT64") || absl::StrContains(text, "BIGINT")) {
    return errors::InvalidQuery("int64 overflow");
  }
  if (absl::StrContains(text, "INT128") || absl::StrContains(text, "HUGEINT")) {
    return errors::InvalidQuery("numeric overflow");
  }
  if (absl::StrContains(text, "out of range") || absl::StrContains(text, "Overflow")) {
    return errors::InvalidQuery("Value is out of range");
  }
  return errors::InvalidQuery("Not supported by this server: an operation on these values");
}

Value ReadValue(const engine::VectorReader& reader, size_t row, const Type& type) {
  if (reader.IsNull(row)) return Value::Null(type);
  switch (type.kind()) {
    case TypeKind::kBool:
      return Value::Bool(reader.Bool(row));
    case TypeKind::kFloat64:
      return Value::Float64(reader.Double(row));
    case TypeKind::kDate:
      return Value::Of(type, static_cast<int64_t>(reader.Int32(row)));
    case TypeKind::kInt64:
    case TypeKind::kDatetime:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
      return Value::Of(type, reader.Int64(row));
    case TypeKind::kPicoTimestamp:
      return Value::Of(type, values::PicosToText(reader.Int128(row)));
    case TypeKind::kNumeric: {
      values::Numeric value;
      (void)values::Numeric::FromUnscaled(reader.Int128(row), &value);
      return Value::Of(type, value);
    }
    case TypeKind::kInterval: {
      const engine::IntervalValue value = reader.Interval(row);
      return Value::Of(type, values::Interval{value.months, value.days, value.micros});
    }
    case TypeKind::kArray: {
      Value value = Value::Null(type);
      value.is_null = false;
      const engine::VectorReader::ListEntry entry = reader.List(row);
      const engine::VectorReader elements = reader.Elements();
      for (size_t i = 0; i < entry.length; ++i) {
        value.children.push_back(ReadValue(elements, entry.offset + i, type.element()));
      }
      return value;
    }
    case TypeKind::kRange: {
      Value value = Value::Null(type);
      value.is_null = false;
      const schema::ColumnType element =
          type.element().is(TypeKind::kDate) ? schema::ColumnType::kDate : schema::ColumnType::kTimestamp;
      for (const size_t end : {size_t{0}, size_t{1}}) {
        const engine::VectorReader bound = reader.Field(end);
        value.children.push_back(bound.IsUnbounded(row, element) ? Value::Null(type.element())
                                                                 : ReadValue(bound, row, type.element()));
      }
      return value;
    }
    case TypeKind::kStruct: {
      Value value = Value::Null(type);
      value.is_null = false;
      for (size_t i = 0; i < type.fields().size(); ++i) {
        value.children.push_back(ReadValue(reader.Field(i), row, type.fields()[i].type));
      }
      return value;
    }
    default:
      return Value::Of(type, std::string(reader.Bytes(row)));
  }
}

namespace {

engine::IngestColumn IngestColumnOf(const catalog::Table& table) {
  return table.partitioned_by_ingestion() ? engine::IngestColumn::kShown : engine::IngestColumn::kLeftOut;
}

absl::StatusOr<Value> ParameterConstant(const ParameterValue& given, const Type& type) {
  if (type.is_array() || type.is_struct() || type.is(TypeKind::kRange)) {
    if (given.is_null) return Value::Null(type);
    Value value = Value::Null(type);
    value.is_null = false;
    if (type.is_struct() && given.children.size() != type.fields().size()) {
      return base::InvalidArgument("STRUCT parameter has ", given.children.size(), " values for ",
                                   type.fields().size(), " fields");
    }
    for (size_t i = 0; i < given.children.size(); ++i) {
      const Type& inner = type.is_struct() ? type.fields()[i].type : type.element();
      BQCDC_ASSIGN_OR_RETURN(Value child, ParameterConstant(given.children[i], inner));
      value.children.push_back(std::move(child));
    }
    if (type.is(TypeKind::kRange)) BQCDC_RETURN_IF_ERROR(CheckRange(value));
    return value;
  }
  if (given.is_null || !given.text) return Value::Null(type);
  if (type.is(TypeKind::kBytes)) {
    std::string bytes;
    if (!absl::Base64Unescape(*given.text, &bytes)) return base::InvalidArgument("not base64");
    return Value::Of(type, std::move(bytes));
  }
  if (type.is(TypeKind::kJson)) {
    std::string storage;
    std::string_view canonical;
    if (values::CanonicalJson(*given.text, values::WideNumbers::kRefuse, &storage, &canonical) !=
        values::ValueError::kNone) {
      return base::InvalidArgument("not JSON");
    }
    return Value::Of(type, std::string(canonical));
  }
  return CastValue(Value::String(*given.text), type);
}

}  // namespace

absl::StatusOr<AnalyzerOptions> MakeAnalyzerOptions(const QueryRequest& request) {
  AnalyzerOptions options;
  options.project = request.project;
  options.default_dataset = request.default_dataset;
  options.variables = request.variables;
  for (const QueryParameter& parameter : request.parameters) {
    const Type type = TypeOfColumn(parameter.type);
    auto value = ParameterConstant(parameter.value, type);
    if (!value.ok()) {
      const std::string name = parameter.name.empty()
                                   ? base::StrCat("position ", options.positional_parameters.size() + 1)
                                   : parameter.name;
      return errors::WithLocation(errors::InvalidQuery(base::StrCat("Invalid value for parameter ", name,
                                                                    " of type ", type.ToString())),
                                  "parameter");
    }
    if (request.positional_parameters || parameter.name.empty()) {
      options.positional_parameters.push_back(*std::move(value));
    } else {
      options.named_parameters[absl::AsciiStrToLower(parameter.name)] = *std::move(value);
    }
  }
  return options;
}

Evaluation::Evaluation(engine::Database& database, const QueryRequest& request, AnalyzerOptions options,
                       engine::ReadSession& session)
    : database_(database), request_(request), session_(session), analyzer_(options, *this) {
  if (request.location_given) location_ = request.location;
}

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Begin(engine::Database& database,
                                                              const QueryRequest& request) {
  BQCDC_RETURN_IF_ERROR(database.RegisterFunctions(AllOwnFunctions()));
  BQCDC_ASSIGN_OR_RETURN(auto session, database.BeginRead(request.cancellation.get()));
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Over(database, request, *session));
  evaluation->own_session_ = std::move(session);
  return evaluation;
}

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Over(engine::Database& database,
                                                             const QueryRequest& request,
                                                             engine::ReadSession& session) {
  BQCDC_ASSIGN_OR_RETURN(AnalyzerOptions options, MakeAnalyzerOptions(request));
  return std::unique_ptr<Evaluation>(new Evaluation(database, request, std::move(options), session));
}

absl::Status Evaluation::CheckDataset(const catalog::DatasetId& id) {
  const absl::StatusOr<catalog::Dataset> dataset = database_.GetDataset(id);
  const std::string& location = location_ ? *location_ : request_.location;
  const bool elsewhere = dataset.ok() && location_ && !absl::EqualsIgnoreCase(dataset->location, location);
  if (elsewhere || absl::IsNotFound(dataset.status()))
    return errors::DatasetNotFoundInQuery(id.project, id.dataset, location);
  // Without one in the request a statement runs where the first dataset that it reads is.
  if (dataset.ok()) location_ = dataset->location;
  return dataset.status();
}

absl::StatusOr<catalog::Table> Evaluation::FindTable(const catalog::TableId& id) {
  absl::StatusOr<catalog::Table> table = session_.FindTable(id);
  if (!table.ok() && !absl::IsNotFound(table.status())) return table;
  BQCDC_RETURN_IF_ERROR(CheckDataset({id.project, id.dataset}));
  if (!table.ok()) return errors::TableNotFoundInQuery(id.ToString(), *location_);
  return table;
}

absl::StatusOr<std::vector<catalog::Table>> Evaluation::FindTables(const catalog::DatasetId& dataset,
                                                                   const std::string& prefix) {
  BQCDC_RETURN_IF_ERROR(CheckDataset(dataset));
  std::vector<catalog::Table> tables;
  BQCDC_ASSIGN_OR_RETURN(const std::vector<catalog::Table> all, database_.ListTables(dataset));
  for (const catalog::Table& listed : all) {
    if (listed.id.table.rfind(prefix, 0) != 0) continue;
    auto table = session_.FindTable(listed.id);
    if (!table.ok()) continue;  // dropped or made while this query began
    if (table->view) {
      return errors::InvalidQuery(
          base::StrCat("Views cannot be queried through prefix. First view ", listed.id.ToString(), "."));
    }
    BQCDC_ASSIGN_OR_RETURN(const engine::Database::TableStats stats, database_.Stats(listed.id));
    if (stats.pending_upserts > 0) {
      // https://cloud.google.com/bigquery/docs/change-data-capture#limitations
      return errors::InvalidQuery(
          base::StrCat("Tables with unapplied upsert data cannot be queried through prefix. First table with "
                       "upsert data: ",
                       listed.id.ToString()));
    }
    tables.push_back(*std::move(table));
  }
  std::sort(tables.begin(), tables.end(), [](const catalog::Table& a, const catalog::Table& b) {
    return a.creation_time_ms != b.creation_time_ms ? a.creation_time_ms > b.creation_time_ms : a.uid > b.uid;
  });
  return tables;
}

absl::StatusOr<std::optional<ConstantTable>> Evaluation::FindInformationSchema(
    const InformationSchemaName& name) {
  return ReadInformationSchema({database_, session_, name, request_.location, request_.jobs});
}

absl::StatusOr<std::string> Evaluation::RelationSql(const catalog::Table& table) {
  if (table.require_partition_filter && session_.NeedsMerge(table)) {
    // https://cloud.google.com/bigquery/docs/change-data-capture#limitations
    return errors::InvalidQuery(base::StrCat(
        "Table ", table.id.ToString(),
        " requires a partition filter and has un-applied upsert data: it cannot be queried until the data is "
        "applied, or is fresh enough for a larger max_staleness"));
  }
  return session_.RelationSql(table, IngestColumnOf(table));
}

absl::StatusOr<std::string> Evaluation::NumberedRelationSql(const catalog::Table& table) {
  return session_.NumberedRelationSql(table, IngestColumnOf(table));
}

absl::StatusOr<std::string> Evaluation::SqlOf(const ResolvedQuery& query) {
  return Generator(*this, query_time()).Query(query);
}

absl::StatusOr<std::string> Evaluation::SqlOf(const ResolvedExpression& expression) {
  return Generator(*this, query_time()).Expression(expression);
}

absl::StatusOr<std::vector<engine::Chunk>> Evaluation::Run(const std::string& sql) {
  auto result = session_.Execute(sql);
  if (!result.ok()) return EvaluationError(result.status());
  std::vector<engine::Chunk> chunks;
  while (true) {
    auto chunk = (*result)->Next();
    if (!chunk.ok()) return EvaluationError(chunk.status());
    if (!*chunk) return chunks;
    if ((*chunk)->row_count() > 0) chunks.push_back(**std::move(chunk));
  }
}

absl::StatusOr<Value> Evaluation::Constant(const ResolvedExpression& expression) {
  if (expression.kind == ResolvedKind::kLiteral) return Resolved<ResolvedLiteral>(expression).value;
  BQCDC_ASSIGN_OR_RETURN(const std::string sql, SqlOf(expression));
  BQCDC_ASSIGN_OR_RETURN(const std::vector<engine::Chunk> chunks, Run("SELECT " + sql));
  if (chunks.empty()) return base::Internal("a constant expression gave no value");
  return ReadValue(chunks[0].Reader(0), 0, expression.type);
}

}  // namespace bqcdc::emulator::sql
