#include <algorithm>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/catalog/layout_rules.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/definition.h"

namespace bqcdc::emulator::sql {
namespace {

using C = schema::ColumnType;

absl::Status NoPartitioning(const Position& position) {
  return ErrorAt(
      position,
      "PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), "
      "DATETIME_TRUNC(<datetime_column>, DAY/HOUR/MONTH/YEAR), a DATE column, TIMESTAMP_TRUNC"
      "(<timestamp_column>, DAY/HOUR/MONTH/YEAR), DATE_TRUNC(<date_column>, MONTH/YEAR), or RANGE_BUCKET"
      "(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))");
}

std::string NameOf(const Expression& expression) {
  const auto* path = TryAs<PathExpression>(expression);
  return path != nullptr && path->names.size() == 1 ? path->names[0].text : "";
}

const Expression* Argument(const FunctionCall& call, size_t index) {
  return index < call.arguments.size() ? call.arguments[index].value.get() : nullptr;
}

absl::StatusOr<int64_t> IntOf(const Expression* expression, const Position& position) {
  bool negative = false;
  if (expression != nullptr && expression->kind == ExpressionKind::kUnary &&
      As<UnaryExpression>(*expression).op == UnaryOperator::kMinus) {
    negative = true;
    expression = As<UnaryExpression>(*expression).operand.get();
  }
  const auto* literal = expression != nullptr ? TryAs<IntLiteral>(*expression) : nullptr;
  if (literal == nullptr) return NoPartitioning(position);
  const int64_t value = std::strtoll(literal->text.c_str(), nullptr, 0);
  return negative ? -value : value;
}

// RANGE_BUCKET(column, GENERATE_ARRAY(start, end[, interval])).
absl::Status ApplyRange(const FunctionCall& call, catalog::Table& table) {
  const Expression* column = Argument(call, 0);
  const Expression* bounds = Argument(call, 1);
  const auto* array = bounds != nullptr ? TryAs<FunctionCall>(*bounds) : nullptr;
  if (column == nullptr || array == nullptr ||
      absl::AsciiStrToUpper(array->name.back().text) != "GENERATE_ARRAY" || array->arguments.size() < 2) {
    return NoPartitioning(call.position);
  }
  const schema::Column* found = table.schema.FindColumn(NameOf(*column));
  if (found == nullptr || !catalog::CanPartitionByRange(*found)) return NoPartitioning(call.position);
  catalog::RangePartitioning range;
  range.field = found->name;
  BQCDC_ASSIGN_OR_RETURN(range.start, IntOf(Argument(*array, 0), call.position));
  BQCDC_ASSIGN_OR_RETURN(range.end, IntOf(Argument(*array, 1), call.position));
  range.interval = 1;
  if (array->arguments.size() > 2) {
    BQCDC_ASSIGN_OR_RETURN(range.interval, IntOf(Argument(*array, 2), call.position));
  }
  if (range.interval <= 0 || range.start >= range.end) {
    return ErrorAt(call.position, "The range of PARTITION BY RANGE_BUCKET must not be empty");
  }
  table.range_partitioning = range;
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyPartitioning(const CreateTableStatement& statement, catalog::Table& table) {
  if (statement.partition_by.empty()) return absl::OkStatus();
  const Position& position = statement.partition_by_position;
  if (statement.partition_by.size() > 1) {
    return ErrorAt(position,
                   "Only a single PARTITION BY expression is supported but found multiple expressions");
  }
  const Expression& expression = *statement.partition_by[0];
  std::string function;
  std::string name = NameOf(expression);
  std::string part = "DAY";
  if (const auto* call = TryAs<FunctionCall>(expression); call != nullptr && call->name.size() == 1) {
    function = absl::AsciiStrToUpper(call->name[0].text);
    if (function == "RANGE_BUCKET") return ApplyRange(*call, table);
    const Expression* column = Argument(*call, 0);
    if (column == nullptr) return NoPartitioning(position);
    name = NameOf(*column);
    if (function != "DATE") {
      const Expression* granularity = Argument(*call, 1);
      if (granularity == nullptr) return NoPartitioning(position);
      part = absl::AsciiStrToUpper(NameOf(*granularity));
    }
  }
  if (part != "DAY" && part != "HOUR" && part != "MONTH" && part != "YEAR") return NoPartitioning(position);
  catalog::TimePartitioning partitioning;
  partitioning.type = part;
  const std::string upper = absl::AsciiStrToUpper(name);
  if (upper == "_PARTITIONDATE" || upper == "_PARTITIONTIME") {
    table.time_partitioning = partitioning;
    return absl::OkStatus();
  }
  const schema::Column* column = table.schema.FindColumn(name);
  if (column == nullptr) {
    return name.empty() ? NoPartitioning(position)
                        : ErrorAt(expression.position, "Unrecognized name: ", name);
  }
  const bool fits = (function.empty() && column->type == C::kDate) ||
                    (function == "DATE" && (column->type == C::kTimestamp || column->type == C::kDatetime)) ||
                    (function == "TIMESTAMP_TRUNC" && column->type == C::kTimestamp) ||
                    (function == "DATETIME_TRUNC" && column->type == C::kDatetime) ||
                    (function == "DATE_TRUNC" && column->type == C::kDate);
  if (!fits || !catalog::CanPartitionByTime(*column, part)) return NoPartitioning(position);
  partitioning.field = column->name;
  table.time_partitioning = partitioning;
  return absl::OkStatus();
}

absl::Status ApplyClustering(const CreateTableStatement& statement, catalog::Table& table) {
  if (statement.cluster_by.size() > catalog::kClusteringColumnsMax) {
    return ErrorAt(statement.cluster_by_position, "CLUSTER BY takes at most ", catalog::kClusteringColumnsMax,
                   " columns");
  }
  for (const ExpressionPtr& expression : statement.cluster_by) {
    const std::string name = NameOf(*expression);
    const schema::Column* column = table.schema.FindColumn(name);
    if (column == nullptr) return ErrorAt(expression->position, "Unrecognized name: ", name);
    if (!catalog::CanClusterBy(*column)) {
      return ErrorAt(expression->position, "CLUSTER BY expression ", name,
                     " has a type that does not support "
                     "clustering: ",
                     schema::SqlType(*column));
    }
    if (std::find(table.clustering.begin(), table.clustering.end(), column->name) != table.clustering.end())
      return ErrorAt(expression->position, "Duplicate clustering column: ", column->name);
    table.clustering.push_back(column->name);
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
