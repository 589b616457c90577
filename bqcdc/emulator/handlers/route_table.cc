#include "bqcdc/emulator/handlers/route_table.h"

#include <cctype>

namespace bqcdc::emulator::handlers {
namespace {

// Takes the first segment off `path`, which must not be empty.
std::string_view NextSegment(std::string_view& path) {
  const size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

bool IsBinding(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

// Number of literal segments that agree, or -1 where the path is not of this shape. A binding's segment is
// not empty and may carry a custom verb only where the template does ("{resource}:getIamPolicy").
int MatchPath(std::string_view pattern, std::string_view path,
              std::map<std::string, std::string, std::less<>>* bound) {
  int literals = 0;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = NextSegment(pattern);
    std::string_view segment = NextSegment(path);
    if (!IsBinding(wanted)) {
      if (wanted != segment) return -1;
      ++literals;
      continue;
    }
    const size_t close = wanted.find('}');
    const std::string_view verb = wanted.substr(close + 1);
    if (!verb.empty()) {
      if (!segment.ends_with(verb)) return -1;
      segment.remove_suffix(verb.size());
      ++literals;
    }
    if (segment.empty()) return -1;
    if (bound != nullptr)
      bound->insert_or_assign(std::string(wanted.substr(1, close - 1)), PercentDecode(segment));
  }
  return pattern.empty() && path.empty() ? literals : -1;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<RouteMatch> RouteTable::Find(std::string_view http_method, std::string_view path) const {
  std::optional<RouteMatch> best;
  int best_literals = -1;
  for (const Route& route : routes_) {
    if (route.http_method != http_method) continue;
    RouteMatch match{&route, {}};
    const int literals = MatchPath(route.path, path, &match.path);
    if (literals <= best_literals) continue;
    best_literals = literals;
    best = std::move(match);
  }
  return best;
}

bool RouteTable::HasPath(std::string_view path) const {
  for (const Route& route : routes_) {
    if (MatchPath(route.path, path, nullptr) >= 0) return true;
  }
  return false;
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(text[i]);
  }
  return decoded;
}

}  // namespace bqcdc::emulator::handlers
