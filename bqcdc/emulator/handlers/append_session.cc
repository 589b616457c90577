#include "bqcdc/emulator/handlers/append_session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/arrow/arrow_batch.h"
#include "bqcdc/emulator/convert/arrow/arrow_rows.h"
#include "bqcdc/emulator/convert/arrow/arrow_schema.h"
#include "bqcdc/emulator/convert/field_conflict.h"
#include "bqcdc/emulator/convert/proto_rows.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/emulator/convert/writer_schema.h"
#include "bqcdc/emulator/handlers/append_errors.h"
#include "bqcdc/emulator/handlers/table_lookup.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using convert::RowFault;

// Faults of decoding and of the mode, one for each row, in order.
void MergeFaults(std::vector<RowFault> more, std::vector<RowFault>* faults) {
  if (more.empty()) return;
  faults->insert(faults->end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  std::stable_sort(faults->begin(), faults->end(),
                   [](const RowFault& a, const RowFault& b) { return a.index < b.index; });
  faults->erase(std::unique(faults->begin(), faults->end(),
                            [](const RowFault& a, const RowFault& b) { return a.index == b.index; }),
                faults->end());
}

// An answer must stay below what clients receive, whatever the number of bad rows.
void CutFaults(std::vector<RowFault>* faults) {
  size_t bytes = 0;
  for (size_t i = 0; i < faults->size(); ++i) {
    bytes += (*faults)[i].message.size() + sizeof(RowFault);
    if (bytes > convert::kRowFaultBytesMax) {
      faults->resize(i);
      return;
    }
  }
}

}  // namespace

AppendSession::AppendSession(engine::Database& database, const base::Clock& clock,
                             const DefaultEvaluator& evaluate_default, const WriteOptions& options,
                             SchemaBudget& schemas, ColumnPropagation& propagation)
    : database_(database),
      clock_(clock),
      evaluate_default_(evaluate_default),
      options_(options),
      schemas_(schemas),
      propagation_(propagation),
      mode_(options.mode_scope) {}

absl::StatusOr<std::shared_ptr<AppendSession::Destination>> AppendSession::FindDestination(
    std::string_view name) {
  if (name.empty()) {
    if (current_ == nullptr) return StreamNameMissing();
    // storage.proto: from the moment that a connection has several destinations every request names its own.
    if (destinations_.size() > 1) return StreamNameMissingAmongSeveral();
    return current_;
  }
  if (const auto found = destinations_.find(std::string(name)); found != destinations_.end())
    return found->second;
  if (destinations_.size() >= kDestinationsMax) return TooManyDestinations(kDestinationsMax);
  BQCDC_ASSIGN_OR_RETURN(StreamName stream, ParseStreamName(name));
  if (absl::StrContains(stream.table.table, "$")) return PartitionDecoratorsNotOffered();
  auto destination = std::make_shared<Destination>();
  destination->name = std::string(name);
  destination->stream = std::move(stream);
  destinations_.emplace(destination->name, destination);
  return destination;
}

absl::StatusOr<AppendSession::Resolved> AppendSession::Resolve(AppendRequest request,
                                                               std::shared_ptr<Destination>* destination) {
  BQCDC_ASSIGN_OR_RETURN(current_, FindDestination(request.write_stream));
  *destination = current_;
  Resolved resolved;
  resolved.destination = current_;
  resolved.writer_schema_before = current_->writer_schema;
  if (request.has_writer_schema &&
      (current_->writer_schema == nullptr || current_->writer_schema->format != request.format ||
       current_->writer_schema->bytes != request.writer_schema)) {
    if (request.writer_schema.size() > convert::kDescriptorBytesMax)
      return WriterSchemaTooLarge(request.writer_schema.size(), convert::kDescriptorBytesMax);
    // What is made of it on the way to the plan takes a few times as much.
    constexpr int64_t kPlanFactor = 5, kPlanBytesMin = 4096;
    auto schema = std::make_shared<WriterSchema>();
    schema->reserved =
        schemas_.Reserve(kPlanFactor * static_cast<int64_t>(request.writer_schema.size()) + kPlanBytesMin);
    if (schema->reserved == nullptr) return TooManyWriterSchemas();
    schema->format = request.format;
    schema->bytes = std::string(request.writer_schema);
    current_->writer_schema = std::move(schema);
  }
  if (request.default_missing_values != MissingValues::kUnspecified) {
    default_missing_values_ = request.default_missing_values;
  }
  if (request.offset && current_->stream.is_default()) return OffsetOnDefaultStream();
  if (request.offset.value_or(0) < 0) return NegativeOffset();
  resolved.offset = request.offset;
  if (request.rows.empty() && request.record_batch.empty()) return RowsMissing();
  if (current_->writer_schema == nullptr) return WriterSchemaMissing();
  if (current_->writer_schema->format != request.format) return WriterSchemaOfOtherFormat();
  resolved.writer_schema = current_->writer_schema;
  resolved.rows = std::move(request.rows);
  resolved.record_batch = request.record_batch;
  resolved.missing_values = std::move(request.missing_values);
  resolved.default_missing_values = default_missing_values_;
  return resolved;
}

