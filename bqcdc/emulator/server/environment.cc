#include "bqcdc/emulator/server/environment.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "bqcdc/base/clock.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/rest_service.h"
#include "bqcdc/emulator/handlers/write_service.h"
#include "bqcdc/emulator/server/admin_api.h"
#include "bqcdc/emulator/server/data_directory.h"
#include "bqcdc/emulator/server/grpc_server.h"
#include "bqcdc/emulator/server/host_header.h"
#include "bqcdc/emulator/server/http_server.h"
#include "bqcdc/emulator/server/secret_file.h"
#include "bqcdc/emulator/server/tls_identity.h"
#include "bqcdc/emulator/sql/default_expression.h"
#include "bqcdc/emulator/sql/query_runner.h"
#include "spdlog/spdlog.h"

namespace bqcdc::emulator::server {
namespace {

std::string Address(const std::string& host, int port) {
  return base::StrCat(host.find(':') == std::string::npos ? host : "[" + host + "]", ":", port);
}

// Clients on this machine reach a server that listens everywhere by the loopback address.
std::string Reachable(const std::string& host) {
  return host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host;
}

engine::DatabaseOptions StoreOptions(const Options& options, const std::string& data_dir) {
  engine::DatabaseOptions result;
  result.data_dir = data_dir;
  result.cdc.shuffle_ties = options.shuffle_ties;
  result.cdc.shuffle_seed = options.shuffle_seed;
  result.cdc.forget_sequences_after = options.forget_sequences_after;
  result.background_apply = options.background_apply;
  result.memory_bytes_max = options.memory_mebibytes_max * 1024 * 1024;
  result.on_failure = [](const absl::Status& why) {
    spdlog::error("the store has failed and is being opened anew, nothing that was acknowledged is lost: {}",
                  std::string(why.message()));
  };
  return result;
}

handlers::WriteOptions WriteOptionsOf(const Options& options, const handlers::BearerTokens& tokens) {
  using Scope = handlers::ConnectionMode::Scope;
  handlers::WriteOptions result;
  result.request_bytes_max = options.request_bytes_max;
  result.idle_timeout = options.idle_timeout;
  result.table_propagation = options.table_propagation;
  result.column_propagation = options.column_propagation;
  result.bearer_tokens = tokens;
  result.mode_scope = options.mode_per_destination ? Scope::kDestination : Scope::kConnection;
  return result;
}

}  // namespace

std::string Endpoints::ToJson() const {
  return nlohmann::json{{"rest", rest}, {"storage", storage}, {"admin", admin}}.dump() + "\n";
}

// Members in the order of their start; destroyed from the last to the first.
struct Environment::Impl {
  Options options;
  std::optional<DataDirectory> data_directory;
  std::unique_ptr<base::ManualClock> manual_clock;
  const base::Clock* clock = nullptr;
  std::optional<TlsIdentity> tls;
  handlers::BearerTokens bearer_tokens;
  std::unique_ptr<engine::Database> database;
  std::unique_ptr<handlers::WriteService> write_service;
  std::unique_ptr<handlers::RestContext> rest_context;
  Endpoints endpoints;
  std::unique_ptr<GrpcServer> grpc_server;
  std::unique_ptr<HttpServer> http_server;
  std::unique_ptr<HttpServer> admin_server;

  // First of all: a wrong file must not leave a data directory behind.
  absl::Status ReadSecrets() {
    if (!options.tls_cert.empty()) {
      BQCDC_ASSIGN_OR_RETURN(tls, ReadTlsIdentity(options.tls_cert, options.tls_key));
    }
    if (!options.bearer_token_file.empty()) {
      BQCDC_ASSIGN_OR_RETURN(std::vector<std::string> tokens, ReadBearerTokens(options.bearer_token_file));
      bearer_tokens = handlers::BearerTokens(std::move(tokens));
    }
    return absl::OkStatus();
  }

