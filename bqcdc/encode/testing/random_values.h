#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "bqcdc/schema/table_schema.h"

namespace bqcdc::encode::testing {

// Random JSON texts of one element of a column that is no STRUCT: every spelling that the encoder takes, on
// the whole of a type's range.
class RandomValues {
 public:
  explicit RandomValues(std::mt19937* random) : random_(random) {}

  // A value that is taken, now and then one at the limit of the type.
  std::string Taken(const schema::Column& column);

  // A value one step beyond a limit; unset where the type has none.
  std::optional<std::string> Refused(const schema::Column& column);

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>((*random_)() % limit); }
  int64_t Between(int64_t first, int64_t last);
  std::string Usual(const schema::Column& column);
  std::string Float64();
  std::string DecimalOf(const schema::Column& column);
  std::string Text(uint32_t characters_max);
  std::string Base64(uint32_t bytes_max);
  std::string Date();
  std::string Time();
  std::string Datetime(int64_t micros);
  std::string Timestamp(bool picoseconds);
  std::string Interval();
  std::string Range(schema::ColumnType element);
  std::string Geography();  // inside of quotes
  std::string Json(int depth);
  std::string Digits(uint32_t count_max);
  std::string Decimal(uint32_t integer_digits_max, uint32_t fraction_digits_max);
  std::string Sign() { return Below(2) == 0 ? "-" : ""; }
  // `text` as it is or in quotes: columns take numbers both ways.
  std::string MaybeQuoted(const std::string& text);

  std::mt19937* random_;
};

}  // namespace bqcdc::encode::testing
