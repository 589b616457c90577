#include "bqcdc/emulator/handlers/append_errors.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "google/rpc/status.pb.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;

constexpr char kStorageErrorUrl[] = "bqcdc/storage-error";

}  // namespace

absl::Status WithStorageError(absl::Status status, StorageErrorCode code) {
  status.SetPayload(kStorageErrorUrl, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

absl::Status WithEntity(const absl::Status& status, std::string_view entity) {
  if (entity.empty() || absl::StrContains(status.message(), " Entity: ")) return status;
  absl::Status result(status.code(), base::StrCat(base::ToStd(status.message()), " Entity: ", entity));
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

absl::Status RequestTooLarge(int64_t bytes, int64_t limit) {
  return base::InvalidArgument("AppendRows request too large: ", bytes, " limit ", limit);
}

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

absl::Status CreatedStreamsNotOffered(std::string_view what) {
  return base::Error(absl::StatusCode::kUnimplemented, "Not implemented by this server: ", what,
                     " (only the default stream of a table, .../_default, is served)");
}

absl::Status IdleFor(int64_t seconds) {
  return base::Error(absl::StatusCode::kAborted, "Closing the stream because it has been inactive for ",
                     seconds, " seconds.");
}

absl::Status Restarting() {
  return base::Error(absl::StatusCode::kAborted, "Closing the stream because server is restarted.");
}

void FillError(const absl::Status& status, std::string_view entity, v1::AppendRowsResponse* response) {
  google::rpc::Status* error = response->mutable_error();
  error->set_code(static_cast<int>(status.code()));
  error->set_message(std::string(base::ToStd(status.message())));
  const auto payload = status.GetPayload(kStorageErrorUrl);
  int code = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &code)) return;
  v1::StorageError detail;
  detail.set_code(static_cast<StorageErrorCode>(code));
  detail.set_entity(std::string(entity));
  detail.set_error_message(error->message());
  error->add_details()->PackFrom(detail);
}

}  // namespace bqcdc::emulator::handlers
