#include "bqcdc/emulator/convert/json_fields.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/label_rules.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {
namespace {

using nlohmann::json;

absl::Status WrongKind(const std::string& name, std::string_view expected) {
  return errors::WithLocation(
      errors::Invalid(base::StrCat("Invalid value at '", name, "': expected ", expected)), name);
}

bool IsSet(const json& value) {
  if (value.is_null() || (value.is_boolean() && !value.get<bool>())) return false;
  if (value.is_string() || value.is_object() || value.is_array()) {
    return value.is_string() ? !value.get_ref<const std::string&>().empty() : !value.empty();
  }
  return true;
}

}  // namespace

const json* FindField(const json& object, const std::string& name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

absl::StatusOr<std::optional<std::string>> StringField(const json& object, const std::string& name) {
  const json* value = FindField(object, name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string()) return WrongKind(name, "a string");
  return std::optional<std::string>(value->get<std::string>());
}

absl::StatusOr<std::optional<int64_t>> Int64Field(const json& object, const std::string& name) {
  const json* value = FindField(object, name);
  if (value == nullptr) return std::optional<int64_t>();
  if (value->is_number_unsigned() && value->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    return WrongKind(name, "a 64-bit integer");
  }
  if (value->is_number_integer()) return std::optional<int64_t>(value->get<int64_t>());
  int64_t number = 0;
  if (value->is_string() && absl::SimpleAtoi(value->get_ref<const std::string&>(), &number)) {
    return std::optional<int64_t>(number);
  }
  return WrongKind(name, "a 64-bit integer");
}

absl::StatusOr<std::optional<bool>> BoolField(const json& object, const std::string& name) {
  const json* value = FindField(object, name);
  if (value == nullptr) return std::optional<bool>();
  if (value->is_boolean()) return std::optional<bool>(value->get<bool>());
  bool boolean = false;
  if (value->is_string() && absl::SimpleAtob(value->get_ref<const std::string&>(), &boolean)) {
    return std::optional<bool>(boolean);
  }
  return WrongKind(name, "a boolean");
}

absl::StatusOr<const json*> ObjectField(const json& object, const std::string& name) {
  const json* value = FindField(object, name);
  if (value != nullptr && !value->is_object()) return WrongKind(name, "an object");
  return value;
}

absl::StatusOr<const json*> ArrayField(const json& object, const std::string& name) {
  const json* value = FindField(object, name);
  if (value != nullptr && !value->is_array()) return WrongKind(name, "a list");
  return value;
}

absl::StatusOr<std::vector<std::string>> StringListField(const json& object, const std::string& name) {
  BQCDC_ASSIGN_OR_RETURN(const json* list, ArrayField(object, name));
  std::vector<std::string> texts;
  if (list == nullptr) return texts;
  for (const json& item : *list) {
    if (!item.is_string()) return WrongKind(name, "a list of strings");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

absl::Status MergeLabels(const json& body, std::map<std::string, std::string>* labels) {
  BQCDC_ASSIGN_OR_RETURN(const json* object, ObjectField(body, "labels"));
  if (object == nullptr) return absl::OkStatus();
  for (const auto& [key, value] : object->items()) {
    if (value.is_null()) {
      labels->erase(key);
      continue;
    }
    if (!value.is_string()) return WrongKind("labels", "texts as values");
    (*labels)[key] = value.get<std::string>();
  }
  absl::Status valid = catalog::CheckLabels(*labels);
  return valid.ok() ? valid : errors::WithLocation(std::move(valid), "labels");
}

absl::Status RefuseFields(const json& body, const std::string& kind, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const json* value = FindField(body, name);
    if (value != nullptr && IsSet(*value))
      return errors::NotImplemented(base::StrCat(kind, ": field '", name, "'"));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::convert
