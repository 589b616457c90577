// RANGE_SESSIONIZE(TABLE t, 'range column', ['partitioning column', …] [, 'MEETS' | 'OVERLAPS'])
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/range-functions#range_sessionize), written
// as a query over window functions.

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/parser/unparser.h"

namespace bqcdc::emulator::sql {
namespace {

struct SessionizeArguments {
  std::string range;
  std::vector<std::string> keys;
  std::string mode = "MEETS";
};

absl::StatusOr<std::string> TextLiteral(const Expression& expression) {
  if (const auto* literal = TryAs<StringLiteral>(expression)) return literal->value;
  return ErrorAt(expression.position, "Arguments of RANGE_SESSIONIZE must be STRING literals");
}

absl::StatusOr<SessionizeArguments> ReadArguments(const TableFunction& function) {
  const std::vector<FunctionArgument>& given = function.arguments;
  if (given.size() < 3 || given.size() > 4 || given[0].table == nullptr) {
    return ErrorAt(function.position,
                   "RANGE_SESSIONIZE takes TABLE t, the name of its range column, an array of names of "
                   "partitioning columns and, optionally, 'MEETS' or 'OVERLAPS'");
  }
  SessionizeArguments arguments;
  for (size_t i = 1; i < given.size(); ++i) {
    if (given[i].value == nullptr) return Unsupported(given[i].position, "argument of RANGE_SESSIONIZE");
  }
  BQCDC_ASSIGN_OR_RETURN(arguments.range, TextLiteral(*given[1].value));
  const auto* keys = TryAs<ArrayConstructor>(*given[2].value);
  if (keys == nullptr) {
    return ErrorAt(given[2].position, "Arguments of RANGE_SESSIONIZE must be STRING literals");
  }
  for (const ExpressionPtr& key : keys->elements) {
    BQCDC_ASSIGN_OR_RETURN(std::string name, TextLiteral(*key));
    arguments.keys.push_back(std::move(name));
  }
  if (given.size() == 4) {
    BQCDC_ASSIGN_OR_RETURN(const std::string mode, TextLiteral(*given[3].value));
    arguments.mode = absl::AsciiStrToUpper(mode);
    if (arguments.mode != "MEETS" && arguments.mode != "OVERLAPS") {
      return ErrorAt(given[3].position, "Could not cast literal \"", mode,
                     "\" to type RANGE_SESSIONIZE_MODE");
    }
  }
  return arguments;
}

const NamedColumn* FindIn(const std::vector<NamedColumn>& columns, const std::string& name) {
  for (const NamedColumn& column : columns) {
    if (absl::AsciiStrToLower(column.name) == absl::AsciiStrToLower(name)) return &column;
  }
  return nullptr;
}

std::string Quoted(const std::string& name) {
  PathExpression path;
  path.names.push_back({name, {}, true});
  return Unparse(path);
}

std::string QueryText(const SessionizeArguments& arguments, const std::string& table) {
  const std::string range = Quoted(arguments.range);
  std::string keys;
  for (const std::string& key : arguments.keys) base::StrAppend(&keys, keys.empty() ? "" : ", ", Quoted(key));
  const std::string partition = keys.empty() ? "" : base::StrCat("PARTITION BY ", keys, " ");
  const std::string session = base::StrCat("PARTITION BY ", keys, keys.empty() ? "" : ", ", "`$session`");
  // The range up to the end is the largest for the largest end, an open one included.
  const std::string until_end = base::StrCat("MAX(RANGE(NULL, RANGE_END(", range, ")))");
  const std::string before = base::StrCat(
      "SELECT *, ", until_end, " OVER (", partition, "ORDER BY ", range,
      " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS `$before`, COUNTIF(", range, " IS NULL) OVER (",
      keys.empty() ? "" : base::StrCat("PARTITION BY ", keys), ") AS `$nulls` FROM ", table);
  const std::string joins =
      base::StrCat("`$before` IS NOT NULL AND (RANGE_START(", range,
                   ") IS NULL OR RANGE_END(`$before`) IS NULL OR RANGE_START(", range,
                   arguments.mode == "MEETS" ? ") <= " : ") < ", "RANGE_END(`$before`))");
  const std::string first = base::StrCat(
      "SELECT *, IF(`$nulls` > 0, ERROR('Not supported by this server: RANGE_SESSIONIZE over NULL ranges'), "
      "IF(",
      joins, ", 0, 1)) AS `$first` FROM (", before, ")");
  const std::string numbered =
      base::StrCat("SELECT *, SUM(`$first`) OVER (", partition, "ORDER BY ", range,
                   " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `$session` FROM (", first, ")");
  return base::StrCat("SELECT * EXCEPT (`$before`, `$nulls`, `$first`, `$session`), RANGE(RANGE_START(MIN(",
                      range, ") OVER (", session, ")), RANGE_END(", until_end, " OVER (", session,
                      "))) AS session_range FROM (", numbered, ")");
}

}  // namespace

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeRangeSessionize(const TableFunction& function,
                                                                      const Scope* outer) {
  BQCDC_ASSIGN_OR_RETURN(const SessionizeArguments arguments, ReadArguments(function));
  const TablePath& path = *function.arguments[0].table;
  TableReference table;
  table.position = function.arguments[0].position;
  table.path.position = table.position;
  table.path.names = path.names;
  BQCDC_ASSIGN_OR_RETURN(const FromResult input, AnalyzeTable(table, outer));
  const NamedColumn* const range = FindIn(input.names.columns, arguments.range);
  if (range == nullptr || !range->ValueType().is(TypeKind::kRange)) {
    return ErrorAt(function.arguments[1].position, "Column ", arguments.range,
                   range == nullptr ? " not found in the input table" : " is not a RANGE");
  }
  for (const std::string& name : arguments.keys) {
    const NamedColumn* const key = FindIn(input.names.columns, name);
    if (key == nullptr || !key->ValueType().SupportsGrouping()) {
      return ErrorAt(function.arguments[2].position, "Column ", name,
                     key == nullptr ? " not found in the input table" : " cannot be partitioned by");
    }
  }
  PathExpression table_name;
  table_name.names = path.names;
  BQCDC_ASSIGN_OR_RETURN(const StatementPtr statement,
                         ParseStatement(QueryText(arguments, Unparse(table_name))));
  BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeQueryIn(*As<QueryStatement>(*statement).query, outer));
  return FromQueryResult(std::move(result), function.alias);
}

}  // namespace bqcdc::emulator::sql
