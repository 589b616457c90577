#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/http/transport.h"
#include "bqcdc/rest/table_name.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string admin, value;
};

constexpr absl::Duration kApplyTimeout = absl::Minutes(5);

absl::StatusOr<std::string> AdminUrl(const CommonFlags& common, const Flags& flags) {
  if (!flags.admin.empty())
    return flags.admin.find("://") == std::string::npos ? "http://" + flags.admin : flags.admin;
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  if (!session->endpoints().local && !session->endpoints().loopback)
    return WrongUsage("admin is for local servers: give --endpoint or --admin");
  const std::string url = AskEndpoints(session->transport(), session->endpoints().rest_url).admin;
  if (url.empty())
    return absl::UnavailableError("the server offers no administration; start it with --admin");
  return url;
}

// The table as the server is told it. Without a project it takes its own.
absl::StatusOr<std::string> TableOf(const CommonFlags& common, const std::string& table) {
  const std::string project = GivenProject(common);
  if (table.empty() || project.empty()) return table;
  const auto name = rest::ParseTableName(table, project);
  if (!name.ok()) return WrongUsage(std::string(name.status().message()));
  return name->ToString();
}

absl::Status Call(const CommonFlags& common, const Flags& flags, const char* method, const char* path,
                  const std::string& body, bool print_time) {
  BQCDC_ASSIGN_OR_RETURN(const std::string url, AdminUrl(common, flags));
  http::Request request;
  request.method = method;
  request.url = absl::StrCat(url, path);
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body;
  request.timeout = kApplyTimeout;
  const auto transport = http::MakeCurlTransport({.ignore_proxy = true});
  BQCDC_ASSIGN_OR_RETURN(const http::Response response, transport->Perform(request));
  const auto answer = nlohmann::json::parse(response.body, nullptr, false);
  const auto member = [&answer](const char* name) {
    const auto found = answer.is_object() ? answer.find(name) : answer.end();
    return answer.is_object() && found != answer.end() && found->is_string() ? found->get<std::string>()
                                                                             : std::string();
  };
  if (response.code != 200) {
    const std::string error = member("error");
    return absl::InternalError(error.empty() ? absl::StrCat("HTTP ", response.code) : error);
  }
  if (print_time) std::printf("%s\n", member("time").c_str());
  return absl::OkStatus();
}

}  // namespace

void AddAdminCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* admin =
      app.add_subcommand("admin", "Drive a local server that was started with --admin: its clock, apply");
  admin->fallthrough();
  admin->require_subcommand(1);
  admin->add_option("--admin", flags->admin,
                    "The server's administration endpoint (else what the server says)");
  const auto add = [&](CLI::App* parent, const char* name, const char* text, const char* method,
                       const char* path, const char* member, const char* value_text, bool print_time) {
    CLI::App* command = parent->add_subcommand(name, text);
    command->fallthrough();
    if (value_text != nullptr) {
      CLI::Option* value = command->add_option("VALUE", flags->value, value_text);
      if (print_time) value->required();
    }
    command->callback([=, &common] {
      *action = [=, &common] {
        std::string value = flags->value;
        if (!print_time) {
          const absl::StatusOr<std::string> table = TableOf(common, value);
          if (!table.ok()) return ReportError(table.status(), ExitCodeOf(table.status()));
          value = *table;
        }
        const std::string body = member == nullptr || value.empty()
                                     ? (std::string(method) == "POST" ? "{}" : "")
                                     : nlohmann::json{{member, value}}.dump();
        const absl::Status status = Call(common, *flags, method, path, body, print_time);
        return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
      };
    });
  };
  CLI::App* clock = admin->add_subcommand("clock", "The server's clock");
  clock->fallthrough();
  clock->require_subcommand(1);
  add(clock, "now", "Print its time", "GET", "/clock", nullptr, nullptr, true);
  add(clock, "advance", "Move it on, as 15m or 1h", "POST", "/clock/advance", "duration", "Duration, as 15m",
      true);
  add(clock, "set", "Set it, never backwards", "POST", "/clock/set", "time", "Time, as 2026-01-02T03:04:05Z",
      true);
  add(admin, "apply", "Apply what is pending to the tables themselves", "POST", "/apply", "table",
      "One table, PROJECT.DATASET.TABLE or DATASET.TABLE (default: all)", false);
}

}  // namespace bqcdc::cli
