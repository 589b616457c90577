#pragma once

// The syntax tree of GoogleSQL: plain structs that own their children, one `kind` in each base class, a
// Position in each node. Nothing is resolved: names are as written, literals are unchecked text. Not
// thread-safe while being changed; const access from several threads is safe.

#include "bqcdc/emulator/sql/parser/ast_expression.h"
#include "bqcdc/emulator/sql/parser/ast_query.h"
#include "bqcdc/emulator/sql/parser/ast_statement.h"
#include "bqcdc/emulator/sql/parser/ast_type.h"
#include "bqcdc/emulator/sql/parser/position.h"
