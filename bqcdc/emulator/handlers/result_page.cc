#include "bqcdc/emulator/handlers/result_page.h"

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using convert::TimestampFormat;
using nlohmann::json;

absl::StatusOr<TimestampFormat> ParseFormat(bool use_int64, const std::string& format) {
  if (format.empty() || format == "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED") {
    return use_int64 ? TimestampFormat::kInt64 : TimestampFormat::kFloat64;
  }
  if (format == "FLOAT64") return TimestampFormat::kFloat64;
  if (format == "INT64") return TimestampFormat::kInt64;
  if (format == "ISO8601_STRING") return TimestampFormat::kIso8601;
  return errors::WithLocation(errors::Invalid(base::StrCat("Unknown timestampOutputFormat: ", format)),
                              "formatOptions.timestampOutputFormat");
}

}  // namespace

RowPage RenderPage(const std::vector<engine::Chunk>& chunks, const convert::JsonRowWriter& writer,
                   int64_t first, int64_t count) {
  RowPage page;
  page.next_row = first;
  int64_t chunk_first = 0;
  for (const engine::Chunk& chunk : chunks) {
    const auto chunk_rows = static_cast<int64_t>(chunk.row_count());
    const int64_t from = page.next_row - chunk_first;
    chunk_first += chunk_rows;
    if (from >= chunk_rows) continue;
    const int64_t wanted = std::min(chunk_rows - from, first + count - page.next_row);
    if (wanted <= 0) break;
    const size_t written = writer.AppendRows(chunk, static_cast<size_t>(from), static_cast<size_t>(wanted),
                                             kPageBytesMax, &page.rows_json);
    page.next_row += static_cast<int64_t>(written);
    if (page.rows_json.size() >= kPageBytesMax) break;
  }
  return page;
}

absl::StatusOr<TimestampFormat> TimestampFormatOf(const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const bool use_int64, call.QueryBool("formatOptions.useInt64Timestamp", false));
  return ParseFormat(use_int64, call.Query("formatOptions.timestampOutputFormat").value_or(""));
}

absl::StatusOr<TimestampFormat> TimestampFormatOf(const json& body) {
  BQCDC_ASSIGN_OR_RETURN(const json* options, convert::ObjectField(body, "formatOptions"));
  if (options == nullptr) return TimestampFormat::kFloat64;
  BQCDC_ASSIGN_OR_RETURN(const auto use_int64, convert::BoolField(*options, "useInt64Timestamp"));
  BQCDC_ASSIGN_OR_RETURN(const auto format, convert::StringField(*options, "timestampOutputFormat"));
  return ParseFormat(use_int64.value_or(false), format.value_or(""));
}

RestResponse ResponseWithRows(const json& head, std::string rows_json) {
  RestResponse response = JsonResponse(head);
  response.rows_json = std::move(rows_json);
  return response;
}

}  // namespace bqcdc::emulator::handlers
