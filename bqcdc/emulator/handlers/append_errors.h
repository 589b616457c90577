#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/convert/proto_rows.h"
#include "bqcdc/emulator/engine/write_stream.h"
#include "bqcdc/emulator/handlers/stream_name.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"
#include "grpcpp/support/status.h"

// The errors of the Storage Write API: texts as the service writes them, and their way into responses.
namespace bqcdc::emulator::handlers {

using StorageErrorCode = google::cloud::bigquery::storage::v1::StorageError::StorageErrorCode;

// A status that carries a StorageError.
absl::Status WithStorageError(absl::Status status, StorageErrorCode code);
// A status whose message ends in ` Entity: …`, once.
absl::Status WithEntity(const absl::Status& status, std::string_view entity);

// The answer about a table that is not there: the service does not say whether it exists.
absl::Status TableDenied(const StreamName& stream);
absl::Status TableRecreated(const catalog::TableId& table);
absl::Status TableGone(const catalog::TableId& table);
absl::Status RequestTooLarge(int64_t bytes, int64_t limit);
absl::Status BadRows();
absl::Status NoPrimaryKey(const catalog::TableId& table);
absl::Status InvalidStreamName(std::string_view name);
absl::Status PartitionDecoratorsNotOffered();
// What a created stream does not take, with its StorageError.
absl::Status StreamError(const engine::StreamRefusal& refusal);
absl::Status IdleFor(int64_t seconds);
absl::Status Restarting();

// The StorageError that the status carries; code unspecified where it carries none.
google::cloud::bigquery::storage::v1::StorageError StorageErrorOf(const absl::Status& status,
                                                                  std::string_view entity);
// For a call that ends with it: the StorageError, if there is one, is in `grpc-status-details-bin`.
grpc::Status RpcStatus(const absl::Status& status);
// Fills `error` of a response from a status; details hold a StorageError where the status carries one.
void FillError(const absl::Status& status, std::string_view entity,
               google::cloud::bigquery::storage::v1::AppendRowsResponse* response);

}  // namespace bqcdc::emulator::handlers
