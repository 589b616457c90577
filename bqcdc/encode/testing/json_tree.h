#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace bqcdc::encode::testing {

// A JSON value whose numbers keep their digits. Made by nlohmann/json's event parser, so that nothing of the
// fast path is shared.
struct JsonTree {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

  struct Member;

  Kind kind = Kind::kNull;
  std::string text;    // of a string what it means, of numbers and booleans their source
  std::string source;  // compact JSON of the value: equals the input where that was written without spaces
  std::vector<JsonTree> elements;
  std::vector<Member> members;
};

struct JsonTree::Member {
  std::string name;
  JsonTree value;
};

absl::StatusOr<JsonTree> ParseJsonTree(std::string_view text);

}  // namespace bqcdc::encode::testing
