#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/engine/table_state.h"

// SQL over the physical tables of one table.
namespace bqcdc::emulator::engine {

// Quoted names, divided by ", ", each with `prefix` in front.
std::string ColumnList(const catalog::Table& table, const std::string& prefix = "");
std::string KeyList(const catalog::Table& table, const std::string& prefix = "");
// What a reader sees of a row.
std::string ShownColumns(const catalog::Table& table, IngestColumn ingest);
// Whether two rows have the same key; NULL equals NULL.
std::string SameKey(const catalog::Table& table, const std::string& left, const std::string& right);
// A condition on delta rows: the rows that `view` counts as pending.
std::string PendingRowsCondition(const PendingView& view);

// The baseline and plain rows, which are visible as soon as they are stored.
std::string StaleRelationSql(const catalog::Table& table, const PendingView& view, IngestColumn ingest);
// The pending rows as they came, with "$ingest".
std::string PendingRelationSql(const catalog::Table& table, const PendingView& view);
// Baseline rows with their numbers as "$row"; a number is a row's as long as nobody else writes the baseline.
std::string NumberedRelationSql(const catalog::Table& table, IngestColumn ingest);
// Baseline rows whose key no pending change has taken, and the pending rows that are left: an anti join with
// the few taken keys, never a sort or an aggregate over the baseline. `folded` may be null where nothing but
// plain rows is pending.
std::string MergedRelationSql(const catalog::Table& table, const PendingView& view, const FoldedView* folded,
                              IngestColumn ingest);

// Takes the rows whose key a pending change has taken from `physical_table`, which has the key's columns.
std::string DeleteHiddenKeysSql(const catalog::Table& table, const PendingView& view, const RowFlags& rows,
                                const std::string& physical_table);

// Which applied winner has the key of a pending row: (ordinal, is_delete, sequence high, low, ingest time).
std::string AppliedWinnersSql(const catalog::Table& table, const PendingView& view, const RowFlags& rows,
                              uint8_t flag);

}  // namespace bqcdc::emulator::engine
