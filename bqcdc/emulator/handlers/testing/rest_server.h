#pragma once

#include <memory>
#include <string>
#include <thread>

#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "bqcdc/emulator/handlers/rest_service.h"
#include "bqcdc/emulator/handlers/testing/rest_answer.h"
#include "nlohmann/json_fwd.hpp"

namespace httplib {
class Client;
class Server;
}  // namespace httplib

namespace bqcdc::emulator::handlers::testing {

// The REST API on a free port of the loopback, on a store of its own, with a clock that is moved by hand.
// Queries go to `run_query`, a fake; unset, every query fails.
class RestServer {
 public:
  explicit RestServer(QueryFunction run_query = {}, RestOptions options = {});
  ~RestServer();

  Answer Get(const std::string& path);
  Answer Post(const std::string& path, const nlohmann::json& body);
  Answer Patch(const std::string& path, const nlohmann::json& body, const std::string& if_match = "");
  Answer Put(const std::string& path, const nlohmann::json& body);
  Answer Delete(const std::string& path, const std::string& if_match = "");

  httplib::Client& client() { return *client_; }
  base::ManualClock& clock() { return clock_; }
  engine::Database& database() { return *database_; }
  int port() const { return port_; }

 private:
  engine::testing::TemporaryDirectory directory_;
  base::ManualClock clock_;
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<RestContext> context_;
  std::unique_ptr<httplib::Server> server_;
  std::unique_ptr<httplib::Client> client_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace bqcdc::emulator::handlers::testing
