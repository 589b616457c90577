#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace bqcdc::credentials {

struct ChildOutcome {
  std::string output;  // what it wrote to standard output
  std::string fault;   // what went wrong, "" where it ended with code 0 in time; never what it wrote
};

// Runs a program (looked up in PATH where it has no slash) with these variables beside our own, nothing on
// standard input, standard error thrown away. With its children it is killed when `timeout` is over or it
// writes more than `output_bytes_max`.
ChildOutcome RunChild(const std::vector<std::string>& command,
                      const std::map<std::string, std::string>& variables, absl::Duration timeout,
                      std::size_t output_bytes_max);

}  // namespace bqcdc::credentials
