#include "bqcdc/emulator/handlers/testing/rest_server.h"

#include <cstdio>
#include <cstdlib>

#include "httplib.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers::testing {
namespace {

using nlohmann::json;

constexpr char kJson[] = "application/json";

Answer Translate(const httplib::Result& result) {
  if (!result) {
    std::fprintf(stderr, "no answer: %s\n", httplib::to_string(result.error()).c_str());
    return {};
  }
  return {result->status, result->body, result->get_header_value("ETag")};
}

absl::StatusOr<sql::QueryOutcome> NoQueries(const sql::QueryRequest&) {
  return absl::InternalError("this test runs no queries");
}

}  // namespace

RestServer::RestServer(QueryFunction run_query, RestOptions options)
    : clock_(absl::FromUnixSeconds(1'700'000'000)), server_(std::make_unique<httplib::Server>()) {
  auto database = engine::Database::Open({.data_dir = directory_.path(), .background_apply = false}, &clock_);
  if (!database.ok()) {
    std::fprintf(stderr, "%s\n", database.status().ToString().c_str());
    std::abort();
  }
  database_ = *std::move(database);
  if (!run_query) run_query = NoQueries;
  context_ = std::make_unique<RestContext>(*database_, clock_, std::move(run_query), std::move(options));
  RegisterRest(*server_, *context_);
  port_ = server_->bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  client_ = std::make_unique<httplib::Client>("127.0.0.1", port_);
}

RestServer::~RestServer() {
  client_->stop();
  // stop() does nothing before the thread has begun to listen.
  while (!server_->is_running()) std::this_thread::yield();
  server_->stop();
  thread_.join();
}

Answer RestServer::Get(const std::string& path) { return Translate(client_->Get(path)); }
Answer RestServer::Post(const std::string& path, const json& body) {
  return Translate(client_->Post(path, body.dump(), kJson));
}
Answer RestServer::Patch(const std::string& path, const json& body, const std::string& if_match) {
  httplib::Headers headers;
  if (!if_match.empty()) headers.emplace("If-Match", if_match);
  return Translate(client_->Patch(path, headers, body.dump(), kJson));
}
Answer RestServer::Put(const std::string& path, const json& body) {
  return Translate(client_->Put(path, body.dump(), kJson));
}
Answer RestServer::Delete(const std::string& path, const std::string& if_match) {
  httplib::Headers headers;
  if (!if_match.empty()) headers.emplace("If-Match", if_match);
  return Translate(client_->Delete(path, headers));
}

}  // namespace bqcdc::emulator::handlers::testing
