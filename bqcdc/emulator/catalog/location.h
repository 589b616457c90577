#pragma once

#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::catalog {

inline constexpr char kDefaultLocation[] = "US";

// As the service writes a location however it was given: multi-regions in capitals, regions not
// (https://cloud.google.com/bigquery/docs/locations). Empty: the default.
inline std::string LocationNamed(std::string_view name) {
  if (name.empty()) return kDefaultLocation;
  std::string lower = absl::AsciiStrToLower(base::ToAbsl(name));
  return lower == "us" || lower == "eu" ? absl::AsciiStrToUpper(lower) : lower;
}

}  // namespace bqcdc::emulator::catalog
