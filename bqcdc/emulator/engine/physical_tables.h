#pragma once

#include <cstdint>
#include <string>

#include "bqcdc/emulator/catalog/entities.h"

// SQL that makes and alters the physical tables of a table. See store.h for their names.
namespace bqcdc::emulator::engine {

// b<uid>: the columns, then of each row what it is (RowOperation), its sequence number and ingest time.
std::string CreateBaselineSql(const catalog::Table& table);
// t<uid>: the key, sequence number and ingest time of each remembered DELETE. Empty without a primary key.
std::string CreateTombstonesSql(const catalog::Table& table);
// d<uid>: the columns, then ChangeColumn.
std::string CreateDeltaSql(const catalog::Table& table);
std::string DropBaselineSql(int64_t uid);
std::string DropDeltaSql(int64_t uid);
// How the rows of a table with the columns of `before` come to those of `after`: two lists of the columns
// that both have and of new arrays, which are empty, each with a comma behind it. INSERT INTO after(<names>…)
// SELECT <values>… FROM before.
struct ColumnCopy {
  std::string names;
  std::string values;
};
ColumnCopy CopyColumns(const catalog::Table& before, const catalog::Table& after);
// Turns the b<uid> and t<uid> of `before` into those of `after`.
std::string AlterBaselineSql(const catalog::Table& before, const catalog::Table& after);
// The same where the columns differ in nothing but their names.
std::string RenameBaselineColumnsSql(const catalog::Table& before, const catalog::Table& after);

}  // namespace bqcdc::emulator::engine
