#include "bqcdc/write/stream_lookup.h"

#include <google/cloud/bigquery/storage/v1/storage.grpc.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>

#include "bqcdc/write/append_connection.h"

namespace bqcdc::write {

namespace storage = google::cloud::bigquery::storage::v1;

absl::Status LookUpStream(const StorageChannel& channel, const std::string& stream, absl::Duration timeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  // The header names the field of the request that the call is routed by; here it is `name`.
  Destination destination;
  destination.write_stream = stream;
  const std::string routed = RoutingParameters(destination);
  context.AddMetadata("x-goog-request-params", "name" + routed.substr(routed.find('=')));
  context.AddMetadata("x-goog-api-client", "gl-cpp/20 gccl/bqcdc");
  if (!channel.user_project.empty()) context.AddMetadata("x-goog-user-project", channel.user_project);
  storage::GetWriteStreamRequest request;
  request.set_name(stream);
  storage::WriteStream answer;
  const grpc::Status status =
      storage::BigQueryWrite::NewStub(channel.channel)->GetWriteStream(&context, request, &answer);
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED && channel.token_refused)
    channel.token_refused();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace bqcdc::write
