#include "bqcdc/emulator/convert/scaled_text.h"

#include "absl/strings/str_cat.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/value_error.h"

namespace bqcdc::emulator::convert {

using values::BigNumeric;
using values::ValueError;

std::string ScaledText(std::string_view bytes, int scale) {
  BigNumeric units;  // 10^-38 each
  if (BigNumeric::FromWireBytes(bytes, &units) != ValueError::kNone) return "";
  std::string text = absl::StrCat(units.ToString(), "e", BigNumeric::kScale - scale);
  // Without the exponent, where BIGNUMERIC has room for the number.
  BigNumeric number;
  return BigNumeric::Parse(text, &number) == ValueError::kNone ? number.ToString() : text;
}

}  // namespace bqcdc::emulator::convert
