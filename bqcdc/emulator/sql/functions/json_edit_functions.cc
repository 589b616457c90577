// Functions that give a JSON value changed: JSON_SET, JSON_REMOVE, JSON_ARRAY_APPEND, JSON_ARRAY_INSERT,
// JSON_STRIP_NULLS (https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions). What a
// path does not fit to is left as it is.

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/json_path.h"
#include "bqcdc/emulator/sql/functions/json_tree.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/values/json_document.h"
#include "bqcdc/values/json_text.h"

namespace bqcdc::emulator::sql {
namespace {

using values::JsonNode;
using values::kJsonDepthMax;
using values::WriteJson;
using Kind = JsonNode::Kind;
using Steps = std::vector<JsonStep>;
using V = std::string_view;
using Text = absl::StatusOr<std::string>;

// Elements that one call may fill up with null before an index.
constexpr int64_t kPaddingMax = 100'000;

absl::Status TooDeep() {
  return base::InvalidArgument("Not supported by this server: JSON nested deeper than ", kJsonDepthMax,
                               " levels");
}

// What cannot be read again is refused. Edits make nothing deeper than two times the limit.
Text Written(const JsonNode& root) {
  std::string text = WriteJson(root);
  if (!values::IsJson(text)) return TooDeep();
  return text;
}

// Where a member is, or comes to stand: they are sorted by name.
std::vector<JsonNode::Member>::iterator PlaceOf(JsonNode& object, const std::string& name) {
  return std::lower_bound(
      object.members.begin(), object.members.end(), name,
      [](const JsonNode::Member& member, const std::string& wanted) { return member.name < wanted; });
}

JsonNode* FindStep(JsonNode& node, const JsonStep& step) {
  if (step.index) {
    const bool there = node.kind == Kind::kArray && *step.index >= 0 &&
                       *step.index < static_cast<int64_t>(node.elements.size());
    return there ? &node.elements[*step.index] : nullptr;
  }
  if (node.kind != Kind::kObject) return nullptr;
  const auto place = PlaceOf(node, step.name);
  return place != node.members.end() && place->name == step.name ? &place->value : nullptr;
}

JsonNode* Find(JsonNode& root, const Steps& steps, size_t count) {
  JsonNode* node = &root;
  for (size_t i = 0; i < count && node != nullptr; ++i) node = FindStep(*node, steps[i]);
  return node;
}

// What the edits of one call share.
class Editor {
 public:
  explicit Editor(JsonNode root) : root_(std::move(root)) {}

  // Null where the path does not fit what is there.
  absl::StatusOr<JsonNode*> Make(const Steps& steps) {
    JsonNode* node = &root_;
    for (const JsonStep& step : steps) {
      if (JsonNode* found = FindStep(*node, step); found != nullptr) {
        node = found;
        continue;
      }
      if (node->kind == Kind::kNull) node->kind = step.index ? Kind::kArray : Kind::kObject;
      if (node->kind != (step.index ? Kind::kArray : Kind::kObject)) return nullptr;
      if (step.index) {
        if (*step.index < 0) return nullptr;
        BQCDC_RETURN_IF_ERROR(Pad(*node, *step.index + 1));
        node = &node->elements.back();
      } else {
        node = &node->members.insert(PlaceOf(*node, step.name), {step.name, {}})->value;
      }
    }
    return node;
  }

  absl::Status Set(const Steps& steps, const JsonNode& value) {
    BQCDC_ASSIGN_OR_RETURN(JsonNode * node, Make(steps));
    if (node != nullptr) *node = value;
    return absl::OkStatus();
  }

  absl::Status Insert(const Steps& steps, const std::vector<JsonNode>& values) {
    if (steps.empty() || !steps.back().index || *steps.back().index < 0) return absl::OkStatus();
    JsonNode* array = Find(root_, steps, steps.size() - 1);
    if (array == nullptr || !BecomesArray(*array)) return absl::OkStatus();
    const int64_t index = *steps.back().index;
    BQCDC_RETURN_IF_ERROR(Pad(*array, index));
    array->elements.insert(array->elements.begin() + index, values.begin(), values.end());
    return absl::OkStatus();
  }

  absl::Status Append(const Steps& steps, const std::vector<JsonNode>& values) {
    JsonNode* array = Find(root_, steps, steps.size());
    if (array == nullptr || !BecomesArray(*array)) return absl::OkStatus();
    array->elements.insert(array->elements.end(), values.begin(), values.end());
    return absl::OkStatus();
  }

  JsonNode& root() { return root_; }

 private:
  static bool BecomesArray(JsonNode& node) {
    if (node.kind == Kind::kNull) node.kind = Kind::kArray;
    return node.kind == Kind::kArray;
  }

  absl::Status Pad(JsonNode& array, int64_t size) {
    const int64_t missing = size - static_cast<int64_t>(array.elements.size());
    if (missing <= 0) return absl::OkStatus();
    if (missing > kPaddingMax - padding_) {
      return base::InvalidArgument("Not supported by this server: a JSON array filled up by more than ",
                                   kPaddingMax, " elements");
    }
    padding_ += missing;
    array.elements.resize(size);
    return absl::OkStatus();
  }

