#pragma once

#include <cstdint>

#include "tests/oracle/replay.h"

namespace bqcdc::oracle {

// BQCDC_HISTORIES where it is set: `otherwise` is the number that the suite plays.
int64_t HistoryCount(int64_t otherwise);

// Plays so many histories, from BQCDC_SEED on; prints how often the hard cases were met and fails where that
// is too rarely. The first history on which engine and oracle differ is shrunk and printed.
void PlayHistories(int64_t count, const ReplayOptions& options, const HistoryOptions& history_options);

}  // namespace bqcdc::oracle
