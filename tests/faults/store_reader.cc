#include "tests/faults/store_reader.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/cdc/row_operation.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/store.h"
#include "bqcdc/schema/inline_schema.h"

namespace bqcdc::faults {
namespace {

namespace engine = emulator::engine;

absl::StatusOr<std::unique_ptr<engine::Database>> Open(const std::string& data_dir) {
  engine::DatabaseOptions options;
  options.data_dir = data_dir;
  options.background_apply = false;
  return engine::Database::Open(options, &base::SystemClock::Get());
}

}  // namespace

absl::Status MakeTables(const std::string& data_dir, const std::vector<std::string>& plain,
                        const std::vector<std::string>& keyed) {
  BQCDC_ASSIGN_OR_RETURN(const auto database, Open(data_dir));
  emulator::catalog::Dataset dataset;
  dataset.id = {"p", "d"};
  BQCDC_RETURN_IF_ERROR(database->CreateDataset(dataset));
  for (const bool with_key : {false, true}) {
    for (const std::string& name : with_key ? keyed : plain) {
      emulator::catalog::Table table;
      table.id = {"p", "d", name};
      BQCDC_ASSIGN_OR_RETURN(table.schema.columns,
                             schema::ParseInlineSchema("id:INT64,value:INT64,text:STRING"));
      if (with_key) table.schema.primary_key = {"id"};
      BQCDC_RETURN_IF_ERROR(database->CreateTable(table, /*replace=*/false).status());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, StoredTable>> ReadTables(const std::string& data_dir,
                                                              const std::vector<std::string>& tables) {
  BQCDC_ASSIGN_OR_RETURN(const auto database, Open(data_dir));
  BQCDC_ASSIGN_OR_RETURN(const auto session, database->BeginRead());
  std::map<std::string, StoredTable> result;
  for (const std::string& name : tables) {
    BQCDC_ASSIGN_OR_RETURN(const auto table, session->FindTable({"p", "d", name}));
    BQCDC_ASSIGN_OR_RETURN(const std::string relation, session->RelationSql(table));
    BQCDC_ASSIGN_OR_RETURN(const auto rows,
                           session->Execute(absl::StrCat("SELECT id, value FROM ", relation, " AS t")));
    StoredTable& stored = result[name];
    for (const schema::Column& column : table.schema.columns) stored.columns.push_back(column.name);
    for (;;) {
      BQCDC_ASSIGN_OR_RETURN(const auto chunk, rows->Next());
      if (!chunk) break;
      const engine::VectorReader ids = chunk->Reader(0), values = chunk->Reader(1);
      for (size_t i = 0; i < chunk->row_count(); ++i) stored.rows.push_back({ids.Int64(i), values.Int64(i)});
    }
  }
  return result;
}

absl::StatusOr<std::vector<LoggedChange>> ReadLog(const std::string& data_dir, const std::string& table) {
  BQCDC_ASSIGN_OR_RETURN(const auto database, Open(data_dir));
  BQCDC_ASSIGN_OR_RETURN(const auto session, database->BeginRead());
  BQCDC_ASSIGN_OR_RETURN(const auto found, session->FindTable({"p", "d", table}));
  BQCDC_ASSIGN_OR_RETURN(const auto rows, session->Execute(absl::StrCat(
                                              "SELECT id, \"$op\", \"$seq_high\", \"$seq_low\" FROM ",
                                              engine::DeltaTable(found.uid), " ORDER BY \"$ordinal\"")));
  std::vector<LoggedChange> log;
  for (;;) {
    BQCDC_ASSIGN_OR_RETURN(const auto chunk, rows->Next());
    if (!chunk) return log;
    const engine::VectorReader ids = chunk->Reader(0), operations = chunk->Reader(1),
                               highs = chunk->Reader(2), lows = chunk->Reader(3);
    for (size_t i = 0; i < chunk->row_count(); ++i) {
      log.push_back({ids.Int64(i),
                     operations.Uint8(i) == static_cast<uint8_t>(emulator::cdc::RowOperation::kDelete),
                     values::SequenceNumber::FromHighLow(highs.Uint128(i), lows.Uint128(i))});
    }
  }
}

}  // namespace bqcdc::faults
