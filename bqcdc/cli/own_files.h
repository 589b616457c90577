#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace bqcdc::cli {

// A file that a run writes, by the flag that names it.
struct OwnFile {
  std::string flag;
  std::string path;  // empty = none
};

// A file that a run writes is none of its inputs ("-" = standard input), nor another one that it writes: else
// it would be read while it grows, or replaced. Names are compared by what they stand for (links, ./). The
// error is of wrong usage.
absl::Status CheckOwnFiles(const std::vector<OwnFile>& own, const std::vector<std::string>& inputs);

}  // namespace bqcdc::cli
