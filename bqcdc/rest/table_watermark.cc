#include "bqcdc/rest/table_watermark.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::rest {

absl::StatusOr<std::optional<absl::Time>> ReadWatermark(const BigQueryClient& client, const TableName& name) {
  BQCDC_ASSIGN_OR_RETURN(const QueryPage page,
                         client.QueryAll(absl::StrCat(
                             "SELECT upsert_stream_apply_watermark FROM `", name.project, "`.`", name.dataset,
                             "`.INFORMATION_SCHEMA.TABLES WHERE table_name = '", name.table, "'")));
  if (page.rows.empty() || page.rows.front().empty()) {
    return absl::NotFoundError(absl::StrCat("INFORMATION_SCHEMA.TABLES has no table ", name.ToString()));
  }
  const Cell& cell = page.rows.front().front();
  if (cell.null) return std::optional<absl::Time>();
  std::int64_t micros = 0;
  if (!absl::SimpleAtoi(cell.text, &micros)) {
    return absl::DataLossError(
        absl::StrCat("INFORMATION_SCHEMA.TABLES gives no time for the watermark: '", cell.text, "'"));
  }
  return std::optional(absl::FromUnixMicros(micros));
}

}  // namespace bqcdc::rest
