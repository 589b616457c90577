#pragma once

#include "bqcdc/base/clock.h"
#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/pipeline/stream.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::pipeline {

// Reads and encodes the whole input against `schema` and sends nothing: what would be set aside is counted
// and told. No dead letter file is written.
StreamOutcome DryRun(const rest::TableName& name, const schema::TableSchema& schema,
                     const StreamOptions& options, LineReader reader, const base::Clock& clock);

}  // namespace bqcdc::pipeline
