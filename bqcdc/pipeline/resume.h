#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/pipeline/line_reader.h"

namespace bqcdc::pipeline {

// Sets `options` so that reading goes on where the checkpoint says, after making sure that the files at
// `paths` are the ones that it was written for. A file is the same where its beginning and what is before the
// position are the same bytes. Errors: FailedPrecondition where it is another, was truncated, or cannot be
// found again; with what to do.
absl::Status GoOnFrom(const checkpoint::Checkpoint& checkpoint, const std::vector<std::string>& paths,
                      LineReaderOptions& options);

}  // namespace bqcdc::pipeline
