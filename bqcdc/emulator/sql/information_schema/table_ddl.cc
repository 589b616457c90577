#include <algorithm>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/information_schema/information_schema.h"
#include "bqcdc/emulator/sql/parser/unparser.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/interval.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr double kMillisPerDay = 24.0 * 3600 * 1000;

std::string LabelsText(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [key, value] : labels) {
    base::StrAppend(&text, text.empty() ? "[STRUCT(" : ", STRUCT(", QuoteString(key), ", ",
                    QuoteString(value), ")");
  }
  return text + "]";
}

std::string PartitionText(const catalog::Table& table) {
  if (table.range_partitioning) {
    const catalog::RangePartitioning& range = *table.range_partitioning;
    return base::StrCat("RANGE_BUCKET(", QuoteIdentifier(range.field), ", GENERATE_ARRAY(", range.start, ", ",
                        range.end, ", ", range.interval, "))");
  }
  const catalog::TimePartitioning& time = *table.time_partitioning;
  if (time.field.empty()) {
    return time.type == "DAY" ? "_PARTITIONDATE"
                              : base::StrCat("TIMESTAMP_TRUNC(_PARTITIONTIME, ", time.type, ")");
  }
  const schema::Column* column = table.schema.FindColumn(time.field);
  const std::string name = QuoteIdentifier(time.field);
  const bool is_date = column == nullptr || column->type == schema::ColumnType::kDate;
  if (time.type == "DAY") return is_date ? name : base::StrCat("DATE(", name, ")");
  const char* function = is_date                                         ? "DATE_TRUNC("
                         : column->type == schema::ColumnType::kDatetime ? "DATETIME_TRUNC("
                                                                         : "TIMESTAMP_TRUNC(";
  return base::StrCat(function, name, ", ", time.type, ")");
}

}  // namespace

std::vector<TableOption> OptionsOf(const catalog::Table& table) {
  std::vector<TableOption> options;
  if (!table.description.empty())
    options.push_back({"description", "STRING", QuoteString(table.description)});
  if (table.expiration_time_ms) {
    options.push_back({"expiration_timestamp", "TIMESTAMP",
                       base::StrCat("TIMESTAMP \"",
                                    values::FormatTimestamp(*table.expiration_time_ms * 1000, "Z",
                                                            values::FractionDigits::kMilliMicro, 'T'),
                                    "\"")});
  }
  if (!table.friendly_name.empty())
    options.push_back({"friendly_name", "STRING", QuoteString(table.friendly_name)});
  if (!table.labels.empty()) {
    options.push_back({"labels", "ARRAY<STRUCT<STRING, STRING>>", LabelsText(table.labels)});
  }
  if (table.max_staleness_us) {
    options.push_back({"max_staleness", "INTERVAL", values::FormatInterval({0, 0, *table.max_staleness_us})});
  }
  if (table.time_partitioning && table.time_partitioning->expiration_ms) {
    const double days = static_cast<double>(*table.time_partitioning->expiration_ms) / kMillisPerDay;
    options.push_back({"partition_expiration_days", "FLOAT64", Float64ToText(days)});
  }
  if (table.require_partition_filter) options.push_back({"require_partition_filter", "BOOL", "true"});
  return options;
}

std::vector<TableOption> OptionsOf(const catalog::Dataset& dataset) {
  std::vector<TableOption> options;
  if (dataset.default_partition_expiration_ms) {
    const double days = static_cast<double>(*dataset.default_partition_expiration_ms) / kMillisPerDay;
    options.push_back({"default_partition_expiration_days", "FLOAT64", Float64ToText(days)});
  }
  if (dataset.default_table_expiration_ms) {
    const double days = static_cast<double>(*dataset.default_table_expiration_ms) / kMillisPerDay;
    options.push_back({"default_table_expiration_days", "FLOAT64", Float64ToText(days)});
  }
  if (!dataset.description.empty())
    options.push_back({"description", "STRING", QuoteString(dataset.description)});
  if (!dataset.friendly_name.empty())
    options.push_back({"friendly_name", "STRING", QuoteString(dataset.friendly_name)});
  if (!dataset.labels.empty()) {
    options.push_back({"labels", "ARRAY<STRUCT<STRING, STRING>>", LabelsText(dataset.labels)});
  }
  return options;
}

