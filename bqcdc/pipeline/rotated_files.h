#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace bqcdc::pipeline {

// Device and inode number: what stays of a file when it is renamed.
using FileNumber = std::pair<std::uint64_t, std::uint64_t>;

// The file that has this number, in the directory of `path`: where a log went when it was rotated.
std::optional<std::string> FindByNumber(const std::string& path, const FileNumber& number);

// Rotated generations of the log `path`, oldest first: names that are the log's with a dot or dash and a
// number or date behind it (app.log.1, app.log-20260131), written last at or after `since`, and of no number
// in `known`. Errors: FailedPrecondition for one that is compressed.
absl::StatusOr<std::vector<std::string>> RotatedSince(const std::string& path, absl::Time since,
                                                      const std::vector<FileNumber>& known);

}  // namespace bqcdc::pipeline
