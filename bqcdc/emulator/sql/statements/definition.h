#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"
#include "bqcdc/schema/table_schema.h"

// The parts of CREATE and ALTER TABLE
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language).
namespace bqcdc::emulator::sql {

// The longest max_staleness of a CDC table. The documentation names no number for such tables.
inline constexpr int64_t kMaxStalenessMicrosMax = 24LL * 3600 * 1'000'000;

// A column with its type, parameters, nested fields, default and description. PRIMARY KEY is the caller's.
absl::StatusOr<schema::Column> ColumnOfDefinition(Evaluation& evaluation, const ColumnDefinition& definition);
absl::StatusOr<schema::Column> ColumnOfTypeName(Evaluation& evaluation, const TypeName& type,
                                                const std::string& name);
// The text of a default that the column may have, checked for form and type.
absl::StatusOr<std::string> DefaultOf(Evaluation& evaluation, const Expression& expression,
                                      const schema::Column& column);
// Refuses a key that is declared without NOT ENFORCED.
absl::Status RequireNotEnforced(bool enforced, const Position& position);

// Puts OPTIONS(...) of a table into `table`. An option that the server does not know is refused by name.
absl::Status ApplyTableOptions(Evaluation& evaluation, const OptionsList& options, catalog::Table& table);
// OPTIONS(...) of a view: the descriptive ones only.
absl::Status ApplyViewOptions(Evaluation& evaluation, const OptionsList& options, catalog::Table& view);
// description = '...' of a column; nothing else.
absl::StatusOr<std::string> ColumnDescription(Evaluation& evaluation, const OptionsList& options);
// A constant STRING option; NULL is the empty text.
absl::StatusOr<std::string> StringOption(Evaluation& evaluation, const OptionEntry& entry);
// How long something is kept, given in days, in milliseconds; NULL is unset.
absl::StatusOr<std::optional<int64_t>> ExpirationOption(Evaluation& evaluation, const OptionEntry& entry);
absl::StatusOr<std::map<std::string, std::string>> LabelsOption(Evaluation& evaluation,
                                                                const OptionEntry& entry);

absl::Status ApplyPartitioning(const CreateTableStatement& statement, catalog::Table& table);
absl::Status ApplyClustering(const CreateTableStatement& statement, catalog::Table& table);

}  // namespace bqcdc::emulator::sql