namespace {

std::string OptionsText(const catalog::Table& table) {
  std::string options;
  for (const TableOption& option : OptionsOf(table)) {
    const std::string value = option.name == "max_staleness"
                                  ? base::StrCat("INTERVAL '", option.value, "' YEAR TO SECOND")
                                  : option.value;
    base::StrAppend(&options, options.empty() ? "\nOPTIONS(\n  " : ",\n  ", option.name, "=", value);
  }
  return options.empty() ? options : options + "\n)";
}

std::string DescriptionText(const schema::Column& column) {
  return column.description.empty()
             ? ""
             : base::StrCat(" OPTIONS(description=", QuoteString(column.description), ")");
}

// The column, or field of a STRUCT, as a definition that makes it again.
std::string DefinitionText(const schema::Column& column) {
  std::string type;
  for (const schema::Column& field : column.fields) {
    base::StrAppend(&type, type.empty() ? "STRUCT<" : ", ", DefinitionText(field));
  }
  if (type.empty()) {
    type = schema::SqlType(column);
  } else {
    type = base::StrCat(column.repeated() ? "ARRAY<" : "", type, column.repeated() ? ">>" : ">");
  }
  return base::StrCat(
      QuoteIdentifier(column.name), " ", type, column.default_value_expression.empty() ? "" : " DEFAULT ",
      column.default_value_expression, column.required() ? " NOT NULL" : "", DescriptionText(column));
}

std::string ViewDdl(const catalog::Table& view) {
  const std::vector<schema::Column>& shown = view.schema.columns;
  const bool has_list =
      !view.view->columns.empty() ||
      std::any_of(shown.begin(), shown.end(), [](const auto& column) { return !column.description.empty(); });
  std::string columns;
  for (size_t i = 0; has_list && i < shown.size(); ++i) {
    base::StrAppend(&columns, i == 0 ? "\n(\n  " : ",\n  ", QuoteIdentifier(shown[i].name),
                    DescriptionText(shown[i]));
  }
  return base::StrCat("CREATE VIEW `", view.id.project, ".", view.id.dataset, ".", view.id.table, "`",
                      columns, columns.empty() ? "" : "\n)", OptionsText(view), "\nAS ", view.view->query,
                      ";");
}

}  // namespace

std::string DdlOf(const catalog::Table& table) {
  if (table.view) return ViewDdl(table);
  std::string text =
      base::StrCat("CREATE TABLE `", table.id.project, ".", table.id.dataset, ".", table.id.table, "`\n(");
  bool first = true;
  for (const schema::Column& column : table.schema.columns) {
    base::StrAppend(&text, first ? "\n  " : ",\n  ", DefinitionText(column));
    first = false;
  }
  if (table.has_primary_key()) {
    std::string key;
    for (const std::string& column : table.schema.primary_key) {
      base::StrAppend(&key, key.empty() ? "" : ", ", QuoteIdentifier(column));
    }
    base::StrAppend(&text, first ? "\n  " : ",\n  ", "PRIMARY KEY (", key, ") NOT ENFORCED");
  }
  text += "\n)";
  if (table.time_partitioning || table.range_partitioning) {
    base::StrAppend(&text, "\nPARTITION BY ", PartitionText(table));
  }
  for (size_t i = 0; i < table.clustering.size(); ++i) {
    base::StrAppend(&text, i == 0 ? "\nCLUSTER BY " : ", ", QuoteIdentifier(table.clustering[i]));
  }
  return base::StrCat(text, OptionsText(table), ";");
}

}  // namespace bqcdc::emulator::sql
