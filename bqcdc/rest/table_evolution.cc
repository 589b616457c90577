#include "bqcdc/rest/table_evolution.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::rest {
namespace {

using schema::Column;
using schema::ColumnType;

// Where another writer changes the table at the same time, what is left is looked at again.
constexpr int kAttemptsMax = 3;

bool IsWidening(ColumnType from, ColumnType to) {
  switch (from) {
    case ColumnType::kInt64:
      return to == ColumnType::kNumeric || to == ColumnType::kBigNumeric || to == ColumnType::kFloat64;
    case ColumnType::kNumeric:
      return to == ColumnType::kBigNumeric || to == ColumnType::kFloat64;
    default:
      return false;
  }
}

// Whether every value within limit `from` is within limit `to`; unset = no limit.
bool IsWithin(const std::optional<int64_t>& from, const std::optional<int64_t>& to) {
  return !to.has_value() || (from.has_value() && *from <= *to);
}

bool ParametersWiden(const Column& from, const Column& to) {
  if (!IsWithin(from.max_length, to.max_length)) return false;
  if (!to.precision.has_value()) return true;
  if (!from.precision.has_value()) return false;
  // Neither the digits before the point nor those behind it may become fewer.
  const int64_t from_scale = from.scale.value_or(0), to_scale = to.scale.value_or(0);
  return to_scale >= from_scale && *to.precision - to_scale >= *from.precision - from_scale;
}

bool SameParameters(const Column& a, const Column& b) {
  return a.max_length == b.max_length && a.precision == b.precision &&
         a.scale.value_or(0) == b.scale.value_or(0);
}

class Evolution {
 public:
  Evolution(const TableName& name, const schema::TableSchema& existing) : name_(name), existing_(existing) {}

  void Want(const Column& wanted) {
    const Column* const is = existing_.FindColumn(wanted.name);
    if (is == nullptr) return Add(wanted);
    if (wanted.repeated() != is->repeated()) return Differ(wanted, *is);
    // Nested fields are changed through tables.patch only; as long as they are the same there is nothing to
    // do.
    if (wanted.type != is->type) {
      if (!IsWidening(is->type, wanted.type)) return Differ(wanted, *is);
      Alter(wanted, absl::StrCat("SET DATA TYPE ", schema::SqlType(wanted)));
    } else if (wanted.fields != is->fields || wanted.range_element_type != is->range_element_type ||
               wanted.picoseconds() != is->picoseconds()) {
      return Differ(wanted, *is);
    } else if (!SameParameters(wanted, *is)) {
      if (!ParametersWiden(*is, wanted)) return Differ(wanted, *is);
      Alter(wanted, absl::StrCat("SET DATA TYPE ", schema::SqlType(wanted)));
    }
    if (wanted.required() && !is->required()) return Differ(wanted, *is);
    const bool is_key = existing_.KeyPosition(wanted.name).has_value();
    if (is->required() && !wanted.required() && !is_key) Alter(wanted, "DROP NOT NULL");
  }

  std::vector<std::string> statements;
  std::vector<std::string> differences;

 private:
  void Add(const Column& wanted) {
    if (wanted.required()) {
      differences.push_back(
          absl::StrCat("column ", wanted.name, ": is missing, and a REQUIRED column cannot be added"));
      return;
    }
    statements.push_back(absl::StrCat("ALTER TABLE ", name_.Quoted(), " ADD COLUMN IF NOT EXISTS `",
                                      wanted.name, "` ", schema::SqlType(wanted)));
  }
  void Alter(const Column& wanted, const std::string& change) {
    statements.push_back(
        absl::StrCat("ALTER TABLE ", name_.Quoted(), " ALTER COLUMN `", wanted.name, "` ", change));
  }
  void Differ(const Column& wanted, const Column& is) {
    const auto describe = [](const Column& column) {
      return absl::StrCat(schema::SqlType(column), column.required() ? " NOT NULL" : "");
    };
    differences.push_back(
        absl::StrCat("column ", wanted.name, ": wanted ", describe(wanted), ", is ", describe(is)));
  }

  const TableName& name_;
  const schema::TableSchema& existing_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> EvolutionStatements(const TableName& name,
                                                             const std::vector<Column>& wanted,
                                                             const schema::TableSchema& existing) {
  Evolution evolution(name, existing);
  for (const Column& column : wanted) evolution.Want(column);
  if (evolution.differences.empty()) return evolution.statements;
  return absl::FailedPreconditionError(absl::StrCat(
      "table ", name.ToString(), " cannot be changed to what is wanted without rewriting it:\n  ",
      absl::StrJoin(evolution.differences, "\n  ")));
}

absl::StatusOr<int> EvolveTable(const BigQueryClient& client, const TableName& name,
                                const std::vector<Column>& wanted) {
  int count = 0;
  for (int attempt = 1;; ++attempt) {
    BQCDC_ASSIGN_OR_RETURN(const TableResource table, client.GetTable(name));
    BQCDC_ASSIGN_OR_RETURN(const std::vector<std::string> statements,
                           EvolutionStatements(name, wanted, table.schema));
    if (statements.empty()) return count;
    if (attempt > kAttemptsMax) {
      return absl::AbortedError(absl::StrCat(
          "table ", name.ToString(), " does not come to what is wanted; left is: ", statements.front()));
    }
    for (const std::string& statement : statements) {
      BQCDC_RETURN_IF_ERROR(client.QueryAll(statement).status());
      ++count;
    }
  }
}

}  // namespace bqcdc::rest
