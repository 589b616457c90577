#include "bqcdc/rest/table_evolution.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::rest {
namespace {

using Json = nlohmann::json;
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

// The element of `fields`, as the REST API writes them, that has this name.
Json& FieldOf(Json& fields, const std::string& name) {
  for (Json& field : fields) {
    if (absl::EqualsIgnoreCase(field.value("name", ""), name)) return field;
  }
  return fields.emplace_back(Json{{"name", name}});  // Not of this table: `fields` and its columns are one.
}

class Evolution {
 public:
  Evolution(const TableName& name, const TableResource& existing)
      : name_(name), existing_(existing.schema), fields_(Json::parse(existing.schema_fields)) {}

  void Want(const Column& wanted) {
    const Column* const is = existing_.FindColumn(wanted.name);
    if (is == nullptr) return Add(wanted);
    if (wanted.repeated() != is->repeated()) return Differ(wanted.name, wanted, *is);
    if (wanted.type != is->type) {
      if (!IsWidening(is->type, wanted.type)) return Differ(wanted.name, wanted, *is);
      Alter(wanted, absl::StrCat("SET DATA TYPE ", schema::SqlType(wanted)));
    } else if (!SameKind(wanted, *is)) {
      return Differ(wanted.name, wanted, *is);
    } else if (!SameParameters(wanted, *is)) {
      if (!ParametersWiden(*is, wanted)) return Differ(wanted.name, wanted, *is);
      Alter(wanted, absl::StrCat("SET DATA TYPE ", schema::SqlType(wanted)));
    }
    if (wanted.required() && !is->required()) return Differ(wanted.name, wanted, *is);
    const bool is_key = existing_.KeyPosition(wanted.name).has_value();
    if (is->required() && !wanted.required() && !is_key) Alter(wanted, "DROP NOT NULL");
    if (wanted.type == ColumnType::kStruct)
      WantFields(wanted.name, wanted, *is, FieldOf(fields_, wanted.name));
  }

  EvolutionPlan TakePlan() {
    if (fields_changed_) plan_.schema_fields = fields_.dump(-1, ' ', false, Json::error_handler_t::replace);
    return std::move(plan_);
  }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  static bool SameKind(const Column& a, const Column& b) {
    return a.type == b.type && a.range_element_type == b.range_element_type &&
           a.picoseconds() == b.picoseconds();
  }

  // The fields of the STRUCT at `path`, and those within them; `json` is that STRUCT as REST writes it.
  void WantFields(const std::string& path, const Column& wanted, const Column& is, Json& json) {
    for (const Column& field : wanted.fields) {
      const std::string at = absl::StrCat(path, ".", field.name);
      const Column* const old = schema::FindColumnIn(is.fields, field.name);
      if (old == nullptr) {
        if (field.required()) {
          DifferRequired(at);
          continue;
        }
        json["fields"].push_back(schema::ColumnsToJson({field}).front());
        fields_changed_ = true;
        continue;
      }
      const bool tightened = field.required() && !old->required();
      if (tightened || field.repeated() != old->repeated() || !SameKind(field, *old) ||
          !SameParameters(field, *old)) {
        Differ(at, field, *old);
        continue;
      }
      Json& kept = FieldOf(json["fields"], field.name);
      if (old->required() && !field.required()) {
        kept["mode"] = schema::ModeName(field.mode);
        fields_changed_ = true;
      }
      if (field.type == ColumnType::kStruct) WantFields(at, field, *old, kept);
    }
  }
  void Add(const Column& wanted) {
    if (wanted.required()) return DifferRequired(wanted.name);
    plan_.statements.push_back(absl::StrCat("ALTER TABLE ", name_.Quoted(), " ADD COLUMN IF NOT EXISTS `",
                                            wanted.name, "` ", schema::SqlType(wanted)));
  }
  void Alter(const Column& wanted, const std::string& change) {
    plan_.statements.push_back(
        absl::StrCat("ALTER TABLE ", name_.Quoted(), " ALTER COLUMN `", wanted.name, "` ", change));
  }
  void DifferRequired(const std::string& path) {
    differences_.push_back(
        absl::StrCat("column ", path, ": is missing, and a REQUIRED column cannot be added"));
  }
  void Differ(const std::string& path, const Column& wanted, const Column& is) {
    const auto describe = [](const Column& column) {
      return absl::StrCat(schema::SqlType(column), column.required() ? " NOT NULL" : "");
    };
    differences_.push_back(
        absl::StrCat("column ", path, ": wanted ", describe(wanted), ", is ", describe(is)));
  }

  const TableName& name_;
  const schema::TableSchema& existing_;
  Json fields_;
  bool fields_changed_ = false;
  EvolutionPlan plan_;
  std::vector<std::string> differences_;
};

}  // namespace

absl::StatusOr<EvolutionPlan> PlanEvolution(const TableName& name, const std::vector<Column>& wanted,
                                            const TableResource& existing) {
  Evolution evolution(name, existing);
  for (const Column& column : wanted) evolution.Want(column);
  if (evolution.differences().empty()) return evolution.TakePlan();
  return absl::FailedPreconditionError(absl::StrCat(
      "table ", name.ToString(), " cannot be changed to what is wanted by adding and widening:\n  ",
      absl::StrJoin(evolution.differences(), "\n  ")));
}

absl::StatusOr<int> EvolveTable(const BigQueryClient& client, const TableName& name,
                                const std::vector<Column>& wanted) {
  int count = 0;
  for (int attempt = 1;; ++attempt) {
    BQCDC_ASSIGN_OR_RETURN(const TableResource table, client.GetTable(name));
    BQCDC_ASSIGN_OR_RETURN(const EvolutionPlan plan, PlanEvolution(name, wanted, table));
    if (plan.empty()) return count;
    if (attempt > kAttemptsMax) {
      return absl::AbortedError(
          absl::StrCat("table ", name.ToString(), " does not come to what is wanted; left is: ",
                       plan.statements.empty() ? "fields within a STRUCT" : plan.statements.front()));
    }
    if (!plan.schema_fields.empty()) {
      // First, while the etag is the one that was read.
      const absl::Status set = client.SetTableFields(name, plan.schema_fields, table.etag);
      if (set.code() == absl::StatusCode::kFailedPrecondition) continue;  // Another change came between.
      BQCDC_RETURN_IF_ERROR(set);
      ++count;
    }
    for (const std::string& statement : plan.statements) {
      BQCDC_RETURN_IF_ERROR(client.QueryAll(statement).status());
      ++count;
    }
  }
}

}  // namespace bqcdc::rest
