#include "bqcdc/emulator/handlers/field_mask.h"

#include <vector>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

constexpr size_t kMaskBytesMax = 4 * 1024;
constexpr int kMaskDepthMax = 32;

}  // namespace

// list = path { "," path };  path = name { "/" name } [ "(" list ")" ]
class FieldMaskParser {
 public:
  explicit FieldMaskParser(std::string_view text) : rest_(text) {}

  bool ParseAll(FieldMask::Node* root) { return ParseList(root, 0) && rest_.empty(); }

 private:
  using Node = FieldMask::Node;

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool ParseList(Node* node, int depth) {
    do {
      if (!ParsePath(node, depth)) return false;
    } while (Take(','));
    return true;
  }

  bool ParsePath(Node* parent, int depth) {
    if (depth > kMaskDepthMax) return false;
    const std::string name(rest_.substr(0, rest_.find_first_of(",/()")));
    if (name.empty()) return false;
    rest_.remove_prefix(name.size());
    const bool known = parent->children.contains(name);
    Node* const node = &parent->children[name];
    // Wanted whole before: what follows cannot make it less.
    Node ignored;
    Node* const target = known && node->children.empty() ? &ignored : node;
    if (Take('/')) return ParsePath(target, depth + 1);
    if (Take('(')) return ParseList(target, depth + 1) && Take(')');
    node->children.clear();
    return true;
  }

  std::string_view rest_;
};

absl::StatusOr<FieldMask> FieldMask::Parse(std::string_view text) {
  FieldMask mask;
  if (text.size() <= kMaskBytesMax && FieldMaskParser(text).ParseAll(&mask.root_)) return mask;
  return errors::WithLocation(
      errors::Invalid(base::StrCat("Invalid field selection ", text.substr(0, kMaskBytesMax))), "fields");
}

const FieldMask::Node* FieldMask::Node::Find(const std::string& name) const {
  auto found = children.find(name);
  if (found == children.end()) found = children.find("*");
  return found == children.end() ? nullptr : &found->second;
}

void FieldMask::Node::Apply(json* value) const {
  if (children.empty()) return;
  if (value->is_array()) {
    for (json& item : *value) Apply(&item);
    return;
  }
  if (!value->is_object()) return;
  for (auto member = value->begin(); member != value->end();) {
    const Node* const wanted = Find(member.key());
    if (wanted == nullptr) {
      member = value->erase(member);
      continue;
    }
    wanted->Apply(&member.value());
    ++member;
  }
}

bool FieldMask::SelectsAllOf(const std::string& name) const {
  const Node* const node = root_.Find(name);
  return node != nullptr && node->children.empty();
}

bool FieldMask::SelectsSomeOf(const std::string& name) const { return root_.Find(name) != nullptr; }

void FieldMask::Apply(json* answer) const { root_.Apply(answer); }

}  // namespace bqcdc::emulator::handlers
