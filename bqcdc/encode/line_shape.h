#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/encode/byte_block.h"
#include "bqcdc/encode/encode_plan.h"

namespace bqcdc::encode {

// What stands in a line before one of its values, behind the value before: signs, white space and the key.
class LineLiteral {
 public:
  LineLiteral() = default;
  explicit LineLiteral(std::string_view text);

  size_t size() const { return size_; }
  friend bool operator==(const LineLiteral&, const LineLiteral&) = default;
  // Whether the text stands at `in`. ByteBlock::kSize bytes from there on are readable, and all before `end`.
  bool Matches(const char* in, const char* end) const {
    if ((ByteBlock(in).Equal(ByteBlock(first_.data())) & first_mask_) != first_mask_) return false;
    return size_ <= ByteBlock::kSize || MatchesRest(in, end);
  }

 private:
  bool MatchesRest(const char* in, const char* end) const;

  alignas(ByteBlock::kSize) std::array<char, ByteBlock::kSize> first_ = {};
  uint32_t first_mask_ = 0;  // the bytes that count
  size_t size_ = 0;
  std::string rest_;
};

// The lines of one input are written by one program: between the values of a line stand the same bytes as in
// the one before it. This is what stood in one line, with the columns that its keys named. A line of which
// this is known needs no search for tokens, and no look at its keys.
class LineShape {
 public:
  // What begins and ends between two values: STRUCT columns whose objects begin there, and null for each end
  // of one.
  using Bounds = std::vector<const ColumnPlan*>;

  struct Step {
    LineLiteral before;
    Bounds bounds;  // within `before`
    const ColumnPlan* column = nullptr;
    uint32_t index = 0;     // of the column in its message
    bool is_field = false;  // of a STRUCT
    // Whether a line without this column can have the shape, too: what stands before the next value follows
    // the value before this one then.
    bool can_be_absent = false;
  };

  // Describe a line that could be encoded, from its begin on. The shape holds pointers to the columns.
  void BeginStruct(const ColumnPlan& column) { bounds_.push_back(&column); }
  void EndStruct() { bounds_.push_back(nullptr); }
  void AddValue(std::string_view before, const ColumnPlan& column, size_t index, bool is_field);
  void End(std::string_view behind) { behind_ = LineLiteral(behind); }
  // A column of the row, one that holds a STRUCT included.
  void AddColumn(const MessagePlan& row, size_t index);

  // The shape of the lines of both: lines leave out columns that are NULL. Unset where their columns have
  // another order, or other bytes stand between them, or where it would not be small.
  static std::optional<LineShape> Merge(const LineShape& a, const LineShape& b);

  // Whether what stands between the values is short enough to be kept.
  bool is_small() const;

  const std::vector<Step>& steps() const { return steps_; }
  // What stands behind the last value, and ends there.
  const LineLiteral& behind() const { return behind_; }
  const Bounds& last_bounds() const { return bounds_; }
  // The set of its columns, as MessagePlan has them.
  const std::vector<uint64_t>& columns() const { return columns_; }

 private:
  bool HasColumn(size_t index) const { return (columns_[index / 64] >> (index % 64) & 1) != 0; }

  std::vector<Step> steps_;
  LineLiteral behind_;
  Bounds bounds_;  // since the last value
  std::vector<uint64_t> columns_;
};

}  // namespace bqcdc::encode
