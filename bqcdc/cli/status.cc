#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/cli/table_status.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string table;
  std::string format = "table";
  std::string checkpoint;
};

// Read without a lock: the run that writes it goes on.
absl::StatusOr<LastPosition> ReadPosition(const std::string& path, const std::string& table) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return WrongUsage(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  BQCDC_ASSIGN_OR_RETURN(const checkpoint::Checkpoint read, checkpoint::ParseCheckpoint(text, path));
  if (read.table != table)
    return WrongUsage(absl::StrCat(path, " is a checkpoint of table ", read.table, ", not of ", table));
  const std::size_t input = read.follow ? 0 : read.input;
  LastPosition position;
  position.line = read.line;
  position.input = input < read.inputs.size() ? read.inputs[input].identity.path : "";
  position.offset = read.offset;
  position.written_at = read.written_at;
  return position;
}

absl::Status Run(const CommonFlags& common, const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  BQCDC_ASSIGN_OR_RETURN(const rest::TableName name, session->ParseTable(flags.table));
  BQCDC_ASSIGN_OR_RETURN(TableStatus status, ReadTableStatus(session->client(), name));
  if (!flags.checkpoint.empty()) {
    BQCDC_ASSIGN_OR_RETURN(status.position, ReadPosition(flags.checkpoint, name.ToString()));
  }
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
  command->add_option(
      "--checkpoint", flags->checkpoint,
      "Checkpoint file of the run that writes the table: shows how far it has come, which the table does "
      "not tell");
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::Status status = Run(common, *flags);
      return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
    };
  });
}

}  // namespace bqcdc::cli
