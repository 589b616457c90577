#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/sql/analyzer/resolved_query.h"

// Which names mean which columns at a place of the text.
namespace bqcdc::emulator::sql {

// A column under a name; with `field` a field of a STRUCT column (value tables show their fields as columns).
struct NamedColumn {
  std::string name;
  ColumnId id = 0;
  Type type;  // of the column `id`
  int field = -1;
  // Names that `*` does not show and that lookups find all the same.
  bool hidden = false;

  Type ValueType() const { return field < 0 ? type : type.fields()[field].type; }
  ResolvedExpressionPtr Reference() const;
};

// A table, subquery or array of FROM under its alias.
struct RangeVariable {
  std::string name;
  std::vector<NamedColumn> columns;
  // The rows are values of this one column (UNNEST, SELECT AS STRUCT/VALUE).
  std::optional<NamedColumn> value;
};

// What a FROM clause offers: columns in the order of `*`, and range variables.
struct NameList {
  std::vector<NamedColumn> columns;
  std::vector<RangeVariable> variables;
};

std::set<ColumnId> ColumnIdsOf(const NameList& names);
// Makes a range variable of the columns that are there.
void AddVariable(NameList& names, std::string name);
// Puts `from` behind what is there.
void AppendNames(NameList& to, NameList from);

// A FROM clause's names and those around it, whose columns are correlated.
struct Scope {
  const NameList* names = nullptr;
  const Scope* parent = nullptr;
};

struct NameMatch {
  enum class Kind { kNone, kColumn, kVariable, kAmbiguous } kind = Kind::kNone;
  const NamedColumn* column = nullptr;
  const RangeVariable* variable = nullptr;
};

// Range variables first, then columns, as in the service; the innermost scope that knows the name decides.
// Case is ignored.
NameMatch FindName(const Scope* scope, std::string_view name);
// Only among the names of one clause.
NameMatch FindName(const NameList& names, std::string_view name);
const NamedColumn* FindColumn(const std::vector<NamedColumn>& columns, std::string_view name,
                              bool* ambiguous);

}  // namespace bqcdc::emulator::sql
