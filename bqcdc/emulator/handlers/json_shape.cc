#include "bqcdc/emulator/handlers/json_shape.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {

absl::Status CheckJsonShape(std::string_view text) {
  size_t depth = 0, values = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    // Each of these is followed by a value, but in an empty list.
    values += c == ',' || c == '[' || c == '{';
    if (depth > kJsonDepthMax)
      return errors::Invalid(
          base::StrCat("The request's body is nested deeper than ", kJsonDepthMax, " levels"));
    if (values > kJsonValuesMax)
      return errors::Invalid(base::StrCat("The request's body has more than ", kJsonValuesMax, " values"));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::handlers
