#pragma once

#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/parser/literal_text.h"  // QuoteIdentifier and friends

namespace bqcdc::emulator::sql {

struct UnparseOptions {
  // Put parentheses around every operator, so that the text shows the shape of the tree.
  bool all_parentheses = false;
};

// GoogleSQL text on one line whose parse gives an equal tree (positions aside). Names are backquoted where
// needed.
std::string_view SymbolOf(BinaryOperator op);  // "+"
std::string Unparse(const Expression& expression, const UnparseOptions& options = {});
std::string Unparse(const TypeName& type, const UnparseOptions& options = {});
std::string Unparse(const Query& query, const UnparseOptions& options = {});
std::string Unparse(const Statement& statement, const UnparseOptions& options = {});

}  // namespace bqcdc::emulator::sql
