#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"
#include "bqcdc/emulator/sql/statements/result_columns.h"
#include "bqcdc/emulator/sql/statements/statement.h"

namespace bqcdc::emulator::sql {
namespace {

// A NULL element cannot be written into a result.
absl::Status CheckArrays(const engine::VectorReader& reader, size_t row, const Type& type,
                         const std::string& name) {
  if (reader.IsNull(row)) return absl::OkStatus();
  if (type.is_struct()) {
    for (size_t i = 0; i < type.fields().size(); ++i) {
      BQCDC_RETURN_IF_ERROR(CheckArrays(reader.Field(i), row, type.fields()[i].type, name));
    }
    return absl::OkStatus();
  }
  if (!type.is_array()) return absl::OkStatus();
  const engine::VectorReader::ListEntry entry = reader.List(row);
  const engine::VectorReader elements = reader.Elements();
  for (size_t i = entry.offset; i < entry.offset + entry.length; ++i) {
    if (elements.IsNull(i)) {
      return errors::InvalidQuery(
          base::StrCat("Array cannot have a null element; error in writing field ", name));
    }
    BQCDC_RETURN_IF_ERROR(CheckArrays(elements, i, type.element(), name));
  }
  return absl::OkStatus();
}

bool HoldsArray(const Type& type) {
  if (type.is_array()) return true;
  if (!type.is_struct()) return false;
  for (const StructField& field : type.fields()) {
    if (HoldsArray(field.type)) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<QueryOutcome> RunSelect(const StatementContext& context, const QueryStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, context.request));
  BQCDC_ASSIGN_OR_RETURN(const ResolvedQuery query, evaluation->analyzer().AnalyzeQuery(*statement.query));
  QueryOutcome outcome;
  outcome.statement_type = "SELECT";
  BQCDC_ASSIGN_OR_RETURN(outcome.columns, ResultColumns(query));
  BQCDC_ASSIGN_OR_RETURN(const std::string sql, evaluation->SqlOf(query));
  if (context.request.dry_run) return outcome;
  BQCDC_ASSIGN_OR_RETURN(outcome.chunks, evaluation->Run(sql));
  for (const engine::Chunk& chunk : outcome.chunks) {
    outcome.row_count += static_cast<int64_t>(chunk.row_count());
    for (size_t i = 0; i < query.outputs.size(); ++i) {
      if (!HoldsArray(query.outputs[i].type)) continue;
      const engine::VectorReader reader = chunk.Reader(i);
      for (size_t row = 0; row < chunk.row_count(); ++row) {
        BQCDC_RETURN_IF_ERROR(CheckArrays(reader, row, query.outputs[i].type, query.outputs[i].name));
      }
    }
  }
  return outcome;
}

}  // namespace bqcdc::emulator::sql
