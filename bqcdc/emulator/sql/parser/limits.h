#pragma once

namespace bqcdc::emulator::sql {

// Bytes of one text. The service takes 1,024k characters with comments and white space
// (https://cloud.google.com/bigquery/quotas#query_jobs).
inline constexpr int kTextBytesMax = 1024 * 1024;

// Parenthesised expressions, subqueries, types, joins within each other: bounds the recursion of the parser.
inline constexpr int kNestingDepthMax = 200;

// Nodes from a root to its deepest leaf, an upper bound. Higher than the nesting, since `a + b + c` grows
// downwards on its left side: bounds the recursion of whoever walks a tree. AND, OR and set operations are
// wide, not deep.
inline constexpr int kTreeHeightMax = 600;

}  // namespace bqcdc::emulator::sql
