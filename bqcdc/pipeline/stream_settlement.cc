#include "bqcdc/pipeline/stream_settlement.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/encode_error.h"

namespace bqcdc::pipeline {
namespace {

constexpr std::string_view kRefused = "refused";

}  // namespace

std::string_view DeadLetterReason(write::RefusalReason reason) {
  return reason == write::RefusalReason::kUnknownColumn
             ? encode::EncodeErrorName(encode::EncodeError::kUnknownColumn)
             : kRefused;
}

absl::Status StreamSettlement::OnStart(write::RowBatch& batch) {
  const auto& changes = static_cast<const ChangeBatch&>(batch);
  std::vector<checkpoint::DeadLetterRecord> records;
  std::vector<std::string> sources;
  sources.reserve(changes.bad_rows.size());
  for (const BadRow& bad : changes.bad_rows) {
    sources.push_back(options_.source_name(bad.line.source));
    records.push_back(
        {sources.back(), bad.sequence, bad.line.number, bad.reason, bad.message, bad.line.text, bad.column});
  }
  const absl::Status written = WriteDeadLetters(records);
  base::HitFailpoint(base::Failpoint::kStreamBeforeSend);
  return written;
}

void StreamSettlement::OnStored(write::RowBatch& batch, const write::RowSelection& rows) {
  base::HitFailpoint(base::Failpoint::kStreamAfterAcknowledge);
  const encode::RowCounts stored = rows.counts(batch);
  summary_.upserts += stored.upserts;
  summary_.deletes += stored.deletes;
  summary_.bytes += stored.upsert_bytes + stored.delete_bytes;
  meter_.OnStored(stored.upserts, stored.upsert_bytes, stored.deletes, stored.delete_bytes);
}

absl::Status StreamSettlement::OnRefused(write::RowBatch& batch, std::span<const write::RefusedRow> rows) {
  const auto& changes = static_cast<const ChangeBatch&>(batch);
  std::vector<checkpoint::DeadLetterRecord> records;
  std::vector<std::string> sources;
  sources.reserve(rows.size());
  for (const write::RefusedRow& row : rows) {
    const InputLine& line = changes.lines[row.index];
    sources.push_back(options_.source_name(line.source));
    records.push_back({sources.back(), changes.rows.sequence(row.index), line.number,
                       DeadLetterReason(row.reason), row.message, line.text, row.column});
  }
  return WriteDeadLetters(records);
}

void StreamSettlement::OnSettled(const std::shared_ptr<write::RowBatch>& batch) {
  const std::uint64_t number = static_cast<const ChangeBatch&>(*batch).progress;
  progress_.Settle(number);
  meter_.OnBatchSettled(number);
  base::HitFailpoint(base::Failpoint::kStreamAfterSettle);
}

absl::Status StreamSettlement::WriteDeadLetters(const std::vector<checkpoint::DeadLetterRecord>& records) {
  if (records.empty()) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(dead_letter_.Append(records));
  for (const checkpoint::DeadLetterRecord& record : records) {
    ++summary_.set_aside;
    meter_.OnDeadLetter(record.reason);
    if (summary_.set_aside_shown.size() < StreamSummary::kSetAsideShownMax) {
      // The service's texts may hold values of the row: they stay in the file.
      summary_.set_aside_shown.push_back(
          {record.line, std::string(record.source),
           record.reason == kRefused ? "refused by the service; its reason is in the dead letter file"
                                     : std::string(record.message)});
    }
  }
  if (options_.bad_rows_max >= 0 && summary_.set_aside > options_.bad_rows_max) {
    return absl::FailedPreconditionError(
        absl::StrCat("more than ", CountOf(options_.bad_rows_max, "bad row"), " (--max-bad-rows)"));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::pipeline
