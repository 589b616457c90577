#include "bqcdc/emulator/catalog/label_rules.h"

#include <cstdint>
#include <string_view>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/values/utf8.h"

namespace bqcdc::emulator::catalog {
namespace {

constexpr size_t kLabelsMax = 64;
constexpr int64_t kLabelCharactersMax = 63;

// Lower-case letters, digits, '_', '-' and every other script's letters.
bool IsLabelText(std::string_view text) {
  if (values::CountCodePoints(text) > kLabelCharactersMax) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool fits =
        byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fits) return false;
  }
  return true;
}

bool IsLabelKey(std::string_view key) {
  return !key.empty() && IsLabelText(key) && !(key[0] >= '0' && key[0] <= '9') && key[0] != '_' &&
         key[0] != '-';
}

}  // namespace

absl::Status CheckLabels(const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : labels) {
    if (IsLabelKey(key) && IsLabelText(value)) continue;
    return errors::Invalid(
        base::StrCat("Label key or value of '", key,
                     "' is not valid: at most 63 characters, lower-case letters, digits, '_' and '-'; keys "
                     "begin with a letter"));
  }
  if (labels.size() > kLabelsMax) {
    return errors::Invalid(base::StrCat("Too many labels: at most ", kLabelsMax, " are allowed"));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::catalog
