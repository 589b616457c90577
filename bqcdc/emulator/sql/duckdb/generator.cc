#include "bqcdc/emulator/sql/duckdb/generator.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/functions/function_table.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {

std::string ColumnName(ColumnId id) { return base::StrCat("c", id); }

std::string RaiseText(const std::string& message) {
  return base::StrCat("error('", kEvaluationErrorMark, "' || ", message, ")");
}

std::string FillForm(std::string_view form, const std::vector<std::string>& arguments, bool safe) {
  std::string text;
  const auto argument = [&](size_t number) {
    return number >= 1 && number <= arguments.size() ? arguments[number - 1] : std::string("NULL");
  };
  for (size_t i = 0; i < form.size(); ++i) {
    const char c = form[i];
    const char next = i + 1 < form.size() ? form[i + 1] : '\0';
    if (c == '$' && next == '*') {
      for (size_t k = 0; k < arguments.size(); ++k) base::StrAppend(&text, k > 0 ? ", " : "", arguments[k]);
      ++i;
    } else if (c == '$' && next >= '1' && next <= '9') {
      text += argument(next - '0');
      ++i;
    } else if (c == '{' && next == '$') {
      const size_t end = form.find('}', i);
      const size_t number = form[i + 2] - '0';
      const std::string_view otherwise = form.substr(i + 4, end - i - 4);
      text += number <= arguments.size() ? arguments[number - 1] : std::string(otherwise);
      i = end;
    } else if (c == '!' && next == '(') {
      if (safe) text += "_safe";
    } else {
      text += c;
    }
  }
  return text;
}

absl::Status Generator::CheckTextBytes(size_t bytes, const Position& position) const {
  // Many forms name an argument twice, so that each call in a call may double the text.
  constexpr size_t kTextMax = 4 * 1024 * 1024;
  // What is given may be large, and a form may have it several times.
  if (bytes <= kTextMax + 8 * given_bytes_) return absl::OkStatus();
  return Unsupported(position, "an expression of so many calls in one another");
}

absl::StatusOr<std::string> Generator::Expression(const ResolvedExpression& expression) {
  BQCDC_ASSIGN_OR_RETURN(std::string text, ExpressionText(expression));
  if (expression.kind == ResolvedKind::kLiteral) given_bytes_ += text.size();
  BQCDC_RETURN_IF_ERROR(CheckTextBytes(text.size(), expression.position));
  return text;
}

absl::StatusOr<std::string> Generator::ExpressionText(const ResolvedExpression& expression) {
  switch (expression.kind) {
    case ResolvedKind::kLiteral:
      return Literal(Resolved<ResolvedLiteral>(expression).value);
    case ResolvedKind::kColumn:
      return ColumnName(Resolved<ResolvedColumn>(expression).id);
    case ResolvedKind::kCall:
      return Call(Resolved<ResolvedCall>(expression));
    case ResolvedKind::kCast: {
      const auto& cast = Resolved<ResolvedCast>(expression);
      BQCDC_ASSIGN_OR_RETURN(const std::string operand, Expression(*cast.operand));
      return Cast(operand, cast.operand->type, cast.type, cast.safe, cast.position);
    }
    case ResolvedKind::kCase: {
      const auto& node = Resolved<ResolvedCase>(expression);
      std::string text = "CASE";
      for (const auto& branch : node.branches) {
        BQCDC_ASSIGN_OR_RETURN(const std::string condition, Expression(*branch.condition));
        BQCDC_ASSIGN_OR_RETURN(const std::string result, Expression(*branch.result));
        base::StrAppend(&text, " WHEN ", condition, " THEN ", result);
      }
      BQCDC_ASSIGN_OR_RETURN(const std::string otherwise, Expression(*node.otherwise));
      return base::StrCat(text, " ELSE ", otherwise, " END");
    }
    case ResolvedKind::kGetField: {
      const auto& node = Resolved<ResolvedGetField>(expression);
      BQCDC_ASSIGN_OR_RETURN(const std::string operand, Expression(*node.operand));
      const std::string name = DuckDbFieldNames(node.operand->type)[node.index];
      return base::StrCat("struct_extract(", operand, ", ", QuoteDuckDbText(name), ")");
    }
    case ResolvedKind::kMakeStruct:
      return MakeStruct(Resolved<ResolvedMakeStruct>(expression));
    case ResolvedKind::kMakeArray: {
      std::string text;
      for (const auto& element : Resolved<ResolvedMakeArray>(expression).elements) {
        BQCDC_ASSIGN_OR_RETURN(const std::string value, Expression(*element));
        base::StrAppend(&text, text.empty() ? "" : ", ", value);
      }
      return base::StrCat("CAST([", text, "] AS ", DuckDbType(expression.type), ")");
    }
    case ResolvedKind::kSubquery:
      return Subquery(Resolved<ResolvedSubquery>(expression));
    case ResolvedKind::kTransformArray: {
      const auto& node = Resolved<ResolvedTransformArray>(expression);
      BQCDC_ASSIGN_OR_RETURN(const std::string array, Expression(*node.array));
      BQCDC_ASSIGN_OR_RETURN(const std::string body, Expression(*node.body));
      return base::StrCat("list_transform(", array, ", lambda ", ColumnName(node.element), ": ", body, ")");
    }
  }
  return Unsupported(expression.position, "this expression");
}

