#include "bqcdc/emulator/handlers/append_response.h"

#include <string>

#include "bqcdc/emulator/handlers/append_errors.h"
#include "bqcdc/emulator/handlers/table_schema_proto.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"
#include "grpcpp/support/slice.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;

// The service's texts about permission name the resource themselves.
bool NamesEntity(const absl::Status& status) {
  return status.code() != absl::StatusCode::kPermissionDenied &&
         status.code() != absl::StatusCode::kUnimplemented;
}

}  // namespace

grpc::ByteBuffer MakeAppendResponse(const AppendSession::Destination* destination, const absl::Status& status,
                                    std::optional<int64_t> offset,
                                    const std::vector<convert::RowFault>& faults,
                                    const schema::TableSchema* updated_schema) {
  v1::AppendRowsResponse response;
  const std::string entity = destination == nullptr ? "" : destination->stream.Entity();
  if (destination != nullptr) response.set_write_stream(destination->name);
  if (status.ok()) {
    v1::AppendRowsResponse::AppendResult* result = response.mutable_append_result();
    if (offset) result->mutable_offset()->set_value(*offset);  // the default stream has none
  } else {
    FillError(NamesEntity(status) ? WithEntity(status, entity) : status, entity, &response);
  }
  for (const convert::RowFault& fault : faults) {
    v1::RowError* error = response.add_row_errors();
    error->set_index(fault.index);
    error->set_code(v1::RowError::FIELDS_ERROR);
    error->set_message(fault.message);
  }
  if (updated_schema != nullptr) FillTableSchema(*updated_schema, response.mutable_updated_schema());
  const grpc::Slice slice(response.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace bqcdc::emulator::handlers
