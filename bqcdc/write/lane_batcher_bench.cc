// Rows into batches, by one lane and by several: what spreading costs
// (docs/adr/0010-a-row-is-copied-into-its-lane.md). Arguments are the bytes of a row and the number of lanes.
// Batches are kept as long as 16 requests in flight keep them, so that the memory that rows go to is as cold
// as in a run.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "bqcdc/base/testing/allocation_count.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/row_fields.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/write/batch_pool.h"
#include "bqcdc/write/lane_batcher.h"

namespace bqcdc::write {
namespace {

constexpr std::size_t kRequestsInFlight = 16;
// Of a row of these benchmarks beside its text: key, change type and sequence number, each with its tag.
constexpr std::size_t kOtherBytes = 42;
constexpr std::size_t kRowBytesMax = 1024 * 1024;
constexpr std::size_t kKeys = 4096;

class Rows {
 public:
  explicit Rows(std::size_t row_bytes)
      : plan_(*encode::EncodePlan::Create({*schema::ParseInlineSchema("id:INT64,payload:STRING"), {"id"}})),
        fields_(plan_),
        payload_(row_bytes - kOtherBytes, 'x') {}

  void Encode(encode::EncodedRows* rows) {
    fields_.Begin(rows);
    fields_.SetInt64(0, 1'000'000 + static_cast<std::int64_t>(++row_ % kKeys));
    fields_.SetText(1, payload_);
    if (fields_.Finish(encode::ChangeType::kUpsert, {{0x18F2EBB6480, row_, 1, 0}}, false, kRowBytesMax) !=
        encode::EncodeError::kNone)
      std::abort();
  }

 private:
  std::shared_ptr<const encode::EncodePlan> plan_;
  encode::RowFields fields_;
  const std::string payload_;
  std::uint64_t row_ = 0;
};

class Batches {
 public:
  explicit Batches(int lanes) : batcher_(BatchLimits(), Events(lanes), base::SystemClock::Get()) {
    batcher_.FollowLanes().IgnoreError();
  }
  LaneBatcher& operator*() { return batcher_; }

 private:
  BatcherEvents Events(int lanes) {
    BatcherEvents events;
    events.acquire = [this] { return pool_->Acquire(); };
    events.on_batch = [this](std::shared_ptr<RowBatch> batch) {
      in_flight_.push_back(std::move(batch));
      if (in_flight_.size() > kRequestsInFlight) in_flight_.pop_front();
      return true;
    };
    events.lanes_wanted = [lanes] { return lanes; };
    return events;
  }

  std::shared_ptr<BatchPool> pool_ = BatchPool::Create([] { return std::make_unique<RowBatch>(); });
  std::deque<std::shared_ptr<RowBatch>> in_flight_;
  LaneBatcher batcher_;
};

// Takes rows until memory has grown, then measures, and counts what is allocated for a row.
template <typename TakeOne>
void Measure(benchmark::State& state, const TakeOne& take_one) {
  const auto warm_up =
      static_cast<std::int64_t>(2 * (kRequestsInFlight + 8) * BatchLimits().batch_bytes) / state.range(0);
  for (std::int64_t row = 0; row < warm_up; ++row) take_one();
  const std::size_t before = base::AllocationCount();
  for (auto _ : state) take_one();
  state.counters["allocations"] = benchmark::Counter(static_cast<double>(base::AllocationCount() - before),
                                                     benchmark::Counter::kAvgIterations);
  state.SetItemsProcessed(state.iterations());
}

void TakeLastRow(LaneBatcher& batcher) {
  bool tie = false;
  if (!batcher.TakeRow(false, &tie).ok() || !batcher.FlushIfFull().ok()) std::abort();
}

// Rows of a program, which are encoded into the batch of the lane before.
void ProgramRows(benchmark::State& state) {
  Rows rows(static_cast<std::size_t>(state.range(0)));
  Batches batches(static_cast<int>(state.range(1)));
  LaneBatcher& batcher = *batches;
  Measure(state, [&] {
    if (!batcher.Ensure().ok()) std::abort();
    rows.Encode(&batcher.current()->rows);
    TakeLastRow(batcher);
  });
}
BENCHMARK(ProgramRows)->ArgsProduct({{100, 1024}, {1, 4}});

// The same if the lane were known before the row is encoded: no way of finding it can be better.
void ProgramRowsOfKnownLanes(benchmark::State& state) {
  Rows rows(static_cast<std::size_t>(state.range(0)));
  Batches batches(static_cast<int>(state.range(1)));
  LaneBatcher& batcher = *batches;
  encode::EncodedRows known;
  for (std::size_t i = 0; i < kKeys; ++i) rows.Encode(&known);
  std::size_t row = 0;
  Measure(state, [&] {
    if (!batcher.EnsureFor(known.facts(row++ % kKeys)).ok()) std::abort();
    rows.Encode(&batcher.current()->rows);
    TakeLastRow(batcher);
  });
}
BENCHMARK(ProgramRowsOfKnownLanes)->ArgsProduct({{100, 1024}, {1, 4}});

// Rows of an input, which are encoded in blocks before their lane is looked at.
void BlockRows(benchmark::State& state) {
  Rows rows(static_cast<std::size_t>(state.range(0)));
  Batches batches(static_cast<int>(state.range(1)));
  LaneBatcher& batcher = *batches;
  encode::EncodedRows block;
  Measure(state, [&] {
    rows.Encode(&block);
    if (block.byte_count() < batcher.limits().batch_bytes) return;
    const absl::StatusOr<bool> whole = batcher.TakeRows(block, false, absl::Now());
    if (!whole.ok() || !batcher.FlushIfFull(*whole).ok()) std::abort();
    for (std::size_t row = 0; row < block.row_count(); ++row) {
      if (!batcher.EnsureFor(block.facts(row)).ok()) std::abort();
      batcher.current()->rows.Append(block.row(row), block.facts(row));
      TakeLastRow(batcher);
    }
    block.Clear();
  });
}
BENCHMARK(BlockRows)->ArgsProduct({{100, 1024}, {1, 4}});

}  // namespace
}  // namespace bqcdc::write
