#include "bqcdc/emulator/handlers/write_streams.h"

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/append_errors.h"
#include "bqcdc/emulator/handlers/stream_name.h"
#include "bqcdc/emulator/handlers/table_schema_proto.h"

namespace bqcdc::emulator::handlers {

namespace v1 = google::cloud::bigquery::storage::v1;

absl::Status GetStream(const engine::Database& database, const v1::GetWriteStreamRequest& request,
                       v1::WriteStream* response) {
  BQCDC_ASSIGN_OR_RETURN(StreamName stream, ParseStreamName(request.name()));
  // No stream was ever created here, so any other id is an invented one.
  if (!stream.is_default()) return base::InvalidArgument("Invalid stream name. Entity: ", request.name());
  const auto table = database.GetTable(stream.table);
  if (table.status().code() == absl::StatusCode::kNotFound) return TableDenied(stream);
  if (!table.ok()) return table.status();
  response->set_name(request.name());
  response->set_type(v1::WriteStream::COMMITTED);
  const auto dataset = database.GetDataset({stream.table.project, stream.table.dataset});
  // The service writes a stream's location in lower case.
  response->set_location(absl::AsciiStrToLower(dataset.ok() ? dataset->location : "US"));
  if (request.view() == v1::FULL) FillTableSchema(table->schema, response->mutable_table_schema());
  return absl::OkStatus();
}

absl::Status FinalizeStream(const v1::FinalizeWriteStreamRequest& request) {
  BQCDC_ASSIGN_OR_RETURN(StreamName stream, ParseStreamName(request.name()));
  if (!stream.is_default()) return CreatedStreamsNotOffered("FinalizeWriteStream");
  return base::NotFound("Requested entity was not found. Entity: ", request.name());
}

}  // namespace bqcdc::emulator::handlers
