#include "bqcdc/emulator/engine/physical_tables.h"

#include <algorithm>
#include <vector>

#include "absl/strings/substitute.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/cdc/mutant.h"
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

// How the values of a column come to a wider type where DuckDB's cast is not ours; $0 is the value. Empty: it
// is. The functions are those of emulator/sql, which whoever widens has registered.
std::string ConversionForm(const schema::Column& before, const schema::Column& after) {
  using schema::ColumnType;
  const char* function = nullptr;
  if (before.type == ColumnType::kInt64 && after.type == ColumnType::kBigNumeric) {
    function = "bq_int64_to_bignumeric";
  } else if (before.type == ColumnType::kNumeric && after.type == ColumnType::kBigNumeric) {
    function = "bq_numeric_to_bignumeric";
  } else if (before.type == ColumnType::kNumeric && after.type == ColumnType::kFloat64) {
    function = "bq_numeric_to_float64";
  }
  if (function == nullptr) return "";
  return before.repeated() ? base::StrCat("list_transform($0, lambda e: ", function, "(e))")
                           : base::StrCat(function, "($0)");
}

// Whether an array comes in beside what is there, at any depth: the rows have to be given an empty one.
bool GainsArray(const std::vector<schema::Column>& before, const std::vector<schema::Column>& after) {
  return std::any_of(after.begin(), after.end(), [&](const schema::Column& column) {
    const schema::Column* old = schema::FindColumnIn(before, column.name);
    return old == nullptr ? column.repeated() : GainsArray(old->fields, column.fields);
  });
}

bool NeedsRewrite(const catalog::Table& before, const catalog::Table& after) {
  for (const schema::Column& column : before.schema.columns) {
    const schema::Column* wanted = after.schema.FindColumn(column.name);
    if (wanted != nullptr && !ConversionForm(column, *wanted).empty()) return true;
  }
  return GainsArray(before.schema.columns, after.schema.columns);
}

// The table anew, with the new columns. Not ALTER ... USING: the write-ahead log would keep the expression
// and replay it before our functions are there.
std::string RewriteBaselineSql(const catalog::Table& before, const catalog::Table& after) {
  const std::string own = "\"$kind\", \"$seq_high\", \"$seq_low\", \"$ingest\"";
  const std::string table = BaselineTable(after.uid);
  const ColumnCopy copy = CopyColumns(before, after);
  std::string create = CreateBaselineSql(after);
  const std::string wide = table + "_wide";
  create.replace(create.find(table), table.size(), wide);
  return base::StrCat(create, "INSERT INTO ", wide, "(", copy.names, own, ") SELECT ", copy.values, own,
                      " FROM ", table, ";DROP TABLE ", table, ";ALTER TABLE ", wide, " RENAME TO ", "b",
                      after.uid, ";");
}

std::string AlterColumnsSql(const catalog::Table& before, const catalog::Table& after) {
  std::string sql;
  for (const schema::Column& column : before.schema.columns) {
    if (after.schema.FindColumn(column.name) != nullptr) continue;
    base::StrAppend(&sql, "ALTER TABLE ", BaselineTable(after.uid), " DROP COLUMN ",
                    QuoteIdentifier(column.name), ";");
  }
  for (const schema::Column& column : after.schema.columns) {
    const std::string name = QuoteIdentifier(column.name);
    const std::string alter = base::StrCat("ALTER TABLE ", BaselineTable(after.uid));
    const schema::Column* old = before.schema.FindColumn(column.name);
    if (old == nullptr) {
      base::StrAppend(&sql, alter, " ADD COLUMN ", name, " ", StorageSql(column), ";");
    } else if (StorageSql(*old) != StorageSql(column)) {
      // Fields were added or widened: DuckDB casts structs by the names of their fields and fills new ones
      // with NULL.
      base::StrAppend(&sql, alter, " ALTER COLUMN ", name, " TYPE ", StorageSql(column), ";");
    }
  }
  return sql;
}

}  // namespace

ColumnCopy CopyColumns(const catalog::Table& before, const catalog::Table& after) {
  ColumnCopy copy;
  for (const schema::Column& wanted : after.schema.columns) {
    const schema::Column* column = before.schema.FindColumn(wanted.name);
    if (column == nullptr && !wanted.repeated()) continue;
    const std::string name = QuoteIdentifier(wanted.name);
    const std::string form = column == nullptr ? "" : ConversionForm(*column, wanted);
    base::StrAppend(&copy.names, name, ", ");
    base::StrAppend(&copy.values,
                    column == nullptr ? StoredSql(wanted, "NULL")
                    : form.empty()    ? StoredSql(wanted, name)
                                      : absl::Substitute(form, name),
                    ", ");
  }
  return copy;
}

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
  std::string sql =
      NeedsRewrite(before, after) ? RewriteBaselineSql(before, after) : AlterColumnsSql(before, after);
  const bool other_key = before.schema.primary_key != after.schema.primary_key;
  // Another key: what was deleted under the old one says nothing about it, and neither do the numbers of
  // rows.
  if (other_key) {
    base::StrAppend(&sql, "UPDATE ", BaselineTable(after.uid),
                    " SET \"$seq_high\" = NULL, \"$seq_low\" = NULL WHERE \"$seq_high\" IS NOT NULL;");
  }
  if (other_key || cdc::Mutated(cdc::Mutant::kAlterForgetsDeletes)) {
    base::StrAppend(&sql, "DROP TABLE IF EXISTS ", TombstoneTable(after.uid), ";",
                    CreateTombstonesSql(after));
  }
  return sql;
}

std::string RenameBaselineColumnsSql(const catalog::Table& before, const catalog::Table& after) {
  // By names that no column has, since two may exchange theirs.
  std::string away, back;
  const std::string rename = base::StrCat("ALTER TABLE ", BaselineTable(after.uid), " RENAME COLUMN ");
  for (size_t i = 0; i < before.schema.columns.size(); ++i) {
    const std::string &from = before.schema.columns[i].name, &to = after.schema.columns[i].name;
    if (from == to) continue;
    const std::string between = QuoteIdentifier(base::StrCat("$renamed", i));
    base::StrAppend(&away, rename, QuoteIdentifier(from), " TO ", between, ";");
    base::StrAppend(&back, rename, between, " TO ", QuoteIdentifier(to), ";");
  }
  return away + back;
}

}  // namespace bqcdc::emulator::engine
