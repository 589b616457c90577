#include "bqcdc/emulator/convert/same_name.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::convert {

absl::Status CheckSameName(std::string_view field, std::string_view in_path,
                           const std::optional<std::string>& in_body) {
  if (!in_body || *in_body == in_path) return absl::OkStatus();
  return errors::WithLocation(
      errors::Invalid(
          base::StrCat("Value '", *in_body, "' in content does not agree with value '", in_path,
                       "'. This can happen when a value set through a parameter is inconsistent with a value "
                       "set in the request.")),
      field);
}

}  // namespace bqcdc::emulator::convert
