#include "bqcdc/emulator/engine/physical_tables.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/engine/store.h"

namespace bqcdc::emulator::engine {
namespace {

std::string ColumnDefinitions(const catalog::Table& table) {
  std::string sql;
  for (const schema::Column& column : table.schema.columns) {
    base::StrAppend(&sql, QuoteIdentifier(column.name), " ", StorageSql(column), ", ");
  }
  return sql;
}

}  // namespace

std::string CreateBaselineSql(const catalog::Table& table) {
  return base::StrCat(
      "CREATE TABLE ", BaselineTable(table.uid), "(", ColumnDefinitions(table),
      "\"$kind\" UTINYINT, \"$seq_high\" UHUGEINT, \"$seq_low\" UHUGEINT, \"$ingest\" BIGINT);");
}

std::string CreateTombstonesSql(const catalog::Table& table) {
  if (!table.has_primary_key()) return "";
  std::string sql = base::StrCat("CREATE TABLE ", TombstoneTable(table.uid), "(");
  for (const std::string& name : table.schema.primary_key) {
    const schema::Column& column = *table.schema.FindColumn(name);
    base::StrAppend(&sql, QuoteIdentifier(column.name), " ", StorageSql(column), ", ");
  }
  return sql + "\"$seq_high\" UHUGEINT, \"$seq_low\" UHUGEINT, \"$ingest\" BIGINT);";
}

std::string CreateDeltaSql(const catalog::Table& table) {
  return base::StrCat("CREATE TABLE ", DeltaTable(table.uid), "(", ColumnDefinitions(table),
                      "\"$op\" UTINYINT, \"$seq_high\" UHUGEINT, \"$seq_low\" UHUGEINT, \"$ingest\" BIGINT, "
                      "\"$ordinal\" BIGINT);");
}

std::string DropBaselineSql(int64_t uid) {
  return base::StrCat("DROP TABLE IF EXISTS ", BaselineTable(uid), "; DROP TABLE IF EXISTS ",
                      TombstoneTable(uid), ";");
}

std::string DropDeltaSql(int64_t uid) { return base::StrCat("DROP TABLE IF EXISTS ", DeltaTable(uid), ";"); }

std::string AlterBaselineSql(const catalog::Table& before, const catalog::Table& after) {
  std::string sql;
  for (const schema::Column& column : after.schema.columns) {
    const std::string name = QuoteIdentifier(column.name);
    const std::string alter = base::StrCat("ALTER TABLE ", BaselineTable(after.uid));
    const schema::Column* old = before.schema.FindColumn(column.name);
    if (old == nullptr) {
      base::StrAppend(&sql, alter, " ADD COLUMN ", name, " ", StorageSql(column), ";");
    } else if (StorageSql(*old) != StorageSql(column)) {
      // Fields were added: DuckDB casts structs by the names of their fields and fills new ones with NULL.
      base::StrAppend(&sql, alter, " ALTER COLUMN ", name, " TYPE ", StorageSql(column), ";");
    }
  }
  if (before.schema.primary_key != after.schema.primary_key) {
    // Another key: what was deleted under the old one says nothing about it.
    base::StrAppend(&sql, "DROP TABLE IF EXISTS ", TombstoneTable(after.uid), ";",
                    CreateTombstonesSql(after));
  }
  return sql;
}

}  // namespace bqcdc::emulator::engine
