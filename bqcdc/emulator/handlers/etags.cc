#include "bqcdc/emulator/handlers/etags.h"

namespace bqcdc::emulator::handlers {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the first etag off a header's list.
std::string_view NextEtag(std::string_view& list) {
  const size_t comma = list.find(',');
  std::string_view etag = Trim(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

}  // namespace

std::optional<std::string> IfMatch(const MethodCall& call) {
  const std::string header = call.request().if_match.value_or("");
  std::string_view list = header;
  const std::string_view etag = NextEtag(list);
  if (etag.empty() || etag == "*") return std::nullopt;
  return std::string(etag);
}

bool MatchesAny(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    const std::string_view named = NextEtag(header);
    if (named == etag || named == "*") return true;
  }
  return false;
}

}  // namespace bqcdc::emulator::handlers
