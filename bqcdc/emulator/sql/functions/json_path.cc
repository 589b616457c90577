#include "bqcdc/emulator/sql/functions/json_path.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::sql {

using values::JsonNode;

namespace {

const JsonNode* Member(const JsonNode* node, std::string_view name) {
  if (node == nullptr || node->kind != JsonNode::Kind::kObject) return nullptr;
  for (const auto& [key, member] : node->members) {
    if (key == name) return &member;
  }
  return nullptr;
}

const JsonNode* Element(const JsonNode* node, int64_t index) {
  if (node == nullptr || node->kind != JsonNode::Kind::kArray || index < 0 ||
      index >= static_cast<int64_t>(node->elements.size())) {
    return nullptr;
  }
  return &node->elements[index];
}

}  // namespace

absl::StatusOr<const JsonNode*> FollowJsonPath(const JsonNode& root, std::string_view path) {
  const absl::Status bad = base::InvalidArgument("Invalid token in JSONPath at: ", path);
  if (path.empty() || path[0] != '$') return base::InvalidArgument("JSONPath must start with '$'");
  const JsonNode* node = &root;
  size_t at = 1;
  // A quoted name; `at` stands on the quote.
  const auto quoted = [&](std::string* name) {
    const char quote = path[at++];
    while (at < path.size() && path[at] != quote) {
      if (path[at] == '\\' && at + 1 < path.size()) ++at;
      *name += path[at++];
    }
    return at++ < path.size();
  };
  while (at < path.size()) {
    std::string name;
    if (path[at] == '.') {
      ++at;
      if (at < path.size() && path[at] == '"') {
        if (!quoted(&name)) return bad;
      } else {
        while (at < path.size() && path[at] != '.' && path[at] != '[') name += path[at++];
        if (name.empty()) return bad;
        if (name == "*") return base::InvalidArgument("Not supported by this server: * in a JSONPath");
      }
      node = Member(node, name);
    } else if (path[at] == '[') {
      ++at;
      if (at < path.size() && (path[at] == '\'' || path[at] == '"')) {
        if (!quoted(&name) || at >= path.size() || path[at] != ']') return bad;
        ++at;
        node = Member(node, name);
      } else {
        while (at < path.size() && path[at] != ']') name += path[at++];
        int64_t index = 0;
        if (at++ >= path.size() || !absl::SimpleAtoi(name, &index)) return bad;
        // A member whose name is digits may be addressed like an element.
        node = node != nullptr && node->kind == JsonNode::Kind::kObject ? Member(node, name)
                                                                        : Element(node, index);
      }
    } else {
      return bad;
    }
  }
  return node;
}

}  // namespace bqcdc::emulator::sql
