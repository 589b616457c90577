#include "tests/misbehaving_service/history_world.h"

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/misbehaving_service/served_table.h"

namespace bqcdc::misbehaving {
namespace {

// When a history is stuck; long ones take some 3,000 jumps.
constexpr IdleClock::Limits kStuck = {absl::Seconds(60), 20'000}, kStuckSoon = {absl::Seconds(10), 6'000};
// A few days after the epochs of other tests; the time itself does not matter.
const absl::Time kStart = absl::FromUnixSeconds(1'790'000'000);

}  // namespace

HistoryWorld::HistoryWorld(const Script& script, std::vector<Table> tables, const Options& options,
                           std::function<std::string()> print)
    : tables_(std::move(tables)),
      options_(options),
      print_(std::move(print)),
      clock_(kStart, options.clock_patience),
      service_(script, clock_, rest_, options.mutant) {
  clock_.OnOverrun(options_.may_be_stuck ? kStuckSoon : kStuck, [this] { OnOverrun(); });
  rest_.on_request = [this](const http::Request& request) {
    clock_.Tick();
    if (absl::StrContains(request.body, "ADD COLUMN IF NOT EXISTS `added` STRING")) AddColumn(request.body);
  };
  for (const Table& table : tables_) {
    rest::testing::FakeRestService::Table resource;
    resource.schema_fields = kSchemaFields;
    resource.primary_key = nlohmann::json(table.key_columns).dump();
    rest_.PutTable(table.name, resource);
  }
}

// An impatient clock runs on where the machine is slow, as under a sanitizer: then the run is ended, and what
// it shows is a problem like others.
void HistoryWorld::OnOverrun() {
  if (options_.may_be_stuck) return GiveUp();
  if (options_.clock_patience > 1 || stuck_) {
    std::fprintf(stderr, "stands still:\n%s", print_().c_str());
    std::abort();
  }
  GiveUp();
  clock_.OnOverrun({kStuck.standing, 2 * kStuck.jumps}, [this] { OnOverrun(); });
}

// A claim by another is what ends any run.
void HistoryWorld::GiveUp() {
  stuck_ = true;
  rest_.ChangeTable(tables_.front().name, [](auto& table) {
    table.labels["bqcdc_epoch"] = "9000000000000000000";
    table.labels["bqcdc_owner"] = "other";
  });
}

void HistoryWorld::AddColumn(const std::string& statement) {
  for (const Table& table : tables_) {
    if (!absl::StrContains(statement, absl::StrCat("`", table.name, "`"))) continue;
    rest_.ChangeTable(table.name, [](auto& changed) { changed.schema_fields = kWidenedSchemaFields; });
  }
}

void HistoryWorld::Pass(absl::Duration duration) {
  clock_.Advance(duration);
  for (int i = 0; i < 20; ++i) {
    if (client_.GetTable(*rest::ParseTableName(tables_.front().name, "p")).ok()) return;
  }
}

}  // namespace bqcdc::misbehaving
