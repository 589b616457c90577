#include "bqcdc/emulator/handlers/append_errors.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "google/rpc/status.pb.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;

constexpr char kStorageErrorUrl[] = "bqcdc/storage-error";
constexpr char kEndsRpcUrl[] = "bqcdc/ends-rpc";
constexpr char kEntity[] = " Entity: ";

}  // namespace

absl::Status WithStorageError(absl::Status status, StorageErrorCode code) {
  status.SetPayload(kStorageErrorUrl, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

absl::Status WithEntity(const absl::Status& status, std::string_view entity) {
  if (entity.empty() || absl::StrContains(status.message(), kEntity)) return status;
  absl::Status result(status.code(), base::StrCat(base::ToStd(status.message()), kEntity, entity));
  status.ForEachPayload(
      [&](absl::string_view url, const absl::Cord& value) { result.SetPayload(url, value); });
  return result;
}

absl::Status TableDenied(const StreamName& stream) {
  return base::Error(absl::StatusCode::kPermissionDenied,
                     "Permission 'TABLES_UPDATE_DATA' denied on resource '", stream.TableName(),
                     "' (or it may not exist).");
}

absl::Status TableRecreated(const catalog::TableId& table) {
  return base::NotFound("Table ", table.ToString(), " is re-created.");
}

absl::Status TableGone(const catalog::TableId& table) {
  return base::NotFound("Table ", table.ToString(), " was not found.");
}

absl::Status NotATable(const catalog::TableId& view) {
  return base::InvalidArgument("Cannot write to ", view.ToString(), ": it is a VIEW");
}

absl::Status RequestTooLarge(int64_t bytes, int64_t limit) {
  return base::InvalidArgument("AppendRows request too large: ", bytes, " limit ", limit);
}

absl::Status NoMemoryForRows() {
  return base::Error(absl::StatusCode::kResourceExhausted,
                     "The server has no memory for the rows of this request; send fewer of them");
}

absl::Status NotARequest() { return base::InvalidArgument("The request is not a valid AppendRowsRequest"); }

absl::Status BadRows() {
  return base::InvalidArgument(
      "Errors found while processing rows. Please refer to the row_errors field for details. The list may "
      "not be "
      "complete because of the size limitations.");
}

absl::Status NoPrimaryKey(const catalog::TableId& table) {
  return base::InvalidArgument("Create UPSERT stream is not supported for primary key disabled table: ",
                               table.ToString());
}

absl::Status TooManyColumnsForChanges(const catalog::TableId& table, size_t columns, size_t limit) {
  return base::InvalidArgument("Create UPSERT stream is not supported for tables of more than ", limit,
                               " top-level columns: ", table.ToString(), " has ", columns);
}

absl::Status InvalidStreamName(std::string_view name) {
  return base::InvalidArgument("Invalid stream name. Entity: ", name.substr(0, kStreamNameBytesMax));
}

absl::Status InvalidTableName(std::string_view name) {
  return base::InvalidArgument("Invalid table name. Entity: ", name.substr(0, kStreamNameBytesMax));
}

absl::Status PartitionDecoratorsNotOffered() {
  return base::Error(absl::StatusCode::kUnimplemented,
                     "Not implemented by this server: partition decorators");
}

absl::Status TooManyConnections(size_t limit) {
  return base::Error(absl::StatusCode::kResourceExhausted,
                     "Exceeds quota for concurrent connections: ", limit, " AppendRows connections are open");
}

absl::Status StreamNameMissing() {
  return base::InvalidArgument("write_stream must be set in the first request");
}

absl::Status StreamNameMissingAmongSeveral() {
  return base::InvalidArgument(
      "write_stream must be set in every request of a connection with several destinations");
}

absl::Status TooManyDestinations(size_t limit) {
  return base::Error(absl::StatusCode::kResourceExhausted, "more than ", limit,
                     " destinations on one connection");
}

absl::Status OffsetOnDefaultStream() {
  return base::InvalidArgument("Offset can not be set on the default stream.");
}

absl::Status NegativeOffset() { return base::InvalidArgument("Offset must not be negative."); }

absl::Status RowsMissing() { return base::InvalidArgument("Rows must be specified"); }

absl::Status WriterSchemaMissing() {
  return base::InvalidArgument(
      "Invalid proto schema: writer_schema must be set in the first request of a destination");
}

absl::Status WriterSchemaOfOtherFormat() {
  return base::InvalidArgument(
      "The rows and the writer schema must have one format; a change of it needs a writer_schema in the same "
      "request");
}

absl::Status WriterSchemaTooLarge(size_t bytes, size_t limit) {
  return base::InvalidArgument("Invalid writer schema: ", bytes, " bytes, limit ", limit);
}

absl::Status TooManyWriterSchemas() {
  return base::Error(absl::StatusCode::kResourceExhausted,
                     "Writer schemas of all connections take too much memory; close some connections");
}

absl::Status UnknownMissingValueColumn(std::string_view column) {
  return base::InvalidArgument("missing_value_interpretations names an unknown column: ", column);
}

absl::Status UnspecifiedMissingValue(std::string_view column) {
  return base::InvalidArgument("missing_value_interpretations of column ", column,
                               " must be NULL_VALUE or DEFAULT_VALUE");
}

absl::Status IncompatibleFields(const convert::FieldConflict& conflict) {
  return base::InvalidArgument("Found incompatible fields: '", conflict.mismatched,
                               "' and/or mismatch fields, extra proto fields: '", conflict.extra,
                               "' extra bq fields: ''");
}

absl::Status StreamTypeMissing() {
  return base::InvalidArgument("write_stream.type must be COMMITTED, PENDING or BUFFERED.");
}

absl::Status CommitsNoStream() {
  return base::InvalidArgument("write_streams must name at least one stream.");
}

absl::Status CommitsTooManyStreams(int limit) {
  return base::InvalidArgument("more than ", limit, " streams cannot be committed at once.");
}

absl::Status CommitsForeignStream(const catalog::TableId& table) {
  return base::InvalidArgument("The stream is not one of table ", table.ToString(), ".");
}

absl::Status FlushOffsetMissing() { return base::InvalidArgument("offset must be set and not be negative."); }

absl::Status StreamSchemaMismatch() {
  absl::Status status =
      WithStorageError(base::InvalidArgument("Schema mismatch due to extra fields in user schema"),
                       v1::StorageError::SCHEMA_MISMATCH_EXTRA_FIELDS);
  status.SetPayload(kEndsRpcUrl, absl::Cord());
  return status;
}

bool EndsRpc(const absl::Status& status) { return status.GetPayload(kEndsRpcUrl).has_value(); }

absl::Status StreamError(const engine::StreamRefusal& refusal) {
  using engine::StreamFault;
  const int64_t expected = refusal.expected_offset, received = refusal.received_offset;
  switch (refusal.fault) {
    case StreamFault::kNotFound:
      return WithStorageError(base::NotFound("Requested entity was not found."),
                              v1::StorageError::STREAM_NOT_FOUND);
    case StreamFault::kFinalized:
      return WithStorageError(base::InvalidArgument("Stream has been finalized."),
                              v1::StorageError::STREAM_FINALIZED);
    case StreamFault::kNotFinalized:
      return WithStorageError(base::InvalidArgument("Stream has not been finalized."),
                              v1::StorageError::INVALID_STREAM_STATE);
    case StreamFault::kAlreadyCommitted:
      return WithStorageError(base::InvalidArgument("Stream has already been committed."),
                              v1::StorageError::STREAM_ALREADY_COMMITTED);
    case StreamFault::kWrongType:
      return WithStorageError(
          base::InvalidArgument("Invalid stream type: PENDING streams are committed, BUFFERED streams are "
                                "flushed."),
          v1::StorageError::INVALID_STREAM_TYPE);
    case StreamFault::kOffsetExists:
      return WithStorageError(
          base::Error(absl::StatusCode::kAlreadyExists, "The offset is within stream, expected offset ",
                      expected, ", received ", received),
          v1::StorageError::OFFSET_ALREADY_EXISTS);
    case StreamFault::kOffsetBeyond:
      return WithStorageError(
          base::Error(absl::StatusCode::kOutOfRange, "The offset is beyond stream, expected offset ",
                      expected, ", received ", received),
          v1::StorageError::OFFSET_OUT_OF_RANGE);
    case StreamFault::kAlreadyFlushed:
      return WithStorageError(
          base::Error(absl::StatusCode::kAlreadyExists, "Offset ", received, " is already flushed"),
          v1::StorageError::OFFSET_ALREADY_EXISTS);
    case StreamFault::kFlushBeyond:
      return WithStorageError(
          base::Error(absl::StatusCode::kOutOfRange, "Offset ", received, " is beyond the end of the stream"),
          v1::StorageError::OFFSET_OUT_OF_RANGE);
  }
  return base::Error(absl::StatusCode::kInternal, "unknown fault of a write stream");
}

absl::Status IdleFor(int64_t seconds) {
  return base::Error(absl::StatusCode::kAborted, "Closing the stream because it has been inactive for ",
                     seconds, " seconds.");
}

absl::Status Restarting() {
  return base::Error(absl::StatusCode::kAborted, "Closing the stream because server is restarted.");
}

v1::StorageError StorageErrorOf(const absl::Status& status, std::string_view entity) {
  v1::StorageError detail;
  const auto payload = status.GetPayload(kStorageErrorUrl);
  int code = 0;
  if (payload && absl::SimpleAtoi(std::string(*payload), &code))
    detail.set_code(static_cast<StorageErrorCode>(code));
  detail.set_entity(std::string(entity));
  detail.set_error_message(std::string(base::ToStd(status.message())));
  return detail;
}

grpc::Status RpcStatus(const absl::Status& status) {
  const std::string message(base::ToStd(status.message()));
  google::rpc::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(message);
  const size_t entity = message.rfind(kEntity);
  const v1::StorageError detail = StorageErrorOf(
      status,
      entity == std::string::npos ? "" : std::string_view(message).substr(entity + sizeof kEntity - 1));
  if (detail.code() != v1::StorageError::STORAGE_ERROR_CODE_UNSPECIFIED)
    proto.add_details()->PackFrom(detail);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message, proto.SerializeAsString());
}

void FillError(const absl::Status& status, std::string_view entity, v1::AppendRowsResponse* response) {
  google::rpc::Status* error = response->mutable_error();
  error->set_code(static_cast<int>(status.code()));
  error->set_message(std::string(base::ToStd(status.message())));
  const v1::StorageError detail = StorageErrorOf(status, entity);
  if (detail.code() != v1::StorageError::STORAGE_ERROR_CODE_UNSPECIFIED)
    error->add_details()->PackFrom(detail);
}

}  // namespace bqcdc::emulator::handlers
