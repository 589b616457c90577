#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "bqcdc/schema/table_schema.h"

namespace bqcdc::encode::testing {

// Makes random tables and valid JSON lines for them: every type, nested and repeated, odd names, all
// spellings of values, edges of ranges. The same seed gives the same tables and lines.
class RandomRows {
 public:
  explicit RandomRows(uint32_t seed) : random_(seed) {}

  schema::TableSchema Table();

  enum class KeyOrder { kAsInTable, kShuffled };

  // A line with _CHANGE_TYPE last (as in table order) or anywhere (shuffled), without white space.
  std::string Line(const schema::TableSchema& table, KeyOrder order);

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

 private:
  schema::Column Column(int depth, size_t ordinal);
  void AddParameters(schema::Column* column);
  std::string Object(const std::vector<schema::Column>& columns, KeyOrder order);
  std::string Value(const schema::Column& column, KeyOrder order);
  std::string Element(const schema::Column& column, KeyOrder order);
  std::string Members(std::vector<std::string> members, KeyOrder order);
  std::string Name(const std::string& name, KeyOrder order);
  std::string Digits(uint32_t count_max);
  std::string Decimal(uint32_t integer_digits_max, uint32_t fraction_digits_max);
  std::string Text();
  std::string Base64();
  std::string Date();
  std::string Time();
  std::string Instants(std::optional<schema::ColumnType> element);
  std::string Geography();  // inside of quotes
  std::string Json(int depth);
  std::string Quoted(const std::string& text) { return "\"" + text + "\""; }
  // `text` as it is or in quotes: columns take numbers both ways.
  std::string MaybeQuoted(const std::string& text) { return Below(3) == 0 ? Quoted(text) : text; }

  std::mt19937 random_;
};

}  // namespace bqcdc::encode::testing
