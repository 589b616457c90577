#include "bqcdc/encode/json_scalar_token.h"

#include <algorithm>

#include "bqcdc/encode/utf8.h"

namespace bqcdc::encode {
namespace {

std::string_view FindString(std::string_view json) {
  size_t end = 1;
  for (; end < json.size() && json[end] != '"'; ++end) {
    if (json[end] == '\\') ++end;  // What follows is no end.
    if (end == json.size() || static_cast<unsigned char>(json[end]) < ' ') return {};
  }
  if (end >= json.size()) return {};
  const std::string_view token = json.substr(0, end + 1);
  return IsUtf8(token) ? token : std::string_view();
}

bool IsOfNumber(char c) {
  return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
}

}  // namespace

std::string_view FindJsonScalar(std::string_view json) {
  if (json.empty()) return {};
  if (json.front() == '"') return FindString(json);
  if (json.front() >= 'a') {
    for (const std::string_view literal : {"null", "true", "false"}) {
      if (json.starts_with(literal)) return json.substr(0, literal.size());
    }
    return {};
  }
  const auto* const end = std::find_if_not(json.begin(), json.end(), IsOfNumber);
  return json.substr(0, static_cast<size_t>(end - json.begin()));
}

}  // namespace bqcdc::encode
