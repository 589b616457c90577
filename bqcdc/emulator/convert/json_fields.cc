#include "bqcdc/emulator/convert/json_fields.h"

#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {
namespace {

using nlohmann::json;

constexpr size_t kLabelsMax = 64;
constexpr size_t kLabelCharactersMax = 63;

absl::Status WrongKind(const std::string& name, std::string_view expected) {
  return errors::WithLocation(
      errors::Invalid(base::StrCat("Invalid value at '", name, "': expected ", expected)), name);
}

size_t CharacterCount(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// Lower-case letters, digits, '_', '-' and every other script's letters.
bool IsLabelText(std::string_view text) {
  if (CharacterCount(text) > kLabelCharactersMax) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool fits =
        byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fits) return false;
  }
  return true;
}

bool IsLabelKey(std::string_view key) {
  return !key.empty() && IsLabelText(key) && !(key[0] >= '0' && key[0] <= '9') && key[0] != '_' &&
         key[0] != '-';
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
    const auto& text = value.get_ref<const std::string&>();
    if (!IsLabelKey(key) || !IsLabelText(text)) {
      return errors::WithLocation(
          errors::Invalid(
              base::StrCat("Label key or value of '", key,
                           "' is not valid: at most 63 characters, lower-case letters, digits, '_' and "
                           "'-'; keys begin with a letter")),
          "labels");
    }
    (*labels)[key] = text;
  }
  if (labels->size() > kLabelsMax) return errors::Invalid("Too many labels: at most 64 are allowed");
  return absl::OkStatus();
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
