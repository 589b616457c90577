#include "bqcdc/schema/inline_schema.h"

#include <charconv>
#include <string>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::schema {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes the text up to the next comma outside of parentheses and angle brackets.
std::string_view TakeItem(std::string_view* text) {
  int depth = 0;
  size_t end = 0;
  for (; end < text->size(); ++end) {
    const char c = (*text)[end];
    if (c == '(' || c == '<') ++depth;
    if (c == ')' || c == '>') --depth;
    if (c == ',' && depth <= 0) break;
  }
  const std::string_view item = text->substr(0, end);
  text->remove_prefix(end);
  return item;
}

absl::Status ParseParameters(std::string_view text, Column* column) {
  std::vector<int64_t> numbers;
  for (;;) {
    const std::string_view item = Trim(TakeItem(&text));
    int64_t number = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), number);
    if (error != std::errc() || end != item.data() + item.size()) {
      return base::InvalidArgument("type parameters must be integers, not \"", item, "\"");
    }
    numbers.push_back(number);
    if (text.empty()) break;
    text.remove_prefix(1);
  }
  const bool is_decimal = column->type == ColumnType::kNumeric || column->type == ColumnType::kBigNumeric;
  if (numbers.size() > (is_decimal ? 2u : 1u)) return base::InvalidArgument("too many type parameters");
  switch (column->type) {
    case ColumnType::kString:
    case ColumnType::kBytes:
      column->max_length = numbers[0];
      break;
    case ColumnType::kTimestamp:
      if (numbers[0] != 6) column->timestamp_precision = numbers[0];
      break;
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      column->precision = numbers[0];
      if (numbers.size() == 2) column->scale = numbers[1];
      break;
    default:
      return base::InvalidArgument(SqlName(column->type), " takes no parameters");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseScalarType(std::string_view text, Column* column) {
  text = Trim(text);
  const size_t name_end = std::min(text.find_first_of("(<"), text.size());
  const std::string_view name = Trim(text.substr(0, name_end));
  const std::optional<ColumnType> type = FindColumnType(name);
  if (name == "ARRAY" || name == "array" || type == ColumnType::kStruct) {
    return base::InvalidArgument("nested type ", name, " needs a schema file (--schema @FILE)");
  }
  if (!type.has_value()) return base::InvalidArgument("unknown type \"", name, "\"");
  column->type = *type;
  const std::string_view rest = text.substr(name_end);
  if (rest.empty()) return absl::OkStatus();
  const bool angle = rest.front() == '<';
  if (rest.size() < 3 || rest.back() != (angle ? '>' : ')') || angle != (type == ColumnType::kRange)) {
    return base::InvalidArgument("malformed type \"", text, "\"");
  }
  const std::string_view inner = rest.substr(1, rest.size() - 2);
  if (!angle) return ParseParameters(inner, column);
  column->range_element_type = FindColumnType(Trim(inner));
  if (!column->range_element_type.has_value()) return base::InvalidArgument("unknown type \"", inner, "\"");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Column>> ParseInlineSchema(std::string_view text, UntypedColumn untyped) {
  std::vector<Column> columns;
  for (;;) {
    const std::string_view item = Trim(TakeItem(&text));
    const size_t colon = std::min(item.find(':'), item.size());
    Column column;
    column.name = std::string(Trim(item.substr(0, colon)));
    if (column.name.empty())
      return base::InvalidArgument("the schema has an empty column; write name:TYPE,name:TYPE");
    if (colon < item.size()) {
      const absl::Status status = ParseScalarType(item.substr(colon + 1), &column);
      if (!status.ok())
        return base::InvalidArgument("column ", column.name, ": ", base::ToStd(status.message()));
    } else if (untyped == UntypedColumn::kIsRefused) {
      return base::InvalidArgument("column ", column.name, " has no type; write ", column.name,
                                   ":STRING, or whatever it is, or @FILE with BigQuery's JSON schema");
    }
    columns.push_back(std::move(column));
    if (text.empty()) break;
    text.remove_prefix(1);
  }
  BQCDC_RETURN_IF_ERROR(ValidateColumns(columns));
  return columns;
}

}  // namespace bqcdc::schema
