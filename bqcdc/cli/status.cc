#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/cli/table_status.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string table;
  std::string format = "table";
};

absl::Status Run(const CommonFlags& common, const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(const auto session, Session::Open(common));
  BQCDC_ASSIGN_OR_RETURN(const rest::TableName name, session->ParseTable(flags.table));
  BQCDC_ASSIGN_OR_RETURN(const TableStatus status, ReadTableStatus(session->client(), name));
  const absl::Time now = session->clock().Now();
  std::fputs((flags.format == "json" ? FormatStatusJson(status, now) : FormatStatusText(status, now)).c_str(),
             stdout);
  return std::fflush(stdout) == 0 ? absl::OkStatus() : absl::InternalError("cannot write the status");
}

}  // namespace

void AddStatusCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("status", "Show who writes a table, and up to when its changes are applied");
  command->fallthrough();
  command->add_option("TABLE", flags->table, "DATASET.TABLE, PROJECT.DATASET.TABLE or PROJECT:DATASET.TABLE")
      ->required();
  command->add_option("--format", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->option_text("FORMAT")
      ->default_str("table");
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::Status status = Run(common, *flags);
      return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
    };
  });
}

}  // namespace bqcdc::cli
