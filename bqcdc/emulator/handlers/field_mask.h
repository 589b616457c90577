#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::emulator::handlers {

// The query parameter `fields` of Google's APIs (https://cloud.google.com/apis/docs/system-parameters): which
// fields of an answer are wanted. "kind,jobs(id,status/state)": names with commas between them, `a/b` and
// `a(b,c)` go into objects and into the objects of lists, `*` stands for every name. A name that an answer
// does not have selects nothing.
class FieldMask {
 public:
  // Errors: invalid, located at `fields`.
  static absl::StatusOr<FieldMask> Parse(std::string_view text);

  // Whether the whole of the answer's field is wanted.
  bool SelectsAllOf(const std::string& name) const;
  // Whether anything of it is.
  bool SelectsSomeOf(const std::string& name) const;
  // Takes out what is not wanted.
  void Apply(nlohmann::json* answer) const;

 private:
  friend class FieldMaskParser;
  struct Node {
    std::map<std::string, Node> children;  // none: all below is wanted
    // What a name stands for here, nullptr where it is not wanted.
    const Node* Find(const std::string& name) const;
    void Apply(nlohmann::json* value) const;
  };
  Node root_;
};

}  // namespace bqcdc::emulator::handlers
