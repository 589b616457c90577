#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "bqcdc/encode/testing/random_values.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::encode::testing {

// Makes random tables and JSON lines for them: every type, nested and repeated, odd names, all spellings of
// values, limits of ranges. The same seed gives the same tables and lines.
class RandomRows {
 public:
  explicit RandomRows(uint32_t seed) : random_(seed), values_(&random_) {}
  RandomRows(const RandomRows&) = delete;
  RandomRows& operator=(const RandomRows&) = delete;

  // Seldom nested as deeply as a table may be.
  schema::TableSchema Table();

  enum class KeyOrder { kAsInTable, kShuffled };

  // A valid line with _CHANGE_TYPE last (as in table order) or anywhere (shuffled), without white space.
  std::string Line(const schema::TableSchema& table, KeyOrder order);

  // An UPSERT with one value beyond the limit of its column, valid besides; unset where chance put it
  // nowhere.
  std::optional<std::string> RefusedLine(const schema::TableSchema& table, KeyOrder order);

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

 private:
  // Whether the line that is being made has a value beyond a limit.
  enum class Refusal { kNone, kWanted, kPlaced };

  schema::Column Column(int depth, size_t ordinal);
  std::string ColumnName(size_t ordinal);
  void AddParameters(schema::Column* column);
  std::string Object(const std::vector<schema::Column>& columns, KeyOrder order);
  std::string Value(const schema::Column& column, KeyOrder order);
  std::string Element(const schema::Column& column, KeyOrder order);
  std::string Members(std::vector<std::string> members, KeyOrder order);
  std::string Name(const std::string& name, KeyOrder order);

  std::mt19937 random_;
  RandomValues values_;
  int depth_max_ = 0;
  Refusal refusal_ = Refusal::kNone;
};

}  // namespace bqcdc::encode::testing
