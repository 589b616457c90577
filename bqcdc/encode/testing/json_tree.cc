#include "bqcdc/encode/testing/json_tree.h"

#include "bqcdc/base/strings.h"
#include "nlohmann/json.hpp"

namespace bqcdc::encode::testing {
namespace {

using nlohmann::json;

// Builds the tree from the parser's events.
class TreeBuilder : public nlohmann::json_sax<json> {
 public:
  JsonTree Take() { return std::move(root_); }

  bool null() override { return Put({.kind = JsonTree::Kind::kNull, .source = "null"}); }
  bool boolean(bool value) override {
    const std::string text = value ? "true" : "false";
    return Put({.kind = JsonTree::Kind::kBool, .text = text, .source = text});
  }
  bool number_integer(number_integer_t value) override { return Number(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Number(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Number(text); }
  bool string(string_t& value) override {
    return Put({.kind = JsonTree::Kind::kString, .text = value, .source = json(value).dump()});
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return Open(JsonTree::Kind::kObject); }
  bool key(string_t& name) override {
    names_.push_back(name);
    return true;
  }
  bool end_object() override {
    JsonTree object = Close();
    object.source = "{";
    for (const auto& [name, value] : object.members) {
      base::StrAppend(&object.source, object.source.size() > 1 ? "," : "", json(name).dump(), ":",
                      value.source);
    }
    object.source += "}";
    return Put(std::move(object));
  }
  bool start_array(size_t) override { return Open(JsonTree::Kind::kArray); }
  bool end_array() override {
    JsonTree array = Close();
    array.source = "[";
    for (const JsonTree& element : array.elements) {
      base::StrAppend(&array.source, array.source.size() > 1 ? "," : "", element.source);
    }
    array.source += "]";
    return Put(std::move(array));
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool Number(const std::string& text) {
    return Put({.kind = JsonTree::Kind::kNumber, .text = text, .source = text});
  }
  bool Open(JsonTree::Kind kind) {
    open_.push_back({.kind = kind});
    return true;
  }
  JsonTree Close() {
    JsonTree closed = std::move(open_.back());
    open_.pop_back();
    return closed;
  }
  bool Put(JsonTree value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().kind == JsonTree::Kind::kArray) {
      open_.back().elements.push_back(std::move(value));
    } else {
      open_.back().members.push_back({std::move(names_.back()), std::move(value)});
      names_.pop_back();
    }
    return true;
  }

  JsonTree root_;
  std::vector<JsonTree> open_;
  std::vector<std::string> names_;
};

}  // namespace

absl::StatusOr<JsonTree> ParseJsonTree(std::string_view text) {
  TreeBuilder builder;
  if (!json::sax_parse(text, &builder)) return base::InvalidArgument("reference: not JSON");
  return builder.Take();
}

}  // namespace bqcdc::encode::testing
