#include "bqcdc/emulator/sql/functions/json_path.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
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

absl::StatusOr<std::vector<JsonStep>> ParseJsonPath(std::string_view path) {
  const absl::Status bad = base::InvalidArgument("Invalid token in JSONPath at: ", path);
  if (path.empty() || path[0] != '$') return base::InvalidArgument("JSONPath must start with '$'");
  std::vector<JsonStep> steps;
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
    JsonStep step;
    if (path[at] == '.') {
      ++at;
      if (at < path.size() && path[at] == '"') {
        if (!quoted(&step.name)) return bad;
      } else {
        while (at < path.size() && path[at] != '.' && path[at] != '[') step.name += path[at++];
        if (step.name.empty()) return bad;
        if (step.name == "*") return base::InvalidArgument("Not supported by this server: * in a JSONPath");
      }
    } else if (path[at] == '[') {
      ++at;
      if (at < path.size() && (path[at] == '\'' || path[at] == '"')) {
        if (!quoted(&step.name) || at >= path.size() || path[at] != ']') return bad;
        ++at;
      } else {
        while (at < path.size() && path[at] != ']') step.name += path[at++];
        if (at++ >= path.size() || !absl::SimpleAtoi(step.name, &step.index.emplace())) return bad;
      }
    } else {
      return bad;
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

absl::StatusOr<const JsonNode*> FollowJsonPath(const JsonNode& root, std::string_view path) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<JsonStep> steps, ParseJsonPath(path));
  const JsonNode* node = &root;
  for (const JsonStep& step : steps) {
    // A member whose name is digits may be addressed like an element.
    const bool is_element = step.index && !(node != nullptr && node->kind == JsonNode::Kind::kObject);
    node = is_element ? Element(node, *step.index) : Member(node, step.name);
  }
  return node;
}

}  // namespace bqcdc::emulator::sql