absl::StatusOr<std::shared_ptr<const catalog::Table>> AppendSession::FindTable(Destination& destination) {
  if (destination.table_uid == 0) {
    BQCDC_ASSIGN_OR_RETURN(catalog::Table met,
                           MeetTable(database_, destination.stream, options_.table_propagation));
    destination.table_uid = met.uid;
    destination.announced_version = met.columns_version;
    return std::make_shared<const catalog::Table>(std::move(met));
  }
  absl::StatusOr<catalog::Table> found = database_.GetTable(destination.stream.table);
  if (found.status().code() == absl::StatusCode::kNotFound) return TableGone(destination.stream.table);
  if (!found.ok()) return found.status();
  if (found->uid != destination.table_uid) return TableRecreated(destination.stream.table);
  return std::make_shared<const catalog::Table>(*std::move(found));
}

absl::StatusOr<std::shared_ptr<const convert::WriterPlan>> AppendSession::PlanFor(
    const Resolved& request, const catalog::Table& table, const std::optional<schema::TableSchema>& known) {
  WriterSchema& schema = *request.writer_schema;
  if (schema.plan != nullptr && schema.plan_version == table.schema_version) return schema.plan;
  const auto compile = [&](const schema::TableSchema& columns) {
    return schema.format == RowFormat::kArrow ? convert::CompileArrowSchema(schema.bytes, columns)
                                              : convert::CompileWriterSchema(schema.bytes, columns);
  };
  auto plan = compile(known.has_value() ? *known : table.schema);
  // Rows are decoded for the columns that there are.
  if (plan.ok() && known.has_value()) plan = compile(table.schema);
  if (!plan.ok()) {
    if (request.destination->writer_schema == request.writer_schema) {
      request.destination->writer_schema = request.writer_schema_before;
    }
    const auto conflict = convert::FieldConflictOf(plan.status());
    if (!conflict) return plan.status();
    // It fitted the columns that there were before.
    if (schema.plan != nullptr) return IncompatibleFields(*conflict);
    if (conflict->extra.empty()) return plan.status();
    if (!request.destination->stream.is_default()) return StreamSchemaMismatch();
    return WithStorageError(plan.status(), v1::StorageError::SCHEMA_MISMATCH_EXTRA_FIELDS);
  }
  // It holds the table's columns, however short the client's schema is.
  schema.plan_reserved = nullptr;
  schema.plan_reserved = schemas_.Reserve((*plan)->bytes);
  if (schema.plan_reserved == nullptr) {
    schema.plan = nullptr;
    return TooManyWriterSchemas();
  }
  schema.plan = *std::move(plan);
  schema.plan_version = table.schema_version;
  return schema.plan;
}

absl::StatusOr<convert::DecodedRows> AppendSession::DecodeRows(const Resolved& request,
                                                               const convert::WriterPlan& plan,
                                                               const convert::DecodeInput& input) {
  try {
    if (request.writer_schema->format == RowFormat::kProto) {
      return convert::DecodeRows(plan, request.rows, input);
    }
    BQCDC_ASSIGN_OR_RETURN(const convert::ArrowBatch batch,
                           convert::ArrowBatch::Open(request.record_batch, plan));
    if (batch.row_count() == 0) return RowsMissing();
    return convert::DecodeArrowRows(plan, batch, input);
  } catch (const std::exception&) {
    // Room for the rows comes from operator new and from DuckDB, which say so when there is none. gRPC would
    // drop the exception, and the client never get an answer.
    return NoMemoryForRows();
  }
}

