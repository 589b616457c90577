#pragma once

#include <cstdint>

namespace bqcdc::emulator::engine {

// Pending rows of all tables beyond which everything is applied out of turn: about 0.3 kB of memory each.
inline constexpr int64_t kPendingRowsMax = 2'000'000;
// Beyond this, appends wait for the applier.
inline constexpr int64_t kPendingRowsHardMax = 2 * kPendingRowsMax;
// Write-ahead log of the baseline beyond which it is checkpointed after an apply.
inline constexpr int64_t kBaselineLogBytesMax = int64_t{128} * 1024 * 1024;
// Rows that one INSERT … SELECT may add; they are held in memory until they are stored.
inline constexpr int64_t kInsertRowsMax = 10'000'000;
// Created write streams of all tables that live at the same time.
inline constexpr int64_t kWriteStreamsMax = 100'000;
// Rows that one commit or flush of write streams may bring into a table: their keys are held in memory.
inline constexpr int64_t kReleaseRowsMax = 10'000'000;
// Connections kept for the next query; more are opened when more queries run at once.
inline constexpr int64_t kIdleConnectionsMax = 8;
// How often a table with pending rows but without max_staleness is compacted.
inline constexpr int64_t kCompactionIntervalUs = 30'000'000;
// Applies of one table are never closer.
inline constexpr int64_t kApplyIntervalMinUs = 1'000'000;

}  // namespace bqcdc::emulator::engine
