#include "bqcdc/emulator/sql/analyzer/scope.h"

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::sql {

namespace {
bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(base::ToAbsl(a), base::ToAbsl(b));
}
}  // namespace

ResolvedExpressionPtr NamedColumn::Reference() const {
  ResolvedExpressionPtr column = std::make_unique<ResolvedColumn>(id, type);
  if (field < 0) return column;
  return std::make_unique<ResolvedGetField>(std::move(column), field);
}

std::set<ColumnId> ColumnIdsOf(const NameList& names) {
  std::set<ColumnId> ids;
  for (const NamedColumn& column : names.columns) ids.insert(column.id);
  for (const RangeVariable& variable : names.variables) {
    for (const NamedColumn& column : variable.columns) ids.insert(column.id);
    if (variable.value) ids.insert(variable.value->id);
  }
  return ids;
}

const NamedColumn* FindColumn(const std::vector<NamedColumn>& columns, std::string_view name,
                              bool* ambiguous) {
  const NamedColumn* found = nullptr;
  *ambiguous = false;
  for (const NamedColumn& column : columns) {
    if (!SameName(column.name, name)) continue;
    if (found != nullptr && (found->id != column.id || found->field != column.field)) *ambiguous = true;
    if (found == nullptr) found = &column;
  }
  return found;
}

NameMatch FindName(const NameList& names, std::string_view name) {
  NameMatch match;
  for (const RangeVariable& variable : names.variables) {
    if (!SameName(variable.name, name)) continue;
    match.kind = NameMatch::Kind::kVariable;
    match.variable = &variable;
    return match;
  }
  bool ambiguous = false;
  const NamedColumn* column = FindColumn(names.columns, name, &ambiguous);
  if (ambiguous) {
    match.kind = NameMatch::Kind::kAmbiguous;
    return match;
  }
  if (column != nullptr) {
    match.kind = NameMatch::Kind::kColumn;
    match.column = column;
    return match;
  }
  return match;
}

NameMatch FindName(const Scope* scope, std::string_view name) {
  for (; scope != nullptr; scope = scope->parent) {
    NameMatch match = FindName(*scope->names, name);
    if (match.kind != NameMatch::Kind::kNone) return match;
  }
  return {};
}

void AddVariable(NameList& names, std::string name) {
  RangeVariable variable;
  variable.name = std::move(name);
  variable.columns = names.columns;
  names.variables.push_back(std::move(variable));
}

void AppendNames(NameList& to, NameList from) {
  for (NamedColumn& column : from.columns) to.columns.push_back(std::move(column));
  for (RangeVariable& variable : from.variables) to.variables.push_back(std::move(variable));
}

}  // namespace bqcdc::emulator::sql
