#include "bqcdc/credentials/json_fields.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::credentials {
namespace {

// Of "https://user@host:port/path".
std::string HostOf(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  const std::string authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  return authority.substr(0, authority.front() == '[' ? authority.find(']') + 1 : authority.find(':'));
}

bool IsSecure(const std::string& url) {
  if (absl::StartsWith(url, "https://") && url.size() > 8) return true;
  if (!absl::StartsWith(url, "http://") || url.size() <= 7) return false;
  const std::string host = HostOf(url);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

bool JsonFields::Has(const char* name) const {
  const auto found = object_.find(name);
  return found != object_.end() && !found->is_null();
}

absl::StatusOr<std::string> JsonFields::OptionalText(const char* name) const {
  if (!Has(name)) return std::string();
  const auto& value = object_[name];
  if (!value.is_string()) return base::InvalidArgument("field ", NameOf(name), " is not a text");
  return value.get<std::string>();
}

absl::StatusOr<std::string> JsonFields::Text(const char* name) const {
  BQCDC_ASSIGN_OR_RETURN(std::string text, OptionalText(name));
  if (text.empty()) {
    return base::InvalidArgument("field ", NameOf(name), " is missing; download or create the file again");
  }
  return text;
}

absl::StatusOr<std::vector<std::string>> JsonFields::OptionalTexts(const char* name) const {
  std::vector<std::string> texts;
  if (!Has(name)) return texts;
  const auto& value = object_[name];
  bool fits = value.is_array();
  for (std::size_t i = 0; fits && i < value.size(); ++i) {
    fits = value[i].is_string();
    if (fits) texts.push_back(value[i].get<std::string>());
  }
  if (!fits) return base::InvalidArgument("field ", NameOf(name), " is not a list of texts");
  return texts;
}

absl::StatusOr<int64_t> JsonFields::Integer(const char* name, int64_t otherwise, int64_t min,
                                            int64_t max) const {
  if (!Has(name)) return otherwise;
  const auto& value = object_[name];
  if (!value.is_number_integer() || value.get<int64_t>() < min || value.get<int64_t>() > max) {
    return base::InvalidArgument("field ", NameOf(name), " is not a whole number from ", min, " to ", max);
  }
  return value.get<int64_t>();
}

absl::StatusOr<std::string> JsonFields::SecureUrl(const char* name, const std::string& otherwise) const {
  BQCDC_ASSIGN_OR_RETURN(std::string url, Has(name) || !otherwise.empty() ? OptionalText(name) : Text(name));
  if (url.empty()) return otherwise;
  if (!IsSecure(url)) {
    return base::InvalidArgument("field ", NameOf(name),
                                 " is not an https:// address, and secrets would be sent there; correct it");
  }
  return url;
}

absl::StatusOr<JsonFields> JsonFields::Object(const char* name) const {
  if (!Has(name)) {
    return base::InvalidArgument("field ", NameOf(name), " is missing; download or create the file again");
  }
  const auto& value = object_[name];
  if (!value.is_object()) return base::InvalidArgument("field ", NameOf(name), " is not an object");
  return JsonFields(value, NameOf(name) + ".");
}

}  // namespace bqcdc::credentials
