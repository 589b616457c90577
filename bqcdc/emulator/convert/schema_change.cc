#include "bqcdc/emulator/convert/schema_change.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::convert {
namespace {

using schema::Column;
using schema::ColumnMode;

absl::Status Mismatch(const std::string& table, const std::string& what) {
  return errors::Invalid(base::StrCat("Provided Schema does not match Table ", table, ". ", what));
}

// `changed` begins with the columns of `existing`. Returns what is another change than a description's, ""
// for nothing.
std::string OtherChange(const std::vector<Column>& existing, const std::vector<Column>& changed,
                        const std::string& prefix) {
  for (size_t i = 0; i < existing.size(); ++i) {
    const std::string path = prefix + existing[i].name;
    Column own = changed[i];
    own.description = existing[i].description;
    own.fields = existing[i].fields;
    if (own != existing[i]) return base::StrCat("Field ", path, " of a view can change its description only");
    std::string inner = OtherChange(existing[i].fields, changed[i].fields, path + ".");
    if (!inner.empty()) return inner;
  }
  if (changed.size() == existing.size()) return "";
  return base::StrCat("Cannot add fields (field: ", prefix, changed[existing.size()].name, ")");
}

class ColumnChange {
 public:
  explicit ColumnChange(const std::string& table) : table_(table) {}

  absl::StatusOr<std::vector<Column>> Change(const std::vector<Column>& existing,
                                             const std::vector<Column>& wanted,
                                             const std::string& prefix) const {
    std::vector<Column> changed;
    for (const Column& column : existing) {
      const Column* replacement = schema::FindColumnIn(wanted, column.name);
      if (replacement == nullptr) {
        return Mismatch(base::StrCat("Field ", prefix, column.name, " is missing in new schema"));
      }
      BQCDC_ASSIGN_OR_RETURN(Column merged, ChangeColumn(column, *replacement, prefix + column.name));
      changed.push_back(std::move(merged));
    }
    for (const Column& column : wanted) {
      if (schema::FindColumnIn(existing, column.name) != nullptr) continue;
      if (column.required()) {
        return Mismatch(base::StrCat("Cannot add required fields to an existing schema. (field: ", prefix,
                                     column.name, ")"));
      }
      changed.push_back(column);
    }
    return changed;
  }

 private:
  absl::Status Mismatch(const std::string& what) const { return convert::Mismatch(table_, what); }

  // One column's own change; `path` names it.
  absl::StatusOr<Column> ChangeColumn(const Column& existing, const Column& wanted,
                                      const std::string& path) const {
    if (existing.type != wanted.type || existing.range_element_type != wanted.range_element_type ||
        existing.timestamp_precision != wanted.timestamp_precision) {
      return Mismatch(base::StrCat("Field ", path, " has changed type from ", schema::RestName(existing.type),
                                   " to ", schema::RestName(wanted.type)));
    }
    const bool relaxed = existing.required() && wanted.mode == ColumnMode::kNullable;
    if (existing.mode != wanted.mode && !relaxed) {
      return Mismatch(base::StrCat("Field ", path, " has changed mode from ", schema::ModeName(existing.mode),
                                   " to ", schema::ModeName(wanted.mode)));
    }
    BQCDC_RETURN_IF_ERROR(CheckParameters(existing, wanted, path));
    Column changed = wanted;
    changed.name = existing.name;
    BQCDC_ASSIGN_OR_RETURN(changed.fields, Change(existing.fields, wanted.fields, path + "."));
    return changed;
  }

  // A longer STRING, a wider NUMERIC, or no limit any more.
  absl::Status CheckParameters(const Column& existing, const Column& wanted, const std::string& path) const {
    const bool shorter =
        wanted.max_length && (!existing.max_length || *wanted.max_length < *existing.max_length);
    const auto integer_digits = [](const Column& c) { return *c.precision - c.scale.value_or(0); };
    const bool narrower =
        wanted.precision && (!existing.precision || integer_digits(wanted) < integer_digits(existing) ||
                             wanted.scale.value_or(0) < existing.scale.value_or(0));
    if (!shorter && !narrower) return absl::OkStatus();
    return Mismatch(base::StrCat("Field ", path, " has narrowed its type from ",
                                 schema::SqlType(existing, true), " to ", schema::SqlType(wanted, true)));
  }

  const std::string& table_;
};

}  // namespace

absl::StatusOr<std::vector<Column>> ChangeColumns(const std::vector<Column>& existing,
                                                  const std::vector<Column>& wanted,
                                                  const std::string& table) {
  return ColumnChange(table).Change(existing, wanted, "");
}

absl::StatusOr<std::vector<Column>> DescribeColumns(const std::vector<Column>& existing,
                                                    const std::vector<Column>& wanted,
                                                    const std::string& view) {
  BQCDC_ASSIGN_OR_RETURN(std::vector<Column> changed, ChangeColumns(existing, wanted, view));
  const std::string other = OtherChange(existing, changed, "");
  if (!other.empty()) return Mismatch(view, other);
  return changed;
}

}  // namespace bqcdc::emulator::convert
