#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/flag_values.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/rest/table_admin.h"
#include "bqcdc/values/interval.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string table, staleness;
};

absl::Status Run(const CommonFlags& common, const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(const values::Interval staleness, ParseStalenessFlag("STALENESS", flags.staleness));
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  BQCDC_ASSIGN_OR_RETURN(const rest::TableName name, session->ParseTable(flags.table));
  BQCDC_RETURN_IF_ERROR(rest::SetStaleness(session->client(), name, staleness));
  Tell(absl::StrCat("max_staleness of ", name.ToString(), " is ", values::FormatInterval(staleness)));
  return absl::OkStatus();
}

}  // namespace

void AddSetStalenessCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "set-staleness", "Set how far queries of a table may lag behind, and make sure that it took");
  command->fallthrough();
  command->add_option("TABLE", flags->table, "DATASET.TABLE, PROJECT.DATASET.TABLE or PROJECT:DATASET.TABLE")
      ->required();
  command->add_option("STALENESS", flags->staleness, "0, 15m, 1h30m or a SQL interval")->required();
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::Status status = Run(common, *flags);
      return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
    };
  });
}

}  // namespace bqcdc::cli
