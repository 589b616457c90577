#pragma once

#include <cstdint>
#include <string>

#include "bqcdc/emulator/catalog/entities.h"

// The expiration of partitions: a partition is kept for `expirationMs` from its beginning
// (https://cloud.google.com/bigquery/docs/managing-partitioned-tables#partition-expiration). Rows without a
// partition, those of NULL, stay.
namespace bqcdc::emulator::engine {

// A condition on rows of `table`, with "$ingest" where it is partitioned by ingestion time: those whose
// partition is kept at `now_us`. Empty: every row is.
std::string KeptRowsCondition(const catalog::Table& table, int64_t now_us);

}  // namespace bqcdc::emulator::engine
