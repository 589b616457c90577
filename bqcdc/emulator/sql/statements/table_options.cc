#include <cmath>
#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/catalog/label_rules.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/definition.h"

namespace bqcdc::emulator::sql {
namespace {

absl::StatusOr<Value> OptionValue(Evaluation& evaluation, const OptionEntry& entry, const Type& type) {
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, evaluation.analyzer().AnalyzeConstant(*entry.value));
  const std::string given = value->type.ToString();
  auto coerced = evaluation.analyzer().CoerceForAssignment(std::move(value), type, entry.name.text);
  if (!coerced.ok()) {
    return ErrorAt(entry.value->position, "Option ", entry.name.text, " expects a value of type ",
                   type.ToString(), " but got ", given);
  }
  return evaluation.Constant(**coerced);
}

absl::Status ApplyMaxStaleness(Evaluation& evaluation, const OptionEntry& entry, catalog::Table& table) {
  BQCDC_ASSIGN_OR_RETURN(const Value value, OptionValue(evaluation, entry, TypeKind::kInterval));
  if (value.is_null) {
    // The option's row stays, with a length of nothing.
    table.max_staleness_us = 0;
    return absl::OkStatus();
  }
  const __int128 micros = std::get<values::Interval>(value.scalar).TotalMicros();
  if (micros < 0 || micros > kMaxStalenessMicrosMax) {
    return ErrorAt(entry.value->position, "max_staleness must be between 0 and 24 hours");
  }
  table.max_staleness_us = static_cast<int64_t>(micros);
  return absl::OkStatus();
}

absl::Status ApplyPartitionExpiration(Evaluation& evaluation, const OptionEntry& entry,
                                      catalog::Table& table) {
  BQCDC_ASSIGN_OR_RETURN(const std::optional<int64_t> expiration_ms, ExpirationOption(evaluation, entry));
  if (!table.time_partitioning) {
    return ErrorAt(entry.name.position,
                   "partition_expiration_days can only be set on a time-partitioned table");
  }
  table.time_partitioning->expiration_ms = expiration_ms;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> ExpirationOption(Evaluation& evaluation, const OptionEntry& entry) {
  BQCDC_ASSIGN_OR_RETURN(const Value value, OptionValue(evaluation, entry, TypeKind::kFloat64));
  if (value.is_null) return std::nullopt;
  constexpr double kMillisPerDay = 24.0 * 3600 * 1000;
  constexpr double kDaysMax = 3'660'000;
  const double days = std::get<double>(value.scalar);
  if (!(days > 0) || days > kDaysMax) {
    return ErrorAt(entry.value->position, entry.name.text, " must be positive");
  }
  return static_cast<int64_t>(std::llround(days * kMillisPerDay));
}

absl::StatusOr<std::string> StringOption(Evaluation& evaluation, const OptionEntry& entry) {
  BQCDC_ASSIGN_OR_RETURN(const Value value, OptionValue(evaluation, entry, TypeKind::kString));
  return value.is_null ? std::string() : std::get<std::string>(value.scalar);
}

absl::StatusOr<std::map<std::string, std::string>> LabelsOption(Evaluation& evaluation,
                                                                const OptionEntry& entry) {
  const Type pair = Type::Struct({{"", TypeKind::kString}, {"", TypeKind::kString}});
  BQCDC_ASSIGN_OR_RETURN(const Value value, OptionValue(evaluation, entry, Type::Array(pair)));
  std::map<std::string, std::string> labels;
  for (const Value& label : value.children) {
    if (label.is_null || label.children[0].is_null || label.children[1].is_null) {
      return ErrorAt(entry.value->position, "A label needs a key and a value");
    }
    const std::string& key = std::get<std::string>(label.children[0].scalar);
    if (!labels.emplace(key, std::get<std::string>(label.children[1].scalar)).second) {
      return ErrorAt(entry.value->position, "Label key '", key, "' is given twice");
    }
  }
  BQCDC_RETURN_IF_ERROR(catalog::CheckLabels(labels));
  return labels;
}

absl::StatusOr<std::string> ColumnDescription(Evaluation& evaluation, const OptionsList& options) {
  std::string description;
  for (const OptionEntry& entry : options.entries) {
    if (absl::AsciiStrToLower(entry.name.text) != "description") {
      return Unsupported(entry.name.position, "column option ", entry.name.text);
    }
    BQCDC_ASSIGN_OR_RETURN(description, StringOption(evaluation, entry));
  }
  return description;
}

absl::Status ApplyTableOptions(Evaluation& evaluation, const OptionsList& options, catalog::Table& table) {
  for (const OptionEntry& entry : options.entries) {
    const std::string name = absl::AsciiStrToLower(entry.name.text);
    if (name == "max_staleness") {
      BQCDC_RETURN_IF_ERROR(ApplyMaxStaleness(evaluation, entry, table));
    } else if (name == "description") {
      BQCDC_ASSIGN_OR_RETURN(table.description, StringOption(evaluation, entry));
    } else if (name == "friendly_name") {
      BQCDC_ASSIGN_OR_RETURN(table.friendly_name, StringOption(evaluation, entry));
    } else if (name == "labels") {
      BQCDC_ASSIGN_OR_RETURN(table.labels, LabelsOption(evaluation, entry));
    } else if (name == "expiration_timestamp") {
      BQCDC_ASSIGN_OR_RETURN(const Value value, OptionValue(evaluation, entry, TypeKind::kTimestamp));
      table.expiration_time_ms.reset();
      if (!value.is_null) table.expiration_time_ms = std::get<int64_t>(value.scalar) / 1000;
    } else if (name == "partition_expiration_days") {
      BQCDC_RETURN_IF_ERROR(ApplyPartitionExpiration(evaluation, entry, table));
    } else if (name == "require_partition_filter") {
      BQCDC_ASSIGN_OR_RETURN(const Value value, OptionValue(evaluation, entry, TypeKind::kBool));
      table.require_partition_filter = !value.is_null && std::get<bool>(value.scalar);
      if (table.require_partition_filter && !table.time_partitioning && !table.range_partitioning) {
        return ErrorAt(entry.name.position,
                       "require_partition_filter can only be set on a partitioned table");
      }
    } else {
      return Unsupported(entry.name.position, "table option ", entry.name.text);
    }
  }
  return absl::OkStatus();
}

absl::Status ApplyViewOptions(Evaluation& evaluation, const OptionsList& options, catalog::Table& view) {
  static const std::set<std::string>* const known =
      new std::set<std::string>{"description", "friendly_name", "labels", "expiration_timestamp"};
  for (const OptionEntry& entry : options.entries) {
    if (!known->contains(absl::AsciiStrToLower(entry.name.text))) {
      return Unsupported(entry.name.position, "view option ", entry.name.text);
    }
  }
  return ApplyTableOptions(evaluation, options, view);
}

}  // namespace bqcdc::emulator::sql
