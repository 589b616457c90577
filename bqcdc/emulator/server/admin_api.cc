#include "bqcdc/emulator/server/admin_api.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/server/host_header.h"
#include "bqcdc/values/duration_text.h"
#include "httplib.h"

namespace bqcdc::emulator::server {
namespace {

using nlohmann::json;
using Answer = absl::StatusOr<json>;
using Method = std::function<Answer(const AdminContext&, const json& body)>;

// Longest way that the clock goes in one step: timers are checked at the end of it only.
constexpr absl::Duration kAdvanceMax = absl::Hours(24 * 366);
constexpr size_t kBodyBytesMax = 64 * 1024;

json ClockJson(const AdminContext& context) {
  return {{"time", absl::FormatTime(absl::RFC3339_full, context.clock.Now(), absl::UTCTimeZone())},
          {"manual", context.manual_clock != nullptr}};
}

absl::StatusOr<std::string> TextMember(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || !found->is_string()) {
    return base::InvalidArgument("the body needs \"", name, "\" with a text");
  }
  return found->get<std::string>();
}

absl::Status AfterMove(const AdminContext& context) {
  BQCDC_RETURN_IF_ERROR(context.database.WaitForBackground());
  context.write_service.AwaitIdleCheck();
  return absl::OkStatus();
}

Answer GetClock(const AdminContext& context, const json&) { return ClockJson(context); }

absl::Status RequireManual(const AdminContext& context) {
  if (context.manual_clock != nullptr) return absl::OkStatus();
  return base::InvalidArgument("the server runs on the system's clock: start it with --clock manual");
}

Answer AdvanceClock(const AdminContext& context, const json& body) {
  BQCDC_RETURN_IF_ERROR(RequireManual(context));
  BQCDC_ASSIGN_OR_RETURN(const std::string text, TextMember(body, "duration"));
  BQCDC_ASSIGN_OR_RETURN(const absl::Duration duration, values::ParseDurationText(text));
  if (duration > kAdvanceMax)
    return base::InvalidArgument("the clock goes on by 366 days at most in one step");
  context.manual_clock->Advance(duration);
  BQCDC_RETURN_IF_ERROR(AfterMove(context));
  return ClockJson(context);
}

Answer SetClock(const AdminContext& context, const json& body) {
  BQCDC_RETURN_IF_ERROR(RequireManual(context));
  BQCDC_ASSIGN_OR_RETURN(const std::string text, TextMember(body, "time"));
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return base::InvalidArgument("\"time\" must be RFC 3339, as 2024-01-31T12:00:00Z");
  }
  if (time - context.clock.Now() > kAdvanceMax) {
    return base::InvalidArgument("the clock goes on by 366 days at most in one step");
  }
  if (!context.manual_clock->Set(time)) return base::InvalidArgument("the clock does not go back");
  BQCDC_RETURN_IF_ERROR(AfterMove(context));
  return ClockJson(context);
}

// `p.d.t`, `p:d.t` or `d.t`.
absl::StatusOr<catalog::TableId> ReadTable(const AdminContext& context, std::string text) {
  if (const size_t colon = text.find(':'); colon != std::string::npos) text[colon] = '.';
  const std::vector<std::string> parts = absl::StrSplit(text, '.');
  if (parts.size() == 3) return catalog::TableId{parts[0], parts[1], parts[2]};
  if (parts.size() == 2) return catalog::TableId{context.project, parts[0], parts[1]};
  return base::InvalidArgument("\"table\" must be project.dataset.table");
}

Answer Apply(const AdminContext& context, const json& body) {
  std::optional<catalog::TableId> table;
  if (body.contains("table")) {
    BQCDC_ASSIGN_OR_RETURN(const std::string text, TextMember(body, "table"));
    BQCDC_ASSIGN_OR_RETURN(table, ReadTable(context, text));
  }
  BQCDC_RETURN_IF_ERROR(context.database.Apply(table));
  return json::object();
}

Answer GetCounters(const AdminContext& context, const json&) {
  const handlers::WriteCounters& write = context.write_service.counters();
  const engine::Database::CommitCounts commits = context.database.commit_counts();
  return json{{"connections_open", write.connections_open.load()},
              {"connections_total", write.connections_total.load()},
              {"connections_idle_closed", write.connections_idle_closed.load()},
              {"connections_refused", write.connections_refused.load()},
              {"requests", write.requests.load()},
              {"requests_refused", write.requests_refused.load()},
              {"requests_decoded_again", write.requests_decoded_again.load()},
              {"rows_accepted", write.rows_accepted.load()},
              {"bytes_received", write.bytes_received.load()},
              {"appends", commits.appends},
              {"commits", commits.commits}};
}

void Send(const Answer& answer, httplib::Response& response) {
  if (answer.ok()) {
    response.set_content(answer->dump(), "application/json");
    return;
  }
  response.status = answer.status().code() == absl::StatusCode::kNotFound ? 404 : 400;
  const json error = {{"error", std::string(base::ToStd(answer.status().message()))}};
  response.set_content(error.dump(), "application/json");
}

httplib::Server::Handler Handle(const AdminContext& context, Method method) {
  return [context, method = std::move(method)](const httplib::Request& request, httplib::Response& response) {
    json body = json::object();
    if (!request.body.empty()) body = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) {
      Send(base::InvalidArgument("the body must be a JSON object"), response);
      return;
    }
    Send(method(context, body), response);
  };
}

}  // namespace

void RegisterAdmin(httplib::Server& server, const AdminContext& context) {
  server.set_payload_max_length(kBodyBytesMax);
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (IsHostAllowed(request.get_header_value("Host"), {}))
      return httplib::Server::HandlerResponse::Unhandled;
    response.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Get("/clock", Handle(context, GetClock));
  server.Post("/clock/advance", Handle(context, AdvanceClock));
  server.Post("/clock/set", Handle(context, SetClock));
  server.Post("/apply", Handle(context, Apply));
  server.Get("/counters", Handle(context, GetCounters));
}

}  // namespace bqcdc::emulator::server
