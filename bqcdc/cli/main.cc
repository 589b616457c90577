// bqcdc: keeps BigQuery tables equal to their source. One file for each command.

#include <malloc.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bqcdc/base/standard_streams.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/log.h"

namespace {

using bqcdc::cli::Action;
using bqcdc::cli::CommonFlags;

constexpr char kVersion[] = "bqcdc " BQCDC_VERSION;

constexpr char kFooter[] = R"(
Examples:
  bqcdc serve &
  export BIGQUERY_EMULATOR_HOST=http://localhost:9050 GOOGLE_CLOUD_PROJECT=local-project
  bqcdc create-table shop.orders --schema id:INT64,name:STRING --primary-key id --max-staleness 15m
  echo '{"_CHANGE_TYPE":"UPSERT","id":1,"name":"Alice"}' | bqcdc stream shop.orders
  bqcdc query 'SELECT * FROM shop.orders'

Exit codes: 0 all done, 1 failed, 2 wrong usage, 3 done but rows were set aside.
"bqcdc COMMAND --help" tells more of each command.)";

void AddCommonFlags(CLI::App& app, CommonFlags& flags) {
  const char* group = "Common flags";
  app.add_option("--project", flags.project,
                 "Project of tables and jobs (else GOOGLE_CLOUD_PROJECT, else the credentials' own)")
      ->group(group);
  app.add_option("--endpoint", flags.endpoint,
                 "REST endpoint; http:// or a loopback host: plaintext without credentials (else "
                 "BIGQUERY_EMULATOR_HOST, else the service)")
      ->group(group);
  app.add_option("--storage-endpoint", flags.storage_endpoint,
                 "gRPC endpoint of the Storage Write API (else what the local server says, else the service)")
      ->group(group);
  app.add_option("--location", flags.location,
                 "Location of new datasets and of queries, as US or europe-west1")
      ->group(group);
  app.add_option(
         "--credentials", flags.credentials,
         "Credentials file of any kind that Google Cloud makes (else Application Default Credentials)")
      ->group(group);
  app.add_option("--access-token-file", flags.access_token_file,
                 "File that holds a bearer token; read again when it changes. In place of --credentials")
      ->group(group);
  app.add_option("--quota-project", flags.quota_project,
                 "Project whose quota requests count against (else GOOGLE_CLOUD_QUOTA_PROJECT, else the "
                 "credentials')")
      ->group(group);
  app.add_option("--ca-file", flags.ca_file,
                 "PEM file of the certificate authorities to trust (else CURL_CA_BUNDLE, SSL_CERT_FILE, "
                 "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, else the system's)")
      ->group(group);
  app.add_option(
         "--log-level", flags.log_level,
         "debug (endpoints, claim, connections, requests and what is sent again), info (the summaries of "
         "-v), warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->group(group);
  app.add_flag("-v,--verbose", flags.verbose, "Log a summary of a stream each minute, and at its end")
      ->group(group);
  app.add_option("--log-format", flags.log_format, "text, or json: each line on standard error is an object")
      ->check(CLI::IsMember({"text", "json"}))
      ->group(group);
}

// Memory of long lines and large rows goes back to the system when it is free. glibc would keep blocks of up
// to 32 MiB for each thread once it has seen such a one freed. Smaller ones, as every batch has, are used
// again.
void ReturnLargeBlocks() {
  constexpr int kLargeBytes = 4 * 1024 * 1024, kKeptBytes = 16 * 1024 * 1024;
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

constexpr char kCommonFlagsNote[] = R"(
Common flags (--project, --endpoint, --credentials, --log-level and more): see "bqcdc --help".)";

// At the end of the help of each command below `app`.
void NoteCommonFlags(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    command->footer(command->get_footer() + kCommonFlagsNote);
    NoteCommonFlags(*command);
  }
}

// "bqcdc: WHAT IS WRONG", and where the right way stands.
std::string UsageFault(const CLI::App* app, const CLI::Error& error) {
  std::string command = app->get_name();
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    command += " " + app->get_name();
  }
  std::string text = error.what();
  // The parser knows only that a command is required, even where there is one that it does not know.
  if (app->get_require_subcommand_min() > 0 && error.get_name() == "RequiredError") {
    const std::vector<std::string> unknown = app->remaining();
    text = unknown.empty() ? command + ": which command?" : "no command is called " + unknown.front();
  }
  return "bqcdc: " + text + "\nRun \"" + command + " --help\" for more.\n";
}

}  // namespace

int main(int argc, char** argv) {
  bqcdc::base::KeepStandardStreams(argv);
  // A closed pipe is seen as an error of the write.
  signal(SIGPIPE, SIG_IGN);
  // What gRPC would say on standard error is ours to say; the variable turns it on again.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  if (argc > 1 && std::strcmp(argv[1], "serve") == 0) return bqcdc::cli::RunServe(argc, argv);
  ReturnLargeBlocks();

  CLI::App app{"bqcdc keeps BigQuery tables equal to their source while the source changes.", "bqcdc"};
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  CommonFlags flags;
  Action action;
  AddCommonFlags(app, flags);
  bqcdc::cli::AddServeCommand(app);
  bqcdc::cli::AddCreateTableCommand(app, flags, &action);
  bqcdc::cli::AddStreamCommand(app, flags, &action);
  bqcdc::cli::AddQueryCommand(app, flags, &action);
  bqcdc::cli::AddSetStalenessCommand(app, flags, &action);
  bqcdc::cli::AddStatusCommand(app, flags, &action);
  bqcdc::cli::AddCheckCommand(app, flags, &action);
  bqcdc::cli::AddDeadLetterCommand(app, flags, &action);
  bqcdc::cli::AddBenchCommand(app, flags, &action);
  bqcdc::cli::AddAdminCommand(app, flags, &action);
  NoteCommonFlags(app);
  app.footer(kFooter);  // After the commands, which would take it over.
  app.failure_message(UsageFault);
  if (argc <= 1) {
    std::fputs(app.help().c_str(), stderr);
    return bqcdc::cli::kWrongUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? bqcdc::cli::kDone : bqcdc::cli::kWrongUsage;
  }
  bqcdc::cli::SetUpLog(flags);
  return action ? action() : bqcdc::cli::kWrongUsage;
}
