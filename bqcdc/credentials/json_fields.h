#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::credentials {

// Reads an object of a credentials file by field. Errors (InvalidArgument) name the field and what is to be
// done, never a value; the file is put before them by FindCredentials().
class JsonFields {
 public:
  // `object` must outlive this. `path` is where it stands in the file: "" or "credential_source.".
  explicit JsonFields(const nlohmann::json& object, std::string path = "")
      : object_(object), path_(std::move(path)) {}

  bool Has(const char* name) const;
  // Text that must be there and not be empty.
  absl::StatusOr<std::string> Text(const char* name) const;
  // "" where it is absent or null.
  absl::StatusOr<std::string> OptionalText(const char* name) const;
  absl::StatusOr<std::vector<std::string>> OptionalTexts(const char* name) const;
  // `otherwise` where it is absent.
  absl::StatusOr<int64_t> Integer(const char* name, int64_t otherwise, int64_t min, int64_t max) const;
  // An address that secrets are sent to: https, or http on a loopback host. `otherwise` where it is absent;
  // empty = it must be there.
  absl::StatusOr<std::string> SecureUrl(const char* name, const std::string& otherwise = "") const;
  // An object that must be there.
  absl::StatusOr<JsonFields> Object(const char* name) const;

  const nlohmann::json& object() const { return object_; }
  std::string NameOf(const char* name) const { return path_ + name; }

 private:
  const nlohmann::json& object_;
  const std::string path_;
};

}  // namespace bqcdc::credentials
