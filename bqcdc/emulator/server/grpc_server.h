#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/handlers/write_service.h"
#include "bqcdc/emulator/server/tls_identity.h"

namespace bqcdc::emulator::server {

// The gRPC server of the Storage Write API, from Start() to its destruction.
class GrpcServer {
 public:
  // `service` must outlive the server. `request_bytes_max`: what the service refuses in the stream; gRPC
  // itself refuses messages that are much larger. Port 0: any free one. With `tls` it speaks TLS alone.
  // Errors: FailedPrecondition when the port cannot be bound.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const std::string& host, int port,
                                                           int64_t request_bytes_max,
                                                           handlers::WriteService& service,
                                                           const TlsIdentity* tls = nullptr);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  int port() const;
  // Ends open connections after the answers that are due, and waits; after a few seconds they are cut.
  // Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit GrpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::emulator::server
