#include "bqcdc/rest/write_usage.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::rest {
namespace {

// What may stand after "region-": lower case, unlike what REST tells of the multi-regions (docs:
// information-schema-intro, region qualifier).
absl::StatusOr<std::string> RegionOf(const std::string& location) {
  const std::string region = absl::AsciiStrToLower(location);
  const bool is_name = !region.empty() && std::all_of(region.begin(), region.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-';
  });
  if (is_name) return region;
  return absl::InvalidArgumentError(absl::StrCat("'", location, "' is no location of a dataset"));
}

// nullopt for NULL.
absl::StatusOr<std::optional<std::int64_t>> ReadNumber(const Cell& cell) {
  if (cell.null) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  if (absl::SimpleAtoi(cell.text, &number)) return std::optional(number);
  return absl::DataLossError(absl::StrCat("WRITE_API_TIMELINE gives no number: '", cell.text, "'"));
}

}  // namespace

absl::StatusOr<WriteUsage> ReadWriteUsage(const BigQueryClient& client, const std::string& project,
                                          const std::string& location) {
  BQCDC_ASSIGN_OR_RETURN(const std::string region, RegionOf(location));
  BQCDC_ASSIGN_OR_RETURN(
      const QueryPage page,
      client.QueryAll(absl::StrCat(
          "SELECT MAX(taken), MAX_BY(minute, taken), SUM(exhausted), MAX(IF(exhausted > 0, minute, NULL))\n"
          "FROM (\n"
          "  SELECT start_timestamp AS minute,\n"
          "    SUM(IF(error_code = 'OK', total_input_bytes, 0)) AS taken,\n"
          "    SUM(IF(error_code = 'RESOURCE_EXHAUSTED', total_requests, 0)) AS exhausted\n"
          "  FROM `",
          project, "`.`region-", region,
          "`.INFORMATION_SCHEMA.WRITE_API_TIMELINE_BY_PROJECT\n"
          "  WHERE start_timestamp >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ",
          kWriteUsageHours, " HOUR)\n  GROUP BY minute)")));
  if (page.rows.size() != 1 || page.rows.front().size() != 4)
    return absl::DataLossError("WRITE_API_TIMELINE gives another result than one row of four columns");
  std::optional<std::int64_t> numbers[4];
  for (std::size_t i = 0; i < 4; ++i) {
    BQCDC_ASSIGN_OR_RETURN(numbers[i], ReadNumber(page.rows.front()[i]));
  }
  const auto& [taken, peak, exhausted, exhausted_at] = numbers;
  WriteUsage usage;
  usage.peak_bytes = taken.value_or(0);
  if (usage.peak_bytes > 0 && peak.has_value()) usage.peak = absl::FromUnixMicros(*peak);
  usage.exhausted_requests = exhausted.value_or(0);
  if (exhausted_at.has_value()) usage.exhausted_at = absl::FromUnixMicros(*exhausted_at);
  return usage;
}

}  // namespace bqcdc::rest
