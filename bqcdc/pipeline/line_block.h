#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bqcdc/encode/encode_error.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/pipeline/change_batch.h"
#include "bqcdc/pipeline/line_reader.h"
#include "bqcdc/pipeline/table_binding.h"
#include "bqcdc/pipeline/table_claim.h"

namespace bqcdc::pipeline {

// Lines that stand one behind the other in the input, and the rows that they became. Filled by whoever reads,
// encoded by one thread, then taken by whoever fills batches: never in two hands at a time.
struct LineBlock {
  // A line that became no row.
  struct Failure {
    std::size_t line = 0;  // index in `lines`
    encode::EncodeError error = encode::EncodeError::kNone;
    std::string message;
    std::string column = {};  // EncodeFailure::Path()
    // EncodeFailure::ReasonHash() where another schema of the table could take the line.
    std::optional<std::uint64_t> schema_reason = std::nullopt;
  };
  // The lines from `first_line` on, up to the next chunk's, are views into it.
  struct Chunk {
    std::size_t first_line = 0;
    std::shared_ptr<const LineChunk> bytes;
  };

  std::vector<InputLine> lines;
  std::vector<Chunk> chunks;
  std::size_t input_bytes = 0;              // of the lines
  absl::Time begun = absl::InfinitePast();  // when the first line was read
  absl::Time read = absl::InfinitePast();   // when all of them had been
  std::size_t chunk_bytes = 0;              // memory of the chunks that begin with one of them
  bool full = false;                        // as many lines as make a batch

  // What the lines are encoded for.
  std::shared_ptr<const TableBinding> binding;
  std::optional<SequenceMode> mode;  // nullopt = the first row shows it

  // What they became, in the order of the lines: each is a row or a failure.
  encode::EncodedRows rows;
  std::vector<Failure> failures;
  absl::Duration encoding;  // how long that took, waits for a turn on the machine included

  // The lines from `first_line` on were added, and are of this chunk.
  void NoteLines(std::size_t first_line, const std::shared_ptr<const LineChunk>& chunk) {
    const char* const begin = lines[first_line].text.data();
    if (chunks.empty() || chunks.back().bytes != chunk) {
      chunks.push_back({first_line, chunk});
      // Else it is the block's before, too.
      if (begin == chunk->bytes.get()) chunk_bytes += chunk->capacity;
    }
    for (std::size_t i = first_line; i < lines.size(); ++i) input_bytes += lines[i].text.size();
  }
  // Memory of the lines, about, and of the rows that they become.
  std::size_t held_bytes() const { return chunk_bytes + input_bytes; }
  // Memory that Clear() keeps.
  std::size_t kept_bytes() const { return rows.kept_bytes() + lines.capacity() * sizeof(InputLine); }
  // Forgets everything, keeps the memory.
  void Clear() {
    lines.clear();
    chunks.clear();
    input_bytes = chunk_bytes = 0;
    full = false;
    ForgetRows();
  }
  // Forgets the lines before `line`, and all rows.
  void DropLinesBefore(std::size_t line) {
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(line));
    for (Chunk& chunk : chunks) chunk.first_line -= std::min(chunk.first_line, line);
    ForgetRows();
  }
  // Forgets the lines that became no row.
  void DropFailedLines() {
    if (failures.empty()) return;
    auto failure = failures.begin();
    std::size_t kept = failure->line;
    for (std::size_t line = kept; line < lines.size(); ++line) {
      if (failure != failures.end() && failure->line == line) {
        ++failure;
      } else {
        lines[kept++] = lines[line];
      }
    }
    lines.resize(kept);
    failures.clear();
  }
  void ForgetRows() {
    rows.Clear();
    failures.clear();
  }
};

}  // namespace bqcdc::pipeline
