#pragma once

#include <cstddef>
#include <cstdint>

namespace bqcdc::emulator::sql {

// Nesting of queries and expressions that one statement may have.
inline constexpr int kAnalysisDepthMax = 200;
// https://cloud.google.com/bigquery/quotas#view_limits: levels of views over views.
inline constexpr int kViewDepthMax = 16;
// How often one statement may read views, those that views read included: two readings of each level below
// are 2^16 of the lowest. The service has a limit of 1,000 different ones
// (https://cloud.google.com/bigquery/quotas#query_jobs).
inline constexpr int kViewReadingsMax = 1'000;

// https://cloud.google.com/bigquery/quotas#standard_tables: columns of a table, so of anything that is
// selected.
inline constexpr size_t kSelectColumnsMax = 10'000;
// Columns of all SELECT lists and FROM items of one statement together, those of the views that it reads
// included: each level of `SELECT * FROM a, a` doubles them.
inline constexpr size_t kStatementColumnsMax = 100'000;
// Expressions of one statement, those of its views and the elements and fields of each parameter or variable
// that it names included: DuckDB takes about 7 kB for each. The values of INSERT ... VALUES do not count
// themselves, what is in them does.
inline constexpr int64_t kStatementExpressionsMax = 100'000;

}  // namespace bqcdc::emulator::sql
