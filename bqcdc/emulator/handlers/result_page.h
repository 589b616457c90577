#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/json_rows.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/handlers/rest_request.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// A page of rows ends with the row that reaches this (https://cloud.google.com/bigquery/quotas#query_jobs and
// https://cloud.google.com/bigquery/docs/paging-results: 10 MB).
inline constexpr size_t kPageBytesMax = 10 * 1000 * 1000;

// Rows of a page as JSON text without the brackets around them, and where the next page begins.
struct RowPage {
  std::string rows_json;
  int64_t next_row = 0;
};

// Writes rows [first, first + count) of `chunks`, fewer where the page is full.
RowPage RenderPage(const std::vector<engine::Chunk>& chunks, const convert::JsonRowWriter& writer,
                   int64_t first, int64_t count);

// `formatOptions.useInt64Timestamp` and `formatOptions.timestampOutputFormat`, of a query string or of a
// body.
absl::StatusOr<convert::TimestampFormat> TimestampFormatOf(const MethodCall& call);
absl::StatusOr<convert::TimestampFormat> TimestampFormatOf(const nlohmann::json& body);

// An answer of `head` with the rows put in as its field "rows" (left out when there is none).
RestResponse ResponseWithRows(const nlohmann::json& head, std::string rows_json);

}  // namespace bqcdc::emulator::handlers
