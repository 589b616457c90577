#include "bqcdc/emulator/sql/parser/ast.h"

#include <string>

#include "bqcdc/base/strings.h"

// Special members that need the complete type of a child declared in a later header.

namespace bqcdc::emulator::sql {

std::string FormatPosition(const Position& position) {
  return base::StrCat("[", position.line, ":", position.column, "]");
}

TypeName::TypeName() = default;
TypeName::~TypeName() = default;

StructTypeField::StructTypeField() = default;
StructTypeField::~StructTypeField() = default;
StructTypeField::StructTypeField(StructTypeField&&) noexcept = default;
StructTypeField& StructTypeField::operator=(StructTypeField&&) noexcept = default;

ValueSet::ValueSet() = default;
ValueSet::~ValueSet() = default;
ValueSet::ValueSet(ValueSet&&) noexcept = default;
ValueSet& ValueSet::operator=(ValueSet&&) noexcept = default;

FunctionArgument::FunctionArgument() = default;
FunctionArgument::~FunctionArgument() = default;
FunctionArgument::FunctionArgument(FunctionArgument&&) noexcept = default;
FunctionArgument& FunctionArgument::operator=(FunctionArgument&&) noexcept = default;

SubqueryExpression::SubqueryExpression() = default;
SubqueryExpression::~SubqueryExpression() = default;

TableSubquery::TableSubquery() = default;
TableSubquery::~TableSubquery() = default;

NestedQuery::NestedQuery() = default;
NestedQuery::~NestedQuery() = default;

WithEntry::WithEntry() = default;
WithEntry::~WithEntry() = default;
WithEntry::WithEntry(WithEntry&&) noexcept = default;
WithEntry& WithEntry::operator=(WithEntry&&) noexcept = default;

}  // namespace bqcdc::emulator::sql