absl::StatusOr<std::string> Generator::Call(const ResolvedCall& call) {
  std::vector<std::string> arguments;
  for (const auto& argument : call.arguments) {
    BQCDC_ASSIGN_OR_RETURN(std::string text, Expression(*argument));
    arguments.push_back(std::move(text));
  }
  if (call.signature->form[0] == '@') return SpecialForm(call, arguments);
  return base::StrCat("(", FillForm(call.signature->form, arguments, call.safe), ")");
}

absl::StatusOr<std::string> Generator::MakeStruct(const ResolvedMakeStruct& row) {
  if (row.fields.empty()) return Unsupported(row.position, "STRUCT without fields");
  const std::vector<std::string> names = DuckDbFieldNames(row.type);
  std::string text;
  for (size_t i = 0; i < row.fields.size(); ++i) {
    BQCDC_ASSIGN_OR_RETURN(const std::string value, Expression(*row.fields[i]));
    base::StrAppend(&text, text.empty() ? "{" : ", ", QuoteDuckDbText(names[i]), ": ", value);
  }
  return text + "}";
}

absl::StatusOr<std::string> Generator::Subquery(const ResolvedSubquery& subquery) {
  if (subquery.mode == ResolvedSubqueryMode::kArray) return ArraySubquery(subquery);
  if (subquery.mode == ResolvedSubqueryMode::kExists) {
    BQCDC_ASSIGN_OR_RETURN(const std::string query, Scan(*subquery.query, ""));
    return base::StrCat("EXISTS (", query, ")");
  }
  BQCDC_ASSIGN_OR_RETURN(std::string query, Scan(*subquery.query, ColumnName(subquery.output)));
  if (subquery.mode == ResolvedSubqueryMode::kScalar) return base::StrCat("(", query, ")");
  BQCDC_ASSIGN_OR_RETURN(const std::string operand, Expression(*subquery.operand));
  if (subquery.operand->type.is_struct()) {
    BQCDC_RETURN_IF_ERROR(CheckFieldTexts(*subquery.operand, operand));
    // Compared field by field: TRUE for one row is enough, else NULL for one row makes NULL.
    const std::string equal = EqualText(operand, ColumnName(subquery.output), subquery.operand->type);
    return base::StrCat("(SELECT CASE WHEN bool_or(", equal, ") THEN TRUE WHEN count(*) > count(", equal,
                        ") THEN NULL ELSE FALSE END FROM (", query, ") AS n)");
  }
  if (subquery.operand->type.is(TypeKind::kFloat64)) {
    // NaN equals nothing in GoogleSQL, and itself in DuckDB.
    const std::string column = ColumnName(subquery.output);
    query = base::StrCat("SELECT ", column, " FROM (", query, ") AS n WHERE ", column,
                         " IS NULL OR NOT isnan(", column, ")");
  }
  return base::StrCat("(", operand, " IN (", query, "))");
}

absl::StatusOr<std::string> Generator::Query(const ResolvedQuery& query) {
  std::string list;
  for (const OutputColumn& output : query.outputs) {
    base::StrAppend(&list, list.empty() ? "" : ", ", ColumnName(output.id));
  }
  return Scan(*query.scan, list);
}

}  // namespace bqcdc::emulator::sql
