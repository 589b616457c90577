#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/cli/table_check.h"
#include "bqcdc/write/stream_lookup.h"

namespace bqcdc::cli {
namespace {

constexpr absl::Duration kAnswerTimeout = absl::Seconds(10);

// Any answer has the header, a refusal too.
absl::StatusOr<std::optional<absl::Time>> AskTime(Session& session) {
  http::Request request;
  request.url = session.endpoints().rest_url + "/discovery/v1/apis/bigquery/v2/rest";
  request.timeout = kAnswerTimeout;
  const absl::Time before = session.clock().Now();
  BQCDC_ASSIGN_OR_RETURN(const http::Response answer, session.transport().Perform(request));
  for (const auto& [name, value] : answer.headers) {
    absl::Time time;
    if (name != "date" || !absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", value, &time, nullptr)) continue;
    // As if it were said in the middle of the exchange and now: what passed since is added.
    return std::optional(time + (session.clock().Now() - before) / 2);
  }
  return std::optional<absl::Time>();
}

absl::StatusOr<int> Run(const CommonFlags& common, const std::string& table) {
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  BQCDC_ASSIGN_OR_RETURN(const rest::TableName name, session->ParseTable(table));
  CheckSurroundings with;
  with.client = &session->client();
  with.clock = &session->clock();
  with.rest_url = session->endpoints().rest_url;
  with.storage_target = session->endpoints().storage_target;
  with.local = session->endpoints().local;
  with.credentials_origin = session->credentials().origin;
  with.quota_project = session->credentials().quota_project;
  with.get_token = [&session]() -> absl::StatusOr<absl::Time> {
    credentials::TokenSource& tokens = *session->credentials().tokens;
    BQCDC_RETURN_IF_ERROR(tokens.Token().status());
    return tokens.Expiry();
  };
  with.look_up_stream = [&session, &name]() -> absl::Status {
    BQCDC_ASSIGN_OR_RETURN(const write::StorageChannel channel, session->OpenStorageChannel());
    return write::LookUpStream(channel, absl::StrCat(name.ResourceName(), "/streams/_default"),
                               kAnswerTimeout);
  };
  with.ask_time = [&session] { return AskTime(*session); };
  const std::vector<CheckLine> lines = CheckTable(with, name);
  std::fputs(FormatChecks(lines).c_str(), stdout);
  if (std::fflush(stdout) != 0) return absl::InternalError("cannot write the checks");
  return AnyFailed(lines) ? kFailed : kDone;
}

}  // namespace

void AddCheckCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto table = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("check", "Look at everything that streaming to a table needs; writes nothing");
  command->fallthrough();
  command->footer(
      "\nOne line for each check: ok, warn, fail or skip (not looked at, and why), and what to do. "
      "Exit code 0 where nothing failed, else 1."
      "\nIt runs two small queries, for max_staleness and for what was written of late; the service bills "
      "each as 10 MB on demand.");
  command->add_option("TABLE", *table, "DATASET.TABLE, PROJECT.DATASET.TABLE or PROJECT:DATASET.TABLE")
      ->required();
  command->callback([&common, table, action] {
    *action = [&common, table] {
      const absl::StatusOr<int> code = Run(common, *table);
      return code.ok() ? *code : ReportError(code.status(), ExitCodeOf(code.status()));
    };
  });
}

}  // namespace bqcdc::cli
