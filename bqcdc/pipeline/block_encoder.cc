#include "bqcdc/pipeline/block_encoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/base/thread_class.h"
#include "bqcdc/values/sequence_number.h"

namespace bqcdc::pipeline {

using encode::EncodeError;

namespace {

// That are scanned together, at most.
constexpr std::size_t kLinesAhead = 32;
// Input after which an encoder lets others run, some 0.1 ms of work. A thread with an answer would wait for
// the kernel's next tick else, where cores are few, even if it is less nice (bench/README.md).
constexpr std::size_t kBytesBetweenYields = 64 * 1024;

}  // namespace

BlockEncoder::BlockEncoder(BlockEncoderOptions options) : options_(options) {
  for (int i = 1; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
}

BlockEncoder::~BlockEncoder() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void BlockEncoder::Submit(LineBlock* block) {
  absl::MutexLock lock(&mutex_);
  queue_.push_back(block);
  unfinished_.insert(block);
}

void BlockEncoder::Await(const LineBlock* block) {
  absl::MutexLock lock(&mutex_);
  const auto something_to_do = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return !queue_.empty() || !unfinished_.contains(block);
  };
  while (unfinished_.contains(block)) {
    mutex_.Await(absl::Condition(&something_to_do));
    if (queue_.empty() || !unfinished_.contains(block)) continue;
    LineBlock* next = queue_.front();
    queue_.pop_front();
    mutex_.Unlock();
    Encode(*next);
    mutex_.Lock();
    unfinished_.erase(next);
  }
}

void BlockEncoder::Work() {
  base::SetThreadClass(base::ThreadClass::kComputes);
  Encoder encoder;
  absl::MutexLock lock(&mutex_);
  const auto something_to_do = [&]()
                                   ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !queue_.empty() || closed_; };
  for (;;) {
    mutex_.Await(absl::Condition(&something_to_do));
    if (closed_) return;
    LineBlock* block = queue_.front();
    queue_.pop_front();
    mutex_.Unlock();
    EncodeWith(encoder, *block);
    mutex_.Lock();
    unfinished_.erase(block);
  }
}

std::size_t BlockEncoder::ScanAhead(Encoder& encoder, const std::vector<InputLine>& lines,
                                    std::size_t first) {
  const std::size_t wanted = std::min(encoder.rows->lines_to_scan(), kLinesAhead);
  encoder.ahead.clear();
  for (std::size_t i = first; i < lines.size() && encoder.ahead.size() < wanted && !lines[i].too_long; ++i)
    encoder.ahead.push_back(lines[i].padded());
  return encoder.rows->ScanAhead(encoder.ahead);
}

void BlockEncoder::EncodeWith(Encoder& encoder, LineBlock& block) const {
  if (encoder.binding != block.binding) {
    encoder.binding = block.binding;
    encoder.rows = std::make_unique<encode::JsonRowEncoder>(block.binding->plan, options_.rows);
  }
  encoder.rows->set_sequence_source(!block.mode.has_value()             ? encode::SequenceSource::kEither
                                    : *block.mode == SequenceMode::kOwn ? encode::SequenceSource::kOwn
                                                                        : encode::SequenceSource::kAssigned);
  block.ForgetRows();
  const absl::Time begun = absl::Now();
  std::size_t scanned = 0;  // lines before this one
  std::size_t bytes_since_yield = 0;
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const InputLine& line = block.lines[i];
    bytes_since_yield += line.text.size();
    if (bytes_since_yield >= kBytesBetweenYields) {
      encoder.yield.Yield();
      bytes_since_yield = 0;
    }
    if (line.too_long) {
      block.failures.push_back({i, EncodeError::kLineTooLong,
                                absl::StrCat("the line is longer than ", options_.rows.line_bytes_max,
                                             " bytes; only its beginning is kept")});
      continue;
    }
    if (i >= scanned && encoder.rows->lines_to_scan() > 1) scanned = i + ScanAhead(encoder, block.lines, i);
    const values::SequenceNumber assigned{{options_.epoch, line.number, 1, 0}};
    const EncodeError error = encoder.rows->EncodeLine(line.padded(), assigned, &block.rows);
    if (error != EncodeError::kNone) {
      const encode::EncodeFailure& failure = encoder.rows->failure();
      LineBlock::Failure& failed = block.failures.emplace_back();
      failed = {i, error, std::string(encode::DescribeEncodeError(failure).message()), failure.Path()};
      if (failure.DependsOnSchema()) failed.schema_reason = failure.ReasonHash();
    }
  }
  block.encoding = absl::Now() - begun;
}

}  // namespace bqcdc::pipeline
