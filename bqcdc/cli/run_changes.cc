#include "bqcdc/cli/run_changes.h"

#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/pipeline/stream_summary.h"

namespace bqcdc::cli {
namespace {

using pipeline::CountOf;
using pipeline::FormatBytes;
using pipeline::RunSnapshot;

// "retry 2, reopen 1": by how much each count has grown; empty = none has.
template <typename Key, typename Name>
std::string Growth(const std::map<Key, std::int64_t>& before, const std::map<Key, std::int64_t>& now,
                   const Name& name) {
  std::string text;
  for (const auto& [key, count] : now) {
    const auto found = before.find(key);
    const std::int64_t more = count - (found == before.end() ? 0 : found->second);
    if (more > 0) base::StrAppend(&text, text.empty() ? "" : ", ", name(key), " ", more);
  }
  return text;
}

}  // namespace

std::vector<std::string> ChangesBetween(const RunSnapshot& before, const RunSnapshot& now) {
  std::vector<std::string> lines;
  if (now.epoch != before.epoch)
    lines.push_back(absl::StrCat("table ", now.table, " is claimed by epoch ", now.epoch));
  if (now.connections != before.connections)
    lines.push_back(absl::StrCat("connections: ", now.connections, ", were ", before.connections));
  if (now.lanes != before.lanes) lines.push_back(absl::StrCat("lanes: ", now.lanes, ", were ", before.lanes));
  if (const std::int64_t opened = now.calls_opened - before.calls_opened; opened > 0)
    lines.push_back(
        absl::StrCat(CountOf(opened, "AppendRows call"), " opened, ", now.calls_opened, " in all"));
  if (now.requests != before.requests || now.rows() != before.rows()) {
    lines.push_back(absl::StrCat(CountOf(now.requests - before.requests, "request"), " sent, ",
                                 CountOf(now.rows() - before.rows(), "row"), " acknowledged (",
                                 FormatBytes(static_cast<double>(now.bytes() - before.bytes())), "), ",
                                 FormatBytes(static_cast<double>(now.lag_bytes)), " of input not settled"));
  }
  if (const std::string refused = Growth(before.errors, now.errors, write::ActionName); !refused.empty())
    lines.push_back(absl::StrCat("requests refused, by what is done: ", refused));
  if (const std::string ended = Growth(before.call_errors, now.call_errors, write::ActionName);
      !ended.empty())
    lines.push_back(absl::StrCat("calls ended by an error, by what is done: ", ended));
  if (const std::int64_t again = now.retries - before.retries; again > 0)
    lines.push_back(absl::StrCat(CountOf(again, "request"), " sent again after an error that passes"));
  if (const std::int64_t again = now.requests_resent - before.requests_resent; again > 0)
    lines.push_back(absl::StrCat(CountOf(again, "request"), " sent again after a lost call"));
  if (const std::int64_t reads = now.schema_refetches - before.schema_refetches; reads > 0)
    lines.push_back(absl::StrCat("schema read again, ", now.schema_refetches, " times in all"));
  if (const std::int64_t waits = now.schema_waits - before.schema_waits; waits > 0)
    lines.push_back(absl::StrCat(CountOf(waits, "request"), " sent back until the service knows the schema"));
  const auto reason = [](const std::string& name) { return name; };
  if (const std::string aside = Growth(before.dead_letters, now.dead_letters, reason); !aside.empty())
    lines.push_back(absl::StrCat("rows set aside, by reason: ", aside));
  return lines;
}

RunChanges::RunChanges(pipeline::RunMeter& meter, const base::Clock& clock, Write write)
    : meter_(meter),
      clock_(clock),
      write_(std::move(write)),
      before_(meter.Snapshot()),
      next_(clock.Now() + kInterval) {}

void RunChanges::Tick() {
  if (!write_) return;
  const absl::Time now = clock_.Now();
  if (now < next_) return;
  next_ = now + kInterval;
  End();
}

void RunChanges::End() {
  if (!write_) return;
  RunSnapshot snapshot = meter_.Snapshot();
  for (const std::string& line : ChangesBetween(before_, snapshot)) write_(line);
  before_ = std::move(snapshot);
}

}  // namespace bqcdc::cli
