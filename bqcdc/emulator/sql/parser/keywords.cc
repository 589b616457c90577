#include "bqcdc/emulator/sql/parser/keywords.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bqcdc::emulator::sql {
namespace {

// Both lists are sorted: they are searched by halving.
constexpr auto kReserved = std::to_array<std::string_view>({
    "ALL",      "AND",     "ANY",      "ARRAY",     "AS",        "ASC",         "ASSERT_ROWS_MODIFIED",
    "AT",       "BETWEEN", "BY",       "CASE",      "CAST",      "COLLATE",     "CONTAINS",
    "CREATE",   "CROSS",   "CUBE",     "CURRENT",   "DEFAULT",   "DEFINE",      "DESC",
    "DISTINCT", "ELSE",    "END",      "ENUM",      "ESCAPE",    "EXCEPT",      "EXCLUDE",
    "EXISTS",   "EXTRACT", "FALSE",    "FETCH",     "FOLLOWING", "FOR",         "FROM",
    "FULL",     "GROUP",   "GROUPING", "GROUPS",    "HASH",      "HAVING",      "IF",
    "IGNORE",   "IN",      "INNER",    "INTERSECT", "INTERVAL",  "INTO",        "IS",
    "JOIN",     "LATERAL", "LEFT",     "LIKE",      "LIMIT",     "LOOKUP",      "MERGE",
    "NATURAL",  "NEW",     "NO",       "NOT",       "NULL",      "NULLS",       "OF",
    "ON",       "OR",      "ORDER",    "OUTER",     "OVER",      "PARTITION",   "PRECEDING",
    "PROTO",    "QUALIFY", "RANGE",    "RECURSIVE", "RESPECT",   "RIGHT",       "ROLLUP",
    "ROWS",     "SELECT",  "SET",      "SOME",      "STRUCT",    "TABLESAMPLE", "THEN",
    "TO",       "TREAT",   "TRUE",     "UNBOUNDED", "UNION",     "UNNEST",      "USING",
    "WHEN",     "WHERE",   "WINDOW",   "WITH",      "WITHIN",
});

constexpr auto kNonReserved = std::to_array<std::string_view>({
    "ABORT",       "ACCESS",        "ACTION",   "ADD",          "AGGREGATE",  "ALTER",      "ANALYZE",
    "ASSERT",      "BATCH",         "BEGIN",    "BIGDECIMAL",   "BIGNUMERIC", "BREAK",      "CALL",
    "CASCADE",     "CHECK",         "CLAMPED",  "CLONE",        "CLUSTER",    "COLUMN",     "COLUMNS",
    "COMMIT",      "CONNECTION",    "CONSTANT", "CONSTRAINT",   "CONTINUE",   "COPY",       "CORRESPONDING",
    "DATA",        "DATABASE",      "DATE",     "DATETIME",     "DECIMAL",    "DECLARE",    "DELETE",
    "DESCRIBE",    "DETERMINISTIC", "DO",       "DROP",         "ELSEIF",     "ENFORCED",   "ERROR",
    "EXCEPTION",   "EXECUTE",       "EXPLAIN",  "EXPORT",       "EXTERNAL",   "FILES",      "FILTER",
    "FIRST",       "FOREIGN",       "FORMAT",   "FUNCTION",     "GENERATED",  "GRANT",      "HIDDEN",
    "IMMEDIATE",   "IMPORT",        "INCLUDE",  "INDEX",        "INPUT",      "INSERT",     "ITERATE",
    "JSON",        "KEY",           "LANGUAGE", "LAST",         "LEAVE",      "LEVEL",      "LOAD",
    "LOOP",        "MATCH",         "MATCHED",  "MATERIALIZED", "MAX",        "MESSAGE",    "MIN",
    "MODEL",       "NUMERIC",       "OFFSET",   "ONLY",         "OPTIONS",    "OUTPUT",     "OVERWRITE",
    "PARTITIONS",  "PERCENT",       "PIVOT",    "POLICY",       "PRIMARY",    "PROCEDURE",  "RAISE",
    "READ",        "REFERENCES",    "REMOTE",   "RENAME",       "REPEAT",     "REPEATABLE", "REPLACE",
    "REPLICA",     "RESTRICT",      "RETURN",   "RETURNS",      "REVOKE",     "ROLLBACK",   "ROW",
    "RUN",         "SAFE_CAST",     "SCHEMA",   "SEARCH",       "SECURITY",   "SEQUENCE",   "SHOW",
    "SNAPSHOT",    "SOURCE",        "SQL",      "START",        "STORED",     "STORING",    "SYSTEM",
    "SYSTEM_TIME", "TABLE",         "TARGET",   "TEMP",         "TEMPORARY",  "TIME",       "TIMESTAMP",
    "TRANSACTION", "TRANSFORM",     "TRUNCATE", "TYPE",         "UNDROP",     "UNIQUE",     "UNKNOWN",
    "UNPIVOT",     "UNTIL",         "UPDATE",   "VALUE",        "VALUES",     "VIEW",       "VIEWS",
    "WHILE",       "WRITE",         "ZONE",
});

static_assert(std::is_sorted(kReserved.begin(), kReserved.end()));
static_assert(std::is_sorted(kNonReserved.begin(), kNonReserved.end()));

constexpr size_t kKeywordBytesMax = 24;

template <size_t N>
bool Contains(const std::array<std::string_view, N>& sorted, std::string_view word) {
  char upper[kKeywordBytesMax];
  if (word.size() > sizeof(upper)) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    upper[i] = word[i] >= 'a' && word[i] <= 'z' ? static_cast<char>(word[i] - 'a' + 'A') : word[i];
  }
  return std::binary_search(sorted.begin(), sorted.end(), std::string_view(upper, word.size()));
}

}  // namespace

bool IsReservedKeyword(std::string_view word) { return Contains(kReserved, word); }

bool IsNonReservedKeyword(std::string_view word) { return Contains(kNonReserved, word); }

}  // namespace bqcdc::emulator::sql
