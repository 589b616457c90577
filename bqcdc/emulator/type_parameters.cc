#include "bqcdc/emulator/type_parameters.h"

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator {

std::string TooLongText(const schema::Column& column, int64_t length) {
  return base::StrCat(schema::SqlType(column, true), " has maximum length ", *column.max_length,
                      " but got a value with length ", length);
}

std::string OutsidePrecisionText(const schema::Column& column) {
  const int64_t precision = *column.precision;
  const int64_t scale = column.scale.value_or(0);
  std::string largest =
      precision > scale ? std::string(static_cast<size_t>(precision - scale), '9') : std::string("0");
  if (scale > 0) base::StrAppend(&largest, ".", std::string(static_cast<size_t>(scale), '9'));
  return base::StrCat(schema::SqlType(column, true), " has precision ", precision, " and scale ", scale,
                      " but got a value that is not in range of [-", largest, ", ", largest, "]");
}

}  // namespace bqcdc::emulator
