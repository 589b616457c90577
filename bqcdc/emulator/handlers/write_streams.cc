#include "bqcdc/emulator/handlers/write_streams.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/append_errors.h"
#include "bqcdc/emulator/handlers/stream_name.h"
#include "bqcdc/emulator/handlers/table_lookup.h"
#include "bqcdc/emulator/handlers/table_schema_proto.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int32_t kNanosPerMicro = 1000;

void SetTime(int64_t time_us, google::protobuf::Timestamp* proto) {
  proto->set_seconds(time_us / kMicrosPerSecond);
  proto->set_nanos(static_cast<int32_t>(time_us % kMicrosPerSecond) * kNanosPerMicro);
}

void FillStream(const engine::WriteStream& stream, v1::WriteStream* response) {
  response->set_type(static_cast<v1::WriteStream::Type>(stream.type));
  SetTime(stream.create_us, response->mutable_create_time());
  if (stream.commit_us) SetTime(*stream.commit_us, response->mutable_commit_time());
}

// What the store says about a stream, in the service's words.
absl::Status Translated(const absl::Status& status, const StreamName& stream, const std::string& name) {
  if (const auto refusal = engine::RefusalOf(status)) return WithEntity(StreamError(*refusal), name);
  if (status.code() == absl::StatusCode::kNotFound) return TableDenied(stream);
  return status;
}

absl::Status StreamNotFound(const std::string& name) {
  return WithEntity(StreamError({engine::StreamFault::kNotFound}), name);
}

}  // namespace

absl::Status CreateStream(engine::Database& database, absl::Duration propagation,
                          const v1::CreateWriteStreamRequest& request, v1::WriteStream* response) {
  BQCDC_ASSIGN_OR_RETURN(const StreamName parent, ParseParentName(request.parent()));
  if (absl::StrContains(parent.table.table, "$")) return PartitionDecoratorsNotOffered();
  const v1::WriteStream::Type type = request.write_stream().type();
  if (type != v1::WriteStream::COMMITTED && type != v1::WriteStream::PENDING &&
      type != v1::WriteStream::BUFFERED) {
    return WithEntity(StreamTypeMissing(), request.parent());
  }
  const auto table = MeetTable(database, parent, propagation);
  if (!table.ok()) return table.status();
  const auto stream =
      database.CreateWriteStream(parent.table, static_cast<engine::WriteStreamType>(static_cast<int>(type)));
  if (!stream.ok()) return Translated(stream.status(), parent, request.parent());
  response->set_name(base::StrCat(parent.TableName(), "/streams/", stream->id));
  FillStream(*stream, response);
  FillTableSchema(table->schema, response->mutable_table_schema());
  return absl::OkStatus();
}

absl::Status GetStream(const engine::Database& database, absl::Duration propagation,
                       const v1::GetWriteStreamRequest& request, v1::WriteStream* response) {
  BQCDC_ASSIGN_OR_RETURN(const StreamName stream, ParseStreamName(request.name()));
  // The service knows an invented id from its form.
  if (!stream.is_default() && !engine::IsStreamId(stream.stream)) return InvalidStreamName(request.name());
  const auto table = MeetTable(database, stream, propagation);
  if (!table.ok()) return table.status();
  if (stream.is_default()) {
    response->set_type(v1::WriteStream::COMMITTED);
  } else {
    const auto found = database.GetWriteStream(stream.table, stream.stream);
    if (!found.ok()) return Translated(found.status(), stream, request.name());
    FillStream(*found, response);
  }
  response->set_name(request.name());
  const auto dataset = database.GetDataset({stream.table.project, stream.table.dataset});
  // The service writes a stream's location in lower case.
  response->set_location(absl::AsciiStrToLower(dataset.ok() ? dataset->location : "US"));
  if (request.view() == v1::FULL) FillTableSchema(table->schema, response->mutable_table_schema());
  return absl::OkStatus();
}

absl::Status FinalizeStream(engine::Database& database, const v1::FinalizeWriteStreamRequest& request,
                            v1::FinalizeWriteStreamResponse* response) {
  BQCDC_ASSIGN_OR_RETURN(const StreamName stream, ParseStreamName(request.name()));
  if (stream.is_default()) return StreamNotFound(request.name());
  const auto finalized = database.FinalizeWriteStream(stream.table, stream.stream);
  if (!finalized.ok()) return Translated(finalized.status(), stream, request.name());
  response->set_row_count(finalized->next_offset);
  return absl::OkStatus();
}

absl::Status CommitStreams(engine::Database& database, const v1::BatchCommitWriteStreamsRequest& request,
                           v1::BatchCommitWriteStreamsResponse* response) {
  BQCDC_ASSIGN_OR_RETURN(const StreamName parent, ParseParentName(request.parent()));
  if (request.write_streams().empty()) {
    return WithEntity(CommitsNoStream(), request.parent());
  }
  if (request.write_streams_size() > kCommittedStreamsMax) {
    return WithEntity(CommitsTooManyStreams(kCommittedStreamsMax), request.parent());
  }
  std::vector<std::string> ids;
  for (const std::string& name : request.write_streams()) {
    BQCDC_ASSIGN_OR_RETURN(const StreamName stream, ParseStreamName(name));
    if (stream.table != parent.table) return WithEntity(CommitsForeignStream(parent.table), name);
    ids.push_back(stream.stream);
  }
  const auto outcome = database.CommitWriteStreams(parent.table, ids);
  if (!outcome.ok()) return Translated(outcome.status(), parent, request.parent());
  for (const auto& refused : outcome->refused) {
    const std::string name = base::StrCat(parent.TableName(), "/streams/", refused.id);
    *response->add_stream_errors() = StorageErrorOf(WithEntity(StreamError({refused.fault}), name), name);
  }
  if (outcome->refused.empty())
    SetTime(absl::ToUnixMicros(outcome->commit_time), response->mutable_commit_time());
  return absl::OkStatus();
}

absl::Status FlushStream(engine::Database& database, const v1::FlushRowsRequest& request,
                         v1::FlushRowsResponse* response) {
  BQCDC_ASSIGN_OR_RETURN(const StreamName stream, ParseStreamName(request.write_stream()));
  if (stream.is_default()) {
    return WithEntity(StreamError({engine::StreamFault::kWrongType}), request.write_stream());
  }
  if (!request.has_offset() || request.offset().value() < 0) {
    return WithEntity(FlushOffsetMissing(), request.write_stream());
  }
  const absl::Status flushed =
      database.FlushWriteStream(stream.table, stream.stream, request.offset().value());
  if (!flushed.ok()) return Translated(flushed, stream, request.write_stream());
  response->set_offset(request.offset().value());
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::handlers
