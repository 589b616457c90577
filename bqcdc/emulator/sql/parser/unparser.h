#pragma once

#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/ast.h"

namespace bqcdc::emulator::sql {

struct UnparseOptions {
  // Put parentheses around every operator, so that the text shows the shape of the tree.
  bool all_parentheses = false;
};

// GoogleSQL text on one line whose parse gives an equal tree (positions aside). Names are backquoted where
// needed.
std::string Unparse(const Expression& expression, const UnparseOptions& options = {});
std::string Unparse(const TypeName& type, const UnparseOptions& options = {});
std::string Unparse(const Query& query, const UnparseOptions& options = {});
std::string Unparse(const Statement& statement, const UnparseOptions& options = {});

// `text`, backquoted unless it is a plain name that is not reserved.
std::string QuoteIdentifier(std::string_view text);
// "text" in double quotes with escapes: a STRING literal.
std::string QuoteString(std::string_view text);
// b"..." with escapes: a BYTES literal.
std::string QuoteBytes(std::string_view bytes);

}  // namespace bqcdc::emulator::sql
