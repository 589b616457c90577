#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/convert/decoded_rows.h"
#include "bqcdc/emulator/convert/writer_plan.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/handlers/append_request.h"
#include "bqcdc/emulator/handlers/column_propagation.h"
#include "bqcdc/emulator/handlers/connection_mode.h"
#include "bqcdc/emulator/handlers/default_evaluator.h"
#include "bqcdc/emulator/handlers/schema_budget.h"
#include "bqcdc/emulator/handlers/stream_name.h"
#include "bqcdc/emulator/handlers/write_options.h"

namespace bqcdc::emulator::handlers {

// Destinations that one connection may write to.
inline constexpr size_t kDestinationsMax = 10'000;
// Top-level columns of a table that takes UPSERT and DELETE
// (https://cloud.google.com/bigquery/docs/change-data-capture#limitations).
inline constexpr size_t kColumnsOfChangesMax = 2'000;

// What one AppendRows connection remembers, and what its requests mean because of it: names, writer schemas,
// mode, sticky settings. Knows nothing of gRPC or threads: one call at a time, requests in order.
class AppendSession {
 public:
  // A writer schema as a client sent it, and its plan for the table's columns of one version.
  struct WriterSchema {
    RowFormat format = RowFormat::kProto;
    std::string bytes;
    std::shared_ptr<const convert::WriterPlan> plan;
    int64_t plan_version = 0;  // Table::schema_version that the plan was made for
    // Of the SchemaBudget.
    std::shared_ptr<const void> reserved;
    std::shared_ptr<const void> plan_reserved;
  };
  struct Destination {
    std::string name;  // as the client wrote it
    StreamName stream;
    int64_t table_uid = 0;  // 0: not met yet
    std::shared_ptr<WriterSchema> writer_schema;
    // Table::columns_version that the client knows: of the first request, then of each `updated_schema`.
    int64_t announced_version = 0;
  };

  // A request whose names are resolved. The views point into the request's bytes.
  struct Resolved {
    std::shared_ptr<Destination> destination;
    std::shared_ptr<WriterSchema> writer_schema;
    std::shared_ptr<WriterSchema> writer_schema_before;  // in force again if this one proves unusable
    std::vector<std::string_view> rows;                  // of protobuf
    std::string_view record_batch;                       // of Arrow
    std::optional<int64_t> offset;
    std::map<std::string, MissingValues> missing_values;
    MissingValues default_missing_values = MissingValues::kUnspecified;
  };

  // Either a batch for the database or an error, with the bad rows if there are any.
  struct Decoded {
    absl::Status status;
    std::vector<convert::RowFault> faults;
    engine::AppendBatch batch;
    size_t row_count = 0;  // known only without an error
    std::shared_ptr<const catalog::Table> table;
    bool columns_known = true;  // to the write API, as they are in `table`
  };

  // All outlive the session.
  AppendSession(engine::Database& database, const base::Clock& clock,
                const DefaultEvaluator& evaluate_default, const WriteOptions& options, SchemaBudget& schemas,
                ColumnPropagation& propagation);

  // Takes a request's destination, schema and settings. Statuses are the service's, without ` Entity:`.
  // `*destination` is set as soon as it is known, also on errors.
  absl::StatusOr<Resolved> Resolve(AppendRequest request, std::shared_ptr<Destination>* destination);

  // Decodes the rows for the table as it is now. May be called again when the columns changed before the
  // batch was stored.
  Decoded Decode(const Resolved& request);

 private:
  absl::StatusOr<std::shared_ptr<Destination>> FindDestination(std::string_view name);
  absl::StatusOr<std::shared_ptr<const catalog::Table>> FindTable(Destination& destination);
  // `known`: of ColumnPropagation.
  absl::StatusOr<std::shared_ptr<const convert::WriterPlan>> PlanFor(
      const Resolved& request, const catalog::Table& table, const std::optional<schema::TableSchema>& known);
  static absl::StatusOr<convert::DecodedRows> DecodeRows(const Resolved& request,
                                                         const convert::WriterPlan& plan,
                                                         const convert::DecodeInput& input);
  absl::StatusOr<std::vector<bool>> DefaultsOf(const Resolved& request, const catalog::Table& table);
  absl::Status JudgeMode(const Resolved& request, const catalog::Table& table,
                         const convert::WriterPlan& plan, const convert::DecodedRows& rows,
                         std::vector<convert::RowFault>* faults);

  engine::Database& database_;
  const base::Clock& clock_;
  const DefaultEvaluator& evaluate_default_;
  const WriteOptions& options_;
  SchemaBudget& schemas_;
  ColumnPropagation& propagation_;
  ConnectionMode mode_;
  std::map<std::string, std::shared_ptr<Destination>> destinations_;
  std::shared_ptr<Destination> current_;
  MissingValues default_missing_values_ = MissingValues::kNull;
};

}  // namespace bqcdc::emulator::handlers
