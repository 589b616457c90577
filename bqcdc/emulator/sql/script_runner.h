#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/query_runner.h"
#include "bqcdc/emulator/sql/statements/statement.h"

namespace bqcdc::emulator::sql {

// Statements that one script may run, each pass of a loop counted anew
// (https://cloud.google.com/bigquery/quotas#multi_statement_query_limits has about as many child jobs).
inline constexpr int kScriptStatementsMax = 1'000;
// Expressions that it may evaluate by itself: conditions, DECLARE, SET.
inline constexpr int kScriptExpressionsMax = 10'000;
// https://cloud.google.com/bigquery/docs/multi-statement-queries: 1 MB for a variable, 10 MB for all of them.
// They are written into each statement that names them.
inline constexpr int64_t kScriptVariableBytesMax = 1'000'000;
inline constexpr int64_t kScriptVariablesBytesMax = 10'000'000;

using StatementRunner =
    std::function<absl::StatusOr<QueryOutcome>(const StatementContext& context, const Statement& statement)>;

// Runs a script: its statements go to `run`, and its variables into their requests. The outcome's
// statement_type is SCRIPT. REQUIRES: CheckScript accepts it.
absl::StatusOr<QueryOutcome> RunScript(engine::Database& database, const QueryRequest& request,
                                       const Script& script, const StatementRunner& run);

}  // namespace bqcdc::emulator::sql
