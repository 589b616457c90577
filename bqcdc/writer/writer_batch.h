#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/write/row_batch.h"

namespace bqcdc {

// A batch of a library's rows: with the number of each row's Append, and whoever waits for a row's answer.
struct WriterBatch final : write::RowBatch {
  struct Waiting {
    std::size_t row = 0;
    std::promise<absl::Status> answer;
  };

  std::vector<std::uint64_t> appends;  // of each row
  std::vector<Waiting> waiting;        // by rising row
  std::uint64_t progress = 0;          // what the table's Progress calls this batch

  ~WriterBatch() override { AnswerAll(); }
  void Clear() override {
    AnswerAll();
    write::RowBatch::Clear();
    appends.clear();
  }

 private:
  // A promise that is given up would throw at the one who waits.
  void AnswerAll() {
    for (Waiting& one : waiting)
      one.answer.set_value(absl::UnknownError("the writer has ended before the answer came"));
    waiting.clear();
  }
};

}  // namespace bqcdc
