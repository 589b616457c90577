#include "bqcdc/emulator/engine/relation_sql.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/engine/store.h"

namespace bqcdc::emulator::engine {

using cdc::Mutant;
using cdc::Mutated;

std::string ColumnList(const catalog::Table& table, const std::string& prefix) {
  std::string list;
  for (const schema::Column& column : table.schema.columns) {
    base::StrAppend(&list, list.empty() ? "" : ", ", prefix, QuoteIdentifier(column.name));
  }
  return list;
}

std::string KeyList(const catalog::Table& table, const std::string& prefix) {
  std::string list;
  for (const std::string& name : table.schema.primary_key) {
    base::StrAppend(&list, list.empty() ? "" : ", ", prefix, QuoteIdentifier(name));
  }
  return list;
}

std::string ShownColumns(const catalog::Table& table, IngestColumn ingest) {
  return base::StrCat(ColumnList(table), ingest == IngestColumn::kShown ? ", \"$ingest\"" : "");
}

std::string SameKey(const catalog::Table& table, const std::string& left, const std::string& right) {
  const char* equal = Mutated(Mutant::kNullKeyNeverMatches) ? " = " : " IS NOT DISTINCT FROM ";
  std::string condition;
  for (const std::string& name : table.schema.primary_key) {
    const std::string column = QuoteIdentifier(name);
    base::StrAppend(&condition, condition.empty() ? "" : " AND ", left, ".", column, equal, right, ".",
                    column);
    if (Mutated(Mutant::kKeyFirstColumnOnly)) break;
  }
  return condition;
}

std::string PendingRowsCondition(const PendingView& view) {
  return base::StrCat("\"$ordinal\" > ", view.record.applied_ordinal,
                      " AND \"$ordinal\" <= ", view.last_ordinal());
}

std::string StaleRelationSql(const catalog::Table& table, const PendingView& view, IngestColumn ingest) {
  const std::string columns = ShownColumns(table, ingest);
  std::string sql = base::StrCat("(SELECT ", columns, " FROM ", BaselineTable(table.uid));
  const bool has_plain_rows = view.row_count > view.change_count;
  if (has_plain_rows && !Mutated(Mutant::kPlainHiddenWhenStale)) {
    base::StrAppend(&sql, " UNION ALL SELECT ", columns, " FROM ", DeltaTable(table.uid), " WHERE ",
                    PendingRowsCondition(view),
                    " AND \"$op\" = ", static_cast<int>(cdc::RowOperation::kPlain));
  }
  return sql + ")";
}

std::string NumberedRelationSql(const catalog::Table& table, IngestColumn ingest) {
  return base::StrCat("(SELECT ", ShownColumns(table, ingest), ", rowid AS \"$row\" FROM ",
                      BaselineTable(table.uid), ")");
}

std::string MergedRelationSql(const catalog::Table& table, const PendingView& view, const FoldedView* folded,
                              IngestColumn ingest) {
  if (view.change_count == 0) return StaleRelationSql(table, view, ingest);
  const std::string columns = ShownColumns(table, ingest);
  const std::string delta =
      base::StrCat(" FROM ", DeltaTable(table.uid), " WHERE ", PendingRowsCondition(view), " AND ");
  std::string sql = base::StrCat("(SELECT ", columns, " FROM ", BaselineTable(table.uid), " AS b");
  if (folded->hidden_key_count > 0) {
    base::StrAppend(&sql, " ANTI JOIN (SELECT ", KeyList(table), delta,
                    folded->flags->Sql(cdc::kRowHidesKey));
    if (Mutated(Mutant::kMergeIgnoresDeletes)) {
      base::StrAppend(&sql, " AND \"$op\" <> ", static_cast<int>(cdc::RowOperation::kDelete));
    }
    base::StrAppend(&sql, ") AS h ON ", SameKey(table, "b", "h"));
  }
  if (folded->shown_count > 0) {
    base::StrAppend(&sql, " UNION ALL SELECT ", columns, delta, folded->flags->Sql(cdc::kRowShown));
  }
  return sql + ")";
}

std::string AppliedWinnersSql(const catalog::Table& table, const PendingView& view, const RowFlags& rows,
                              uint8_t flag) {
  const std::string pending =
      base::StrCat("(SELECT ", KeyList(table), ", \"$ordinal\" FROM ", DeltaTable(table.uid), " WHERE ",
                   PendingRowsCondition(view), " AND ", rows.Sql(flag), ") AS p");
  std::string sql =
      base::StrCat("SELECT p.\"$ordinal\", FALSE, b.\"$seq_high\", b.\"$seq_low\", b.\"$ingest\" FROM ",
                   pending, " JOIN ", BaselineTable(table.uid), " AS b ON ", SameKey(table, "p", "b"),
                   " WHERE b.\"$kind\" = ", static_cast<int>(cdc::RowOperation::kUpsert));
  if (!view.record.oldest_tombstone_us) return sql;
  base::StrAppend(
      &sql, " UNION ALL SELECT p.\"$ordinal\", TRUE, t.\"$seq_high\", t.\"$seq_low\", t.\"$ingest\" FROM ",
      pending, " JOIN ", TombstoneTable(table.uid), " AS t ON ", SameKey(table, "p", "t"));
  return sql;
}

}  // namespace bqcdc::emulator::engine
