#pragma once

#include <string>

#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/write_service.h"

namespace httplib {
class Server;
}

namespace bqcdc::emulator::server {

// What the administration works on; all outlive the server that it is mounted on.
struct AdminContext {
  engine::Database& database;
  handlers::WriteService& write_service;
  const base::Clock& clock;
  base::ManualClock* manual_clock;  // null: the clock cannot be moved
  std::string project;              // of tables named `dataset.table`
};

// Paths for tests and demos, never on a public port:
//   GET  /clock                                    → {"time": RFC 3339, "manual": bool}
//   POST /clock/advance  {"duration": "15m"}       → as /clock; answers when what became due has happened
//   POST /clock/set      {"time": RFC 3339}        → the same; never backwards
//   POST /apply          {} or {"table": "p.d.t"}  → {} when everything pending is in the baseline
//   GET  /counters                                 → {"connections_open": …, …}
// Errors: 400 or 404 and {"error": text}.
void RegisterAdmin(httplib::Server& server, const AdminContext& context);

}  // namespace bqcdc::emulator::server
