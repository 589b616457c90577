#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::sql {

// A parsed JSON text that keeps the order of members and the digits of numbers as written.
struct JsonNode {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text;  // kString: decoded; kNumber: digits; kBool: true or false
  std::vector<JsonNode> elements;
  struct Member;
  std::vector<Member> members;

  bool is_scalar() const { return kind != Kind::kArray && kind != Kind::kObject; }
};

struct JsonNode::Member {
  std::string name;
  JsonNode value;
};

// Unset where `text` is no JSON.
std::optional<JsonNode> ParseJsonText(std::string_view text);
// Without white space.
std::string WriteJson(const JsonNode& node);
// A JSON string literal: quotes, backslashes and control characters escaped.
std::string JsonString(std::string_view text);

// The form in which a JSON value is kept: members sorted by name, the first of equal names kept, numbers as
// INT64 or FLOAT64 print. InvalidArgument for a text that is no JSON or a number that neither type holds
// exactly.
absl::StatusOr<std::string> CanonicalJson(std::string_view text);

// Follows a JSONPath such as `$.a[0]."b c"`. Unset result: nothing there. InvalidArgument: no such path.
absl::StatusOr<const JsonNode*> FollowJsonPath(const JsonNode& root, std::string_view path);

}  // namespace bqcdc::emulator::sql
