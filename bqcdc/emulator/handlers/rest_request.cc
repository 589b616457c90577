#include "bqcdc/emulator/handlers/rest_request.h"

#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {
namespace {

absl::Status InvalidParameter(const std::string& name, const std::string& value, std::string_view expected) {
  return errors::WithLocation(
      errors::Invalid(base::StrCat("Invalid value for ", name, ": '", value, "' is no ", expected)), name);
}

}  // namespace

std::optional<std::string> MethodCall::Query(const std::string& name) const {
  const auto [first, last] = request_.query.equal_range(name);
  if (first == last) return std::nullopt;
  const std::string& value = std::prev(last)->second;
  if (value.empty()) return std::nullopt;
  return value;
}

absl::StatusOr<std::optional<int64_t>> MethodCall::QueryInt64(const std::string& name) const {
  const std::optional<std::string> text = Query(name);
  if (!text) return std::optional<int64_t>();
  int64_t value = 0;
  if (!absl::SimpleAtoi(*text, &value)) return InvalidParameter(name, *text, "integer");
  return std::optional<int64_t>(value);
}

absl::StatusOr<std::optional<int64_t>> MethodCall::QueryCount(const std::string& name) const {
  BQCDC_ASSIGN_OR_RETURN(const std::optional<int64_t> value, QueryInt64(name));
  if (value && *value < 0) return InvalidParameter(name, *Query(name), "count of 0 or more");
  return value;
}

absl::StatusOr<bool> MethodCall::QueryBool(const std::string& name, bool otherwise) const {
  const std::optional<std::string> text = Query(name);
  if (!text) return otherwise;
  bool value = false;
  if (!absl::SimpleAtob(*text, &value)) return InvalidParameter(name, *text, "boolean");
  return value;
}

}  // namespace bqcdc::emulator::handlers
