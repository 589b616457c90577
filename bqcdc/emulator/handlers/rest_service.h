#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/bearer_tokens.h"
#include "bqcdc/emulator/handlers/default_evaluator.h"
#include "bqcdc/emulator/sql/query_runner.h"

namespace httplib {
class Server;
}

// BigQuery's REST API v2 (https://cloud.google.com/bigquery/docs/reference/rest) on an HTTP server.
namespace bqcdc::emulator::handlers {

struct RestOptions {
  // The project that projects.list names. Other projects work too: a project is a name in a path.
  std::string project;
  // The service takes `maxStaleness` of an ordinary table and drops it, so this server does by default; true
  // stores it.
  bool honour_rest_max_staleness = false;
  // Largest request body, after decompression; beyond it 413.
  size_t request_bytes_max = 32 * 1024 * 1024;
  // Defaults of columns that rows of tabledata.insertAll leave out; unset: such rows are refused.
  DefaultEvaluator evaluate_default;
  // Whether a column's DEFAULT gives a value of the column.
  std::function<absl::Status(const schema::Column& column)> check_default;
  // Whether a request with this `Host` header is served (a browser's page must not reach a local server by
  // DNS rebinding). Unset: every host is.
  std::function<bool(std::string_view host)> host_allowed;
  // Answer of `GET /bqcdc/v1/endpoints`, JSON: where the server's other faces are. Unset: no such path.
  std::function<std::string()> endpoints;
  // The server speaks TLS: links to itself say https.
  bool tls = false;
  // A request without one of these gets 401, but for the two descriptions, which are public at the service
  // too and tell nothing of what is kept: `/bqcdc/v1/endpoints` and the discovery document. None: every
  // request is served.
  BearerTokens bearer_tokens;
};

// Runs one query; sql::RunQuery bound to the database, or a fake in tests. Called on several threads at once.
using QueryFunction = std::function<absl::StatusOr<sql::QueryOutcome>(const sql::QueryRequest&)>;

// What the methods work on, with the jobs, which live in memory only. Thread-safe. Cancels what runs when
// destroyed, and waits for it; destroy it after the HTTP server has stopped and before the
// database.
class RestContext {
 public:
  RestContext(engine::Database& database, const base::Clock& clock, QueryFunction run_query,
              RestOptions options);
  ~RestContext();
  RestContext(const RestContext&) = delete;
  RestContext& operator=(const RestContext&) = delete;

  // For this folder only.
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

// Serves every path of `server`: the API under `/bigquery/v2` and under `/` (clients with
// BIGQUERY_EMULATOR_HOST leave the prefix out), the discovery document, and Google's form of error for
// everything else. Takes the server's pre-routing, error and exception handlers, and its payload limit.
// `context` must outlive `server`'s last request.
void RegisterRest(httplib::Server& server, RestContext& context);

}  // namespace bqcdc::emulator::handlers
