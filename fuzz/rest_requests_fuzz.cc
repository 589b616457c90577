// A request to the REST API, "METHOD PATH[?NAME=VALUE[&…]]\nBODY": it is answered in Google's form, and no
// answer is an internal error. One server lives through all inputs; what it is told to delete and create
// again, it does.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/testing/table_driver.h"
#include "bqcdc/emulator/handlers/dispatcher.h"
#include "bqcdc/emulator/handlers/rest_service.h"
#include "nlohmann/json.hpp"

namespace {

using namespace bqcdc::emulator;  // NOLINT: a target names them all.

struct Server {
  engine::testing::TemporaryDirectory directory;
  bqcdc::base::ManualClock clock{absl::FromUnixSeconds(1'700'000'000)};
  std::unique_ptr<engine::Database> database =
      *engine::Database::Open({.data_dir = directory.path(), .background_apply = false}, &clock);
  // Queries have a target of their own.
  handlers::RestContext context{
      *database,
      clock,
      [](const sql::QueryRequest&) { return absl::InvalidArgumentError("no queries here"); },
      {.project = "p"}};
};

handlers::RestRequest ParseRequest(std::string_view input) {
  handlers::RestRequest request;
  const size_t line = std::min(input.find('\n'), input.size());
  std::string_view head = input.substr(0, line);
  if (line < input.size()) request.body = std::string(input.substr(line + 1));
  const size_t blank = std::min(head.find(' '), head.size());
  request.method = std::string(head.substr(0, blank));
  head.remove_prefix(std::min(blank + 1, head.size()));
  const size_t mark = std::min(head.find('?'), head.size());
  request.path = std::string(head.substr(0, mark));
  for (std::string_view rest = head.substr(std::min(mark + 1, head.size())); !rest.empty();) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    request.query.emplace(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  request.content_type = "application/json";
  request.host = "localhost";
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Server* const server = new Server();
  const handlers::RestRequest request = ParseRequest({reinterpret_cast<const char*>(data), size});
  const handlers::RestResponse response = handlers::Dispatch(server->context.state(), request);
  const bool known = response.status >= 200 && response.status < 600 && response.status != 500;
  const bool json = response.body.empty() || nlohmann::json::accept(response.body);
  if (known && json) return 0;
  std::fprintf(stderr, "%d %s\n", response.status, response.body.c_str());
  std::abort();
}
