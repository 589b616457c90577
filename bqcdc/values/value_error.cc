#include "bqcdc/values/value_error.h"

namespace bqcdc::values {

std::string_view Describe(ValueError error) {
  switch (error) {
    case ValueError::kNone:
      return "is valid";
    case ValueError::kMalformed:
      return "is malformed";
    case ValueError::kOutOfRange:
      return "is out of range";
    case ValueError::kTooPrecise:
      return "has more than six fractional digits";
  }
  return "is invalid";
}

}  // namespace bqcdc::values
