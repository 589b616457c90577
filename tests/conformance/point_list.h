#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/conformance/case_file.h"

// The points that the service's documentation leaves open, as text:
//
//   point NAME
//     open WHAT           what no public source settles
//     here WHAT           what the local server does
//     not_probed WHY      why no case asks for it
//
// A case of it says `unconfirmed NAME`. `#` begins a comment line.
namespace bqcdc::conformance {

struct Point {
  std::string name;
  std::string open;
  std::string here;
  std::string not_probed;
};

// Errors name the line.
absl::StatusOr<std::vector<Point>> ParsePoints(std::string_view text, std::string_view file);
// Errors: NotFound; of ParsePoints.
absl::StatusOr<std::vector<Point>> LoadPoints(const std::string& path);

// Every point is accounted for: it has a case that can run, or else the reason why it has none; and every
// case is one of a point in the list. Errors: FailedPrecondition that names all that is not.
absl::Status CheckPoints(const std::vector<Point>& points, const std::vector<Case>& cases);

}  // namespace bqcdc::conformance