absl::StatusOr<std::vector<bool>> AppendSession::DefaultsOf(const Resolved& request,
                                                            const catalog::Table& table) {
  const std::vector<schema::Column>& columns = table.schema.columns;
  std::vector<bool> result(columns.size(), request.default_missing_values == MissingValues::kDefault);
  for (const auto& [name, interpretation] : request.missing_values) {
    const std::optional<size_t> index = table.schema.FindColumnIndex(name);
    if (!index) return UnknownMissingValueColumn(convert::Quotable(name));
    if (interpretation == MissingValues::kUnspecified) return UnspecifiedMissingValue(columns[*index].name);
    result[*index] = interpretation == MissingValues::kDefault;
  }
  return result;
}

absl::Status AppendSession::JudgeMode(const Resolved& request, const catalog::Table& table,
                                      const convert::WriterPlan& plan, const convert::DecodedRows& rows,
                                      std::vector<RowFault>* faults) {
  const ConnectionMode::Request asked{
      .destination = request.destination->stream.Entity(),
      .has_change_type = plan.has_change_type(),
      .has_primary_key = table.has_primary_key(),
      .inserts_only = !request.destination->stream.is_default(),
      .row_count = rows.row_count,
      .kinds = rows.kinds,
  };
  ConnectionMode::Verdict verdict = mode_.Judge(asked);
  if (verdict.needs_primary_key) {
    faults->clear();
    return NoPrimaryKey(table.id);
  }
  if (verdict.mode == ConnectionMode::Mode::kUpsert && table.schema.columns.size() > kColumnsOfChangesMax) {
    faults->clear();
    return TooManyColumnsForChanges(table.id, table.schema.columns.size(), kColumnsOfChangesMax);
  }
  // What the service's users saw as the status is the text about the mode, where there is one.
  absl::Status status;
  if (!verdict.faults.empty()) status = base::InvalidArgument(verdict.faults.front().message);
  MergeFaults(std::move(verdict.faults), faults);
  if (faults->empty()) {
    mode_.Accept(asked, verdict);
  } else if (status.ok()) {
    status = BadRows();
  }
  return status;
}

AppendSession::Decoded AppendSession::Decode(const Resolved& request) {
  Decoded result;
  auto table = FindTable(*request.destination);
  if (!table.ok()) {
    result.status = table.status();
    return result;
  }
  result.table = *std::move(table);
  const StreamName& stream = request.destination->stream;
  if (!stream.is_default()) {
    if (const auto found = database_.GetWriteStream(stream.table, stream.stream); !found.ok()) {
      const auto refusal = engine::RefusalOf(found.status());
      result.status = refusal ? StreamError(*refusal) : TableGone(stream.table);
      return result;
    }
  }
  const absl::Time now = clock_.Now();
  const std::optional<schema::TableSchema> known = propagation_.KnownInstead(*result.table, now);
  result.columns_known = !known.has_value();
  auto plan = PlanFor(request, *result.table, known);
  auto defaults = plan.ok() ? DefaultsOf(request, *result.table) : plan.status();
  if (!defaults.ok()) {
    result.status = defaults.status();
    return result;
  }
  convert::DecodeInput input;
  input.default_when_missing = *std::move(defaults);
  input.partition = convert::PartitionBounds::Of(*result.table, now);
  if (evaluate_default_) {
    input.evaluate_default = [&](const schema::Column& column, size_t rows) {
      return evaluate_default_(column, rows, now);
    };
  }
  auto rows = DecodeRows(request, **plan, input);
  if (!rows.ok()) {
    result.status = rows.status();
    return result;
  }
  result.row_count = rows->row_count;
  result.faults = std::move(rows->faults);
  result.status = JudgeMode(request, *result.table, **plan, *rows, &result.faults);
  CutFaults(&result.faults);
  if (!result.status.ok()) return result;
  result.batch.table_uid = result.table->uid;
  result.batch.schema_version = result.table->schema_version;
  result.batch.chunks = std::move(rows->chunks);
  result.batch.bytes = rows->bytes;
  if (!stream.is_default()) {
    result.batch.stream =
        std::make_shared<engine::StreamAppend>(engine::StreamAppend{stream.stream, request.offset});
  }
  return result;
}

}  // namespace bqcdc::emulator::handlers
