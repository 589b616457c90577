#pragma once

#include <memory>

#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/append_session.h"
#include "bqcdc/emulator/handlers/write_options.h"

namespace grpc {
class Service;
}

namespace bqcdc::emulator::handlers {

// google.cloud.bigquery.storage.v1.BigQueryWrite. Thread-safe. Destroyed after
// the gRPC server that serves it has shut down and before the database.
class WriteService {
 public:
  WriteService(engine::Database& database, const base::Clock& clock, DefaultEvaluator evaluate_default,
               WriteOptions options);
  // Waits until the database has answered all requests.
  ~WriteService();
  WriteService(const WriteService&) = delete;
  WriteService& operator=(const WriteService&) = delete;

  // For grpc::ServerBuilder::RegisterService.
  grpc::Service* service();
  const WriteCounters& counters() const;

  // Returns when connections whose idle time had passed at the clock's present time are closed.
  void AwaitIdleCheck();
  // Ends every open connection after the answers that are due, as the service does when it restarts.
  void CloseConnections();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::emulator::handlers
