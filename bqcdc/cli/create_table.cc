#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/flag_values.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/rest/table_admin.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string table, schema, primary_key, cluster_by;
  std::optional<std::string> max_staleness;
};

constexpr std::size_t kClusteringColumnsMax = 4;  // docs: clustered tables, limitations

absl::Status Run(const CommonFlags& common, const Flags& flags) {
  rest::TableSpec spec;
  BQCDC_ASSIGN_OR_RETURN(spec.schema, ReadSchemaFlags(flags.schema, flags.primary_key));
  spec.clustering = SplitNames(flags.cluster_by);
  if (spec.clustering.size() > kClusteringColumnsMax)
    return WrongUsage(absl::StrCat("--cluster-by must name 1 to ", kClusteringColumnsMax, " columns, not ",
                                   spec.clustering.size()));
  if (flags.max_staleness.has_value()) {
    BQCDC_ASSIGN_OR_RETURN(spec.max_staleness, ParseStalenessFlag("--max-staleness", *flags.max_staleness));
  }
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  BQCDC_ASSIGN_OR_RETURN(spec.name, session->ParseTable(flags.table));
  BQCDC_ASSIGN_OR_RETURN(const rest::CreateOutcome outcome, rest::CreateTable(session->client(), spec));
  const std::string name = spec.name.ToString();
  Tell(outcome == rest::CreateOutcome::kCreated ? absl::StrCat("created table ", name)
                                                : absl::StrCat("table ", name, " exists as wanted"));
  return absl::OkStatus();
}

}  // namespace

void AddCreateTableCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("create-table",
                                         "Create a table with primary key and staleness; run twice it does "
                                         "nothing, a differing table is an error");
  command->fallthrough();
  command->add_option("TABLE", flags->table, "DATASET.TABLE, PROJECT.DATASET.TABLE or PROJECT:DATASET.TABLE")
      ->required();
  command
      ->add_option(
          "--schema", flags->schema,
          "Columns as id:INT64,name:STRING(20), without a type STRING, or @FILE with BigQuery's JSON schema "
          "(nested columns)")
      ->required();
  command->add_option("--primary-key", flags->primary_key, "Columns of the key: id[,…]; they become REQUIRED")
      ->required();
  command->add_option(
      "--max-staleness", flags->max_staleness,
      "How far queries may lag behind: 0, 15m, 1h30m or a SQL interval (default: not at all)");
  command->add_option("--cluster-by", flags->cluster_by,
                      "Clustering columns, at most 4; the key is a good choice");
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::Status status = Run(common, *flags);
      return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
    };
  });
}

}  // namespace bqcdc::cli