  JsonNode root_;
  int64_t padding_ = 0;
};

// Calls `edit` with the steps and the value text of each pair. `function` is refused where the values
// together are more than it may make.
template <typename Edit>
absl::Status ForEachPair(std::string_view function, const Variadic<V>& pairs, Edit edit) {
  size_t bytes = 0;
  for (size_t i = 0; i + 1 < pairs.values.size(); i += 2) {
    bytes += pairs.values[i + 1].value_or("").size();
    if (bytes > kOutputBytesMax) return OutputTooLong(function);
    if (!pairs.values[i]) continue;
    BQCDC_ASSIGN_OR_RETURN(const Steps steps, ParseJsonPath(*pairs.values[i]));
    if (steps.size() > kJsonDepthMax) return TooDeep();
    BQCDC_RETURN_IF_ERROR(edit(steps, pairs.values[i + 1].value_or("null")));
  }
  return absl::OkStatus();
}

Text Set(std::optional<bool> create, V json, Variadic<V> pairs) {
  BQCDC_ASSIGN_OR_RETURN(JsonNode root, JsonTreeOrNull(json));
  Editor editor(std::move(root));
  BQCDC_RETURN_IF_ERROR(ForEachPair("JSON_SET", pairs, [&](const Steps& steps, V value) -> absl::Status {
    const bool there = Find(editor.root(), steps, steps.size()) != nullptr;
    if (!create || !(*create || there)) return absl::OkStatus();
    BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(value));
    return editor.Set(steps, node);
  }));
  return Written(editor.root());
}

// One letter stands before a value: 'e' for a SQL ARRAY, whose elements come one by one where `each` says so.
absl::StatusOr<std::vector<JsonNode>> ValuesOf(V text, bool each) {
  BQCDC_ASSIGN_OR_RETURN(JsonNode value, JsonTreeOrNull(text.substr(1)));
  if (each && text[0] == 'e' && value.kind == Kind::kArray) return std::move(value.elements);
  return std::vector<JsonNode>{std::move(value)};
}

// JSON_ARRAY_APPEND and JSON_ARRAY_INSERT.
using ArrayEdit = absl::Status (Editor::*)(const Steps&, const std::vector<JsonNode>&);
Text EditArrays(std::string_view function, ArrayEdit edit, std::optional<bool> each, V json,
                const Variadic<V>& pairs) {
  BQCDC_ASSIGN_OR_RETURN(JsonNode root, JsonTreeOrNull(json));
  Editor editor(std::move(root));
  BQCDC_RETURN_IF_ERROR(ForEachPair(function, pairs, [&](const Steps& steps, V value) -> absl::Status {
    if (!each) return absl::OkStatus();
    BQCDC_ASSIGN_OR_RETURN(const std::vector<JsonNode> values, ValuesOf(value, *each));
    return (editor.*edit)(steps, values);
  }));
  return Written(editor.root());
}

Text ArrayAppend(std::optional<bool> each, V json, Variadic<V> pairs) {
  return EditArrays("JSON_ARRAY_APPEND", &Editor::Append, each, json, pairs);
}

Text ArrayInsert(std::optional<bool> each, V json, Variadic<V> pairs) {
  return EditArrays("JSON_ARRAY_INSERT", &Editor::Insert, each, json, pairs);
}

Text Remove(V json, Variadic<V> paths) {
  BQCDC_ASSIGN_OR_RETURN(JsonNode root, JsonTreeOrNull(json));
  for (const auto& path : paths.values) {
    if (!path) continue;
    BQCDC_ASSIGN_OR_RETURN(const Steps steps, ParseJsonPath(*path));
    if (steps.empty()) return base::InvalidArgument("The JSONPath cannot be '$'");
    JsonNode* parent = Find(root, steps, steps.size() - 1);
    if (parent == nullptr || FindStep(*parent, steps.back()) == nullptr) continue;
    if (steps.back().index) {
      parent->elements.erase(parent->elements.begin() + *steps.back().index);
    } else {
      parent->members.erase(PlaceOf(*parent, steps.back().name));
    }
  }
  return WriteJson(root);
}

// Whether nothing is left of the node.
bool StripNulls(JsonNode& node, bool arrays, bool remove_empty) {
  switch (node.kind) {
    case Kind::kNull:
      return true;
    case Kind::kObject:
      std::erase_if(node.members,
                    [&](JsonNode::Member& member) { return StripNulls(member.value, arrays, remove_empty); });
      return remove_empty && node.members.empty();
    case Kind::kArray: {
      std::vector<JsonNode> kept;
      for (JsonNode& element : node.elements) {
        const bool gone = StripNulls(element, arrays, remove_empty);
        if (!gone || !arrays) kept.push_back(std::move(element));
      }
      node.elements = std::move(kept);
      return remove_empty && arrays && node.elements.empty();
    }
    default:
      return false;
  }
}

Text Strip(std::optional<bool> arrays, std::optional<bool> remove_empty, V json, std::optional<V> path) {
  BQCDC_ASSIGN_OR_RETURN(JsonNode root, JsonTreeOrNull(json));
  if (!arrays || !remove_empty || !path) return WriteJson(root);
  BQCDC_ASSIGN_OR_RETURN(const Steps steps, ParseJsonPath(*path));
  JsonNode* node = Find(root, steps, steps.size());
  if (node != nullptr && StripNulls(*node, *arrays, *remove_empty)) *node = JsonNode();
  return WriteJson(root);
}

}  // namespace

void AddJsonEditFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_json_set", &Set);
  AddFunction(f, "bq_json_array_append", &ArrayAppend);
  AddFunction(f, "bq_json_array_insert", &ArrayInsert);
  AddFunction(f, "bq_json_remove", &Remove);
  AddFunction(f, "bq_json_strip_nulls", &Strip);
}

}  // namespace bqcdc::emulator::sql