  const TlsIdentity* Tls() const { return tls ? &*tls : nullptr; }

  absl::Status StartStore() {
    if (options.manual_clock) {
      const absl::Time now = base::SystemClock::Get().Now();
      manual_clock = std::make_unique<base::ManualClock>(options.clock_start.value_or(now));
    }
    clock = manual_clock ? static_cast<const base::Clock*>(manual_clock.get()) : &base::SystemClock::Get();
    BQCDC_ASSIGN_OR_RETURN(data_directory, DataDirectory::Make(options.data_dir));
    BQCDC_ASSIGN_OR_RETURN(database,
                           engine::Database::Open(StoreOptions(options, data_directory->path()), clock));
    return absl::OkStatus();
  }

  void MakeServices() {
    const auto evaluate_default = [this](const schema::Column& column, size_t rows, absl::Time now) {
      return sql::EvaluateDefault(*database, column, rows, now);
    };
    write_service = std::make_unique<handlers::WriteService>(*database, *clock, evaluate_default,
                                                             WriteOptionsOf(options, bearer_tokens));
    handlers::RestOptions rest;
    rest.project = options.project;
    rest.honour_rest_max_staleness = options.honour_rest_max_staleness;
    rest.evaluate_default = evaluate_default;
    rest.check_default = [this](const schema::Column& column) {
      return sql::CheckDefault(*database, column);
    };
    rest.tls = tls.has_value();
    rest.bearer_tokens = bearer_tokens;
    rest.host_allowed = [this](std::string_view host) { return IsRestHost(host); };
    rest.endpoints = [this] { return endpoints.ToJson(); };
    const auto run_query = [this](const sql::QueryRequest& request) {
      return sql::RunQuery(*database, request);
    };
    rest_context = std::make_unique<handlers::RestContext>(*database, *clock, run_query, std::move(rest));
  }

  // Besides loopback: the host that the server was told to listen on, and what --allow-host names.
  bool IsRestHost(std::string_view host) const {
    std::vector<std::string> allowed = options.allowed_hosts;
    allowed.push_back(options.host);
    return IsHostAllowed(host, allowed);
  }

  absl::Status Listen() {
    const std::string host = Reachable(options.host);
    BQCDC_ASSIGN_OR_RETURN(grpc_server, GrpcServer::Start(options.host, options.grpc_port,
                                                          options.request_bytes_max, *write_service, Tls()));
    endpoints.storage = Address(host, grpc_server->port());
    if (options.admin) {
      // Never on the public address.
      const AdminContext context{*database, *write_service, *clock, manual_clock.get(), options.project};
      BQCDC_ASSIGN_OR_RETURN(
          admin_server, HttpServer::Start("127.0.0.1", options.admin_port,
                                          [&](httplib::Server& server) { RegisterAdmin(server, context); }));
      endpoints.admin = "http://" + Address("127.0.0.1", admin_server->port());
    }
    // The last to listen: whoever reaches it may ask for the others.
    BQCDC_ASSIGN_OR_RETURN(
        http_server,
        HttpServer::Start(
            options.host, options.http_port,
            [&](httplib::Server& server) { handlers::RegisterRest(server, *rest_context); }, Tls()));
    endpoints.rest = (tls ? "https://" : "http://") + Address(host, http_server->port());
    return absl::OkStatus();
  }
};

Environment::Environment(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Environment>> Environment::Start(const Options& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  BQCDC_RETURN_IF_ERROR(impl->ReadSecrets());
  BQCDC_RETURN_IF_ERROR(impl->StartStore());
  impl->MakeServices();
  BQCDC_RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<Environment>(new Environment(std::move(impl)));
}

Environment::~Environment() = default;

const Endpoints& Environment::endpoints() const { return impl_->endpoints; }
const std::string& Environment::data_dir() const { return impl_->data_directory->path(); }

}  // namespace bqcdc::emulator::server
