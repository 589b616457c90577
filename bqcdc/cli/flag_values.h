#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/pipeline/rate_limiter.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/schema/table_schema.h"
#include "bqcdc/values/interval.h"

namespace CLI {
class Validator;
}

namespace bqcdc::cli {

// Parses an amount of bytes: "9437184", "512KiB", "9MiB", "9MB", case ignored. 1 KiB = 1024, 1 kB = 1000.
absl::StatusOr<std::uint64_t> ParseByteSize(const std::string& flag, std::string_view text);

// The same with bounds, which are allowed themselves; the error names them.
absl::StatusOr<std::uint64_t> ParseByteSize(const std::string& flag, std::string_view text,
                                            std::uint64_t least, std::uint64_t most);

// Of a number that has a lower bound only.
CLI::Validator AtLeast(std::int64_t least);

// Parses a rate: "5000/s" is rows, "10MiB/s" bytes.
absl::StatusOr<pipeline::RateLimit> ParseRateLimit(const std::string& flag, std::string_view text);

// A longer wait is a slip: 30 days.
inline constexpr absl::Duration kDurationFlagMost = absl::Hours(30 * 24);

// Parses a duration flag: "1s", "250ms", "1m30s". Bounds are allowed themselves; the error names them.
absl::StatusOr<absl::Duration> ParseDurationFlag(const std::string& flag, const std::string& text,
                                                 absl::Duration least = absl::ZeroDuration(),
                                                 absl::Duration most = kDurationFlagMost);

// Parses a staleness: "0", "15m", "1h30m" or a SQL interval. What is too much for a table is the service's to
// say.
absl::StatusOr<values::Interval> ParseStalenessFlag(const std::string& flag, const std::string& text);

// Splits "id,region" into its names; blanks around them go.
std::vector<std::string> SplitNames(std::string_view text);

// Columns as `bq` takes them: "id:INT64,name:STRING", or "@FILE" with BigQuery's JSON schema. The name of a
// file without @ is refused.
absl::StatusOr<std::vector<schema::Column>> ReadColumnsFlag(
    const std::string& flag, const std::string& text,
    schema::UntypedColumn untyped = schema::UntypedColumn::kIsString);

// What --schema and --primary-key give together: `bq`'s inline form, or @FILE with BigQuery's JSON schema.
// Columns of the key become REQUIRED. Errors are wrong usage.
absl::StatusOr<schema::TableSchema> ReadSchemaFlags(const std::string& schema,
                                                    const std::string& primary_key);

}  // namespace bqcdc::cli
