#include "bqcdc/emulator/engine/relation_sql.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/engine/store.h"

namespace bqcdc::emulator::engine {

using cdc::Mutant;
using cdc::Mutated;

namespace {

std::string CompareKeys(const catalog::Table& table, const std::string& left, const char* equal,
                        const std::string& right) {
  std::string condition;
  for (const std::string& name : table.schema.primary_key) {
    const std::string column = QuoteIdentifier(name);
    base::StrAppend(&condition, condition.empty() ? "" : " AND ", left, ".", column, equal, right, ".",
                    column);
    if (Mutated(Mutant::kKeyFirstColumnOnly)) break;
  }
  return condition;
}

// How two relations are joined by key, in parts that have no pair of rows in common: rows on the right for
// which `rows` holds (all where it is empty), on `on`. DuckDB narrows the scan of the left side down to the
// values of the right one where they are compared by "=", and only there; keys with a NULL, which "=" never
// finds, are few, and a part of their own.
struct KeyJoin {
  std::string rows;  // a condition on unqualified key columns, with " AND " in front
  std::string on;
};

std::vector<KeyJoin> KeyJoins(const catalog::Table& table, const std::string& left,
                              const std::string& right) {
  std::string has_null;
  for (const std::string& name : table.schema.primary_key) {
    base::StrAppend(&has_null, has_null.empty() ? "" : " OR ", QuoteIdentifier(name), " IS NULL");
  }
  return {{"", CompareKeys(table, left, " = ", right)},
          {base::StrCat(" AND (", has_null, ")"), SameKey(table, left, right)}};
}

// Cuts nothing off; it tells DuckDB's optimizer, which counts deleted rows too, how small the relation is.
// One that it takes for large is joined by shortened values, for which it narrows no scan down.
std::string AtMost(const PendingView& view) { return base::StrCat(" LIMIT ", view.row_count); }

}  // namespace

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
  return CompareKeys(table, left, Mutated(Mutant::kNullKeyNeverMatches) ? " = " : " IS NOT DISTINCT FROM ",
                     right);
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

std::string PendingRelationSql(const catalog::Table& table, const PendingView& view) {
  return base::StrCat("(SELECT ", ShownColumns(table, IngestColumn::kShown), " FROM ", DeltaTable(table.uid),
                      " WHERE ", PendingRowsCondition(view), ")");
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

std::string DeleteHiddenKeysSql(const catalog::Table& table, const PendingView& view, const RowFlags& rows,
                                const std::string& physical_table) {
  std::string sql;
  for (const KeyJoin& join : KeyJoins(table, "b", "h")) {
    base::StrAppend(&sql, "DELETE FROM ", physical_table, " AS b USING (SELECT ", KeyList(table), " FROM ",
                    DeltaTable(table.uid), " WHERE ", PendingRowsCondition(view), " AND ",
                    rows.Sql(cdc::kRowHidesKey), join.rows, AtMost(view), ") AS h WHERE ", join.on, ";");
  }
  return sql;
}

std::string AppliedWinnersSql(const catalog::Table& table, const PendingView& view, const RowFlags& rows,
                              uint8_t flag) {
  const auto pending = [&](const KeyJoin& join) {
    return base::StrCat("(SELECT ", KeyList(table), ", \"$ordinal\" FROM ", DeltaTable(table.uid), " WHERE ",
                        PendingRowsCondition(view), " AND ", rows.Sql(flag), join.rows, AtMost(view),
                        ") AS p");
  };
  std::string sql;
  for (const KeyJoin& join : KeyJoins(table, "b", "p")) {
    base::StrAppend(&sql, sql.empty() ? "" : " UNION ALL ",
                    "SELECT p.\"$ordinal\", FALSE, b.\"$seq_high\", b.\"$seq_low\", b.\"$ingest\" FROM ",
                    BaselineTable(table.uid), " AS b JOIN ", pending(join), " ON ", join.on,
                    " WHERE b.\"$kind\" = ", static_cast<int>(cdc::RowOperation::kUpsert));
    if (!view.record.oldest_tombstone_us) continue;
    base::StrAppend(&sql,
                    " UNION ALL SELECT p.\"$ordinal\", TRUE, b.\"$seq_high\", b.\"$seq_low\", b.\"$ingest\""
                    " FROM ",
                    TombstoneTable(table.uid), " AS b JOIN ", pending(join), " ON ", join.on);
  }
  return sql;
}

}  // namespace bqcdc::emulator::engine
