#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/convert/field_conflict.h"
#include "bqcdc/emulator/engine/write_stream.h"
#include "bqcdc/emulator/handlers/stream_name.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"
#include "grpcpp/support/status.h"

// The errors of the Storage Write API: texts as the service writes them, and their way into responses. Texts
// about a descriptor are in convert/writer_schema.cc, those about a row's values in convert/cell_fault.cc.
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
absl::Status NotATable(const catalog::TableId& view);
absl::Status RequestTooLarge(int64_t bytes, int64_t limit);
// The machine has no memory left for the rows.
absl::Status NoMemoryForRows();
absl::Status NotARequest();
absl::Status BadRows();
absl::Status NoPrimaryKey(const catalog::TableId& table);
absl::Status TooManyColumnsForChanges(const catalog::TableId& table, size_t columns, size_t limit);
absl::Status InvalidStreamName(std::string_view name);
absl::Status InvalidTableName(std::string_view name);
absl::Status PartitionDecoratorsNotOffered();
absl::Status TooManyConnections(size_t limit);
// What a request of a connection lacks or must not have.
absl::Status StreamNameMissing();
absl::Status StreamNameMissingAmongSeveral();
absl::Status TooManyDestinations(size_t limit);
absl::Status OffsetOnDefaultStream();
absl::Status NegativeOffset();
absl::Status RowsMissing();
absl::Status WriterSchemaMissing();
// Rows of one format behind a writer schema of the other.
absl::Status WriterSchemaOfOtherFormat();
absl::Status WriterSchemaTooLarge(size_t bytes, size_t limit);
absl::Status TooManyWriterSchemas();
absl::Status UnknownMissingValueColumn(std::string_view column);
absl::Status UnspecifiedMissingValue(std::string_view column);
// A descriptor that fitted until the table's columns changed: the client opens a new connection.
absl::Status IncompatibleFields(const convert::FieldConflict& conflict);
// The unary methods.
absl::Status StreamTypeMissing();
absl::Status CommitsNoStream();
absl::Status CommitsTooManyStreams(int limit);
absl::Status CommitsForeignStream(const catalog::TableId& table);
absl::Status FlushOffsetMissing();
// What a created stream does not take, with its StorageError.
absl::Status StreamError(const engine::StreamRefusal& refusal);
absl::Status IdleFor(int64_t seconds);
absl::Status Restarting();

// A descriptor that a created stream does not take. It is no answer to the request but the end of the RPC.
absl::Status StreamSchemaMismatch();
bool EndsRpc(const absl::Status& status);

// The StorageError that the status carries; code unspecified where it carries none.
google::cloud::bigquery::storage::v1::StorageError StorageErrorOf(const absl::Status& status,
                                                                  std::string_view entity);
// For a call that ends with it: the StorageError, if there is one, is in `grpc-status-details-bin`.
grpc::Status RpcStatus(const absl::Status& status);
// Fills `error` of a response from a status; details hold a StorageError where the status carries one.
void FillError(const absl::Status& status, std::string_view entity,
               google::cloud::bigquery::storage::v1::AppendRowsResponse* response);

}  // namespace bqcdc::emulator::handlers
