#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/load.h"

namespace bqcdc::faults {

// INSERT, UPDATE, DELETE, MERGE and TRUNCATE, one at a time: the table is as before or as after the last one.
class StatementLoad : public Load {
 public:
  StatementLoad(std::string table, uint64_t seed) : Load(std::move(table)), random_(seed) {}
  void Run(Served& served) override;
  void Check(const std::map<std::string, StoredTable>& stored) override;

 private:
  using Rows = std::map<int64_t, int64_t>;  // id → value
  struct Statement {
    std::string sql;
    Rows after;
    std::optional<int64_t> affected;
  };
  Statement Next();
  Statement Insert();
  Statement Merge();

  std::mt19937_64 random_;
  Rows rows_;
  std::optional<Rows> doubtful_;  // after the statement that is under way
  int64_t next_id_ = 1;
};

// ADD COLUMN and DROP COLUMN on the tables of the other loads: the columns are as before or as after the last
// one, whatever happens to rows meanwhile.
class ColumnLoad : public Load {
 public:
  ColumnLoad(std::vector<std::string> tables, uint64_t seed)
      : Load("columns"), tables_(std::move(tables)), random_(seed) {}
  void Run(Served& served) override;
  void Check(const std::map<std::string, StoredTable>& stored) override;

 private:
  const std::vector<std::string> tables_;
  std::mt19937_64 random_;
  std::map<std::string, std::set<std::string>> columns_;  // that were added, by table
  struct Doubt {
    std::string table;
    std::set<std::string> after;
  };
  std::optional<Doubt> doubtful_;
  int64_t next_column_ = 1;
};

}  // namespace bqcdc::faults
