#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/oracle/cdc_oracle.h"
#include "tests/oracle/history.h"

namespace bqcdc::misbehaving {

// One line of input, and what has to become of it.
struct InputChange {
  std::string line;                // without its end
  std::optional<oracle::Row> row;  // unset where no row can be made of it
  std::string reason;              // of its dead letter; empty = it has to be stored
};

// What the changes of one table are like.
struct ChangeHabits {
  // In the order of the table's key (kSchemaFields tells which there may be).
  std::vector<std::string> key_columns = {"id"};
  bool own_numbers = false;      // the rows have sequence numbers of their own, some of them equal
  bool numbers_in_lines = true;  // those stand in the lines, too
  int write_once_percent = 0;    // rows whose key no other has
  int unfit_percent = 0;         // upserts that the service refuses
  int broken_percent = 0;        // lines that are no rows

  // 1 to 3 columns in any order.
  static std::vector<std::string> DrawKeyColumns(std::mt19937_64& random);
  // The three shares, each of them often 0.
  void DrawPercents(std::mt19937_64& random);
};

// Makes changes that meet each other: few keys, often equal in all columns but one, numbers that rise by and
// large; fields in any order and values in several spellings.
class ChangeMaker {
 public:
  // `random` must outlive the maker.
  ChangeMaker(std::mt19937_64& random, ChangeHabits habits) : random_(random), habits_(std::move(habits)) {}

  // Line 1 is always a row, and none that is refused for what it lacks.
  InputChange Make(std::int64_t line);
  std::vector<InputChange> MakeMany(std::int64_t count);

 private:
  std::int64_t Between(std::int64_t low, std::int64_t high);
  bool Percent(int percent) { return Between(1, 100) <= percent; }
  oracle::Key MakeKey(std::int64_t line);
  // The fields of a key. One value has several spellings.
  std::vector<std::string> SpellKey(const oracle::Key& key);
  InputChange MakeBroken(std::int64_t line);

  std::mt19937_64& random_;
  const ChangeHabits habits_;
};

// What the table has to show: the input's good changes one by one, in their order, on a table that never
// misbehaves.
oracle::View ExpectedTable(const std::vector<InputChange>& input, std::size_t key_columns);
// For a person.
std::string Describe(const oracle::View& view);

// Where the numbers of rows come from.
enum class RowNumbers {
  kOwn,     // the change's own
  kOfLine,  // epoch/line/1/0, lines from 1
  kOfRow,   // epoch/row/1/0, counting only lines that are rows
};

// Which line of the input a row that came is of.
class InputLines {
 public:
  InputLines(const std::vector<InputChange>& input, RowNumbers numbers);

  // By RowName(); 0 = of none.
  std::int64_t LineOf(const std::string& row_name) const;

 private:
  const RowNumbers numbers_;
  std::unordered_map<std::string, std::int64_t> lines_;
};

}  // namespace bqcdc::misbehaving
