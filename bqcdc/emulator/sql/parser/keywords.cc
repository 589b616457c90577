#include "bqcdc/emulator/sql/parser/keywords.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "bqcdc/schema/reserved_keywords.h"

namespace bqcdc::emulator::sql {
namespace {

// Sorted: it is searched by halving.
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

static_assert(std::is_sorted(kNonReserved.begin(), kNonReserved.end()));

}  // namespace

bool IsNonReservedKeyword(std::string_view word) { return schema::ContainsKeyword(kNonReserved, word); }

}  // namespace bqcdc::emulator::sql
