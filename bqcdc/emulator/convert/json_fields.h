#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

// Typed reading of a REST body's fields. `null` counts as absent. Errors are `invalid` and name the field;
// values are not repeated in them.
namespace bqcdc::emulator::convert {

// The member, or nullptr when it is absent or null.
const nlohmann::json* FindField(const nlohmann::json& object, const std::string& name);

absl::StatusOr<std::optional<std::string>> StringField(const nlohmann::json& object, const std::string& name);
// A JSON number, or decimal text, as the service writes int64 values.
absl::StatusOr<std::optional<int64_t>> Int64Field(const nlohmann::json& object, const std::string& name);
// A JSON boolean, or its text.
absl::StatusOr<std::optional<bool>> BoolField(const nlohmann::json& object, const std::string& name);
// nullptr when absent.
absl::StatusOr<const nlohmann::json*> ObjectField(const nlohmann::json& object, const std::string& name);
absl::StatusOr<const nlohmann::json*> ArrayField(const nlohmann::json& object, const std::string& name);
absl::StatusOr<std::vector<std::string>> StringListField(const nlohmann::json& object,
                                                         const std::string& name);

// Puts the object `labels` of a body into `labels`: a null value removes its key. Checks the service's rules
// for keys and values (https://cloud.google.com/bigquery/docs/labels-intro#requirements).
absl::Status MergeLabels(const nlohmann::json& body, std::map<std::string, std::string>* labels);

// Refuses the fields of `body` that are named in `names` and set to something (not null, false, "" or empty):
// this server would silently do something else. `kind` names the resource: "tables".
absl::Status RefuseFields(const nlohmann::json& body, const std::string& kind,
                          const std::vector<std::string>& names);

}  // namespace bqcdc::emulator::convert
