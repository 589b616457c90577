#include "bqcdc/emulator/server/host_header.h"

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::server {
namespace {

// The header without its port: "localhost:9050" → "localhost", "[::1]:9050" → "[::1]".
std::string_view WithoutPort(std::string_view header) {
  if (!header.empty() && header.front() == '[') return header.substr(0, header.find(']') + 1);
  return header.substr(0, header.find(':'));
}

bool IsLoopback(std::string_view host) {
  if (host == "[::1]") return true;
  const absl::string_view name = base::ToAbsl(host);
  if (absl::EqualsIgnoreCase(name, "localhost") || absl::EndsWithIgnoreCase(name, ".localhost")) return true;
  // 127.0.0.0/8, written with four decimal parts.
  if (host.substr(0, 4) != "127.") return false;
  int dots = 0;
  for (char c : host) {
    if (c == '.') ++dots;
    if (c != '.' && (c < '0' || c > '9')) return false;
  }
  return dots == 3;
}

}  // namespace

bool IsLoopbackAddress(std::string_view host) { return host == "::1" || IsLoopback(host); }

bool IsHostAllowed(std::string_view header, const std::vector<std::string>& allowed) {
  const std::string_view host = WithoutPort(header);
  if (IsLoopback(host)) return true;
  for (const std::string& name : allowed) {
    if (absl::EqualsIgnoreCase(base::ToAbsl(host), name)) return true;
  }
  return false;
}

}  // namespace bqcdc::emulator::server
