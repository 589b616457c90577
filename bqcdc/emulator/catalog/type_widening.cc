#include "bqcdc/emulator/catalog/type_widening.h"

namespace bqcdc::emulator::catalog {
namespace {

using schema::Column;
using schema::ColumnType;

// Digits that a type's values may have before and behind the point.
struct DecimalDigits {
  int64_t integer = 0;
  int64_t fraction = 0;
};

DecimalDigits DigitsOf(const Column& column) {
  if (column.type == ColumnType::kInt64) return {19, 0};
  if (column.precision) {
    const int64_t scale = column.scale.value_or(0);
    return {*column.precision - scale, scale};
  }
  // BIGNUMERIC has a 39th digit before the point that not every value fills; no other type has as many.
  return column.type == ColumnType::kNumeric ? DecimalDigits{29, 9} : DecimalDigits{39, 38};
}

bool DigitsFit(const Column& from, const Column& to) {
  const DecimalDigits is = DigitsOf(from), wanted = DigitsOf(to);
  return is.integer <= wanted.integer && is.fraction <= wanted.fraction;
}

bool TypesFit(ColumnType from, ColumnType to) {
  switch (from) {
    case ColumnType::kInt64:
      return to == ColumnType::kInt64 || to == ColumnType::kNumeric || to == ColumnType::kBigNumeric ||
             to == ColumnType::kFloat64;
    case ColumnType::kNumeric:
      return to == ColumnType::kNumeric || to == ColumnType::kBigNumeric || to == ColumnType::kFloat64;
    default:
      return from == to;
  }
}

}  // namespace

bool IsWidening(const Column& from, const Column& to) {
  if (from.repeated() != to.repeated() || !TypesFit(from.type, to.type) ||
      from.range_element_type != to.range_element_type ||
      from.timestamp_precision != to.timestamp_precision || from.fields.size() != to.fields.size()) {
    return false;
  }
  if (to.max_length && (!from.max_length || *to.max_length < *from.max_length)) return false;
  if ((to.type == ColumnType::kNumeric || to.type == ColumnType::kBigNumeric) && !DigitsFit(from, to)) {
    return false;
  }
  for (size_t i = 0; i < from.fields.size(); ++i) {
    if (from.fields[i].name != to.fields[i].name || !IsWidening(from.fields[i], to.fields[i])) return false;
  }
  return true;
}

}  // namespace bqcdc::emulator::catalog
