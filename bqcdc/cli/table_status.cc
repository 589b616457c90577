#include "bqcdc/cli/table_status.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/rest/table_admin.h"
#include "bqcdc/rest/table_watermark.h"

namespace bqcdc::cli {
namespace {

std::string LabelOf(const rest::TableResource& table, const char* label) {
  const auto found = table.labels.find(label);
  return found == table.labels.end() ? std::string() : found->second;
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string AgeText(absl::Duration age) { return absl::FormatDuration(absl::Trunc(age, absl::Seconds(1))); }

std::string EpochText(std::uint64_t epoch) {
  if (epoch == 0) return "none: never written by bqcdc";
  const std::optional<absl::Time> began = pipeline::BeginningOf(epoch);
  return began.has_value() ? absl::StrCat(epoch, " (run of ", TimeText(*began), ")") : std::to_string(epoch);
}

std::string ModeText(const std::string& mode) {
  if (mode.empty()) return "not decided";
  return mode == "own" ? "own (the source numbers its changes)"
                       : absl::StrCat(mode, " (bqcdc numbers the changes)");
}

// The service keeps rows' numbers to itself, so without a checkpoint there is nothing to ask.
std::string PositionText(const TableStatus& status, absl::Time now) {
  if (status.position.has_value()) {
    return absl::StrCat("line ", status.position->line, ", byte ", status.position->offset, " of ",
                        status.position->input, ", ", AgeText(now - status.position->written_at), " ago");
  }
  if (status.epoch == 0) return "none: never written by bqcdc";
  return "not known to the table: it is in the checkpoint of the run that writes it, --checkpoint FILE shows "
         "it";
}

}  // namespace

absl::StatusOr<TableStatus> ReadTableStatus(const rest::BigQueryClient& client, const rest::TableName& name) {
  BQCDC_ASSIGN_OR_RETURN(const rest::TableResource table, client.GetTable(name));
  TableStatus status;
  status.table = name.ToString();
  const std::string epoch = LabelOf(table, pipeline::kEpochLabel);
  if (!epoch.empty() && !absl::SimpleAtoi(epoch, &status.epoch)) {
    return absl::FailedPreconditionError(absl::StrCat("label ", pipeline::kEpochLabel, " of table ",
                                                      name.ToString(), " is no number: '", epoch, "'"));
  }
  status.owner = LabelOf(table, pipeline::kOwnerLabel);
  status.sequence_mode = LabelOf(table, pipeline::kSequenceLabel);
  status.unapplied = table.streaming_buffer;
  BQCDC_ASSIGN_OR_RETURN(status.max_staleness, rest::ReadStaleness(client, name));
  BQCDC_ASSIGN_OR_RETURN(status.watermark, rest::ReadWatermark(client, name));
  return status;
}

std::string FormatStatusText(const TableStatus& status, absl::Time now) {
  std::vector<std::pair<std::string, std::string>> lines = {
      {"table", status.table},
      {"epoch", EpochText(status.epoch)},
      {"owner", status.owner.empty() ? "none" : status.owner},
      {"sequence numbers", ModeText(status.sequence_mode)},
      {"max_staleness", status.max_staleness.TotalMicros() == 0
                            ? "0: every query merges"
                            : values::FormatInterval(status.max_staleness)},
      {"watermark", status.watermark.has_value() ? absl::StrCat(TimeText(*status.watermark), " (",
                                                                AgeText(now - *status.watermark), " ago)")
                                                 : "none: no changes yet"},
      {"unapplied changes",
       status.unapplied.has_value()
           ? absl::StrCat("about ", pipeline::CountOf(status.unapplied->rows, "row"), ", ",
                          pipeline::FormatBytes(static_cast<double>(status.unapplied->bytes)))
           : "none in the streaming buffer"},
      {"last position", PositionText(status, now)}};
  std::string text;
  for (const auto& [name, value] : lines) absl::StrAppendFormat(&text, "%-18s %s\n", name + ":", value);
  return text;
}

std::string FormatStatusJson(const TableStatus& status, absl::Time now) {
  using Json = nlohmann::ordered_json;
  Json object = {{"table", status.table},
                 {"epoch", status.epoch == 0 ? Json() : Json(status.epoch)},
                 {"owner", status.owner.empty() ? Json() : Json(status.owner)},
                 {"sequence", status.sequence_mode.empty() ? Json() : Json(status.sequence_mode)},
                 {"max_staleness", values::FormatInterval(status.max_staleness)},
                 {"watermark", nullptr},
                 {"watermark_age_seconds", nullptr},
                 {"unapplied_rows", nullptr},
                 {"unapplied_bytes", nullptr},
                 {"position", nullptr}};
  if (status.watermark.has_value()) {
    object["watermark"] = TimeText(*status.watermark);
    object["watermark_age_seconds"] = absl::ToInt64Milliseconds(now - *status.watermark) / 1000.0;
  }
  if (status.unapplied.has_value()) {
    object["unapplied_rows"] = status.unapplied->rows;
    object["unapplied_bytes"] = status.unapplied->bytes;
  }
  if (status.position.has_value()) {
    object["position"] = {{"line", status.position->line},
                          {"input", status.position->input},
                          {"offset", status.position->offset},
                          {"written_at", TimeText(status.position->written_at)}};
  }
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bqcdc::cli
