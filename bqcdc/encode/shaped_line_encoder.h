#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/json_scalar_encoder.h"
#include "bqcdc/encode/line_shape.h"
#include "bqcdc/encode/line_shape_learner.h"
#include "bqcdc/encode/line_shapes.h"
#include "bqcdc/encode/line_state.h"
#include "bqcdc/encode/padded_line.h"
#include "bqcdc/encode/row_finisher.h"
#include "bqcdc/encode/row_output.h"
#include "bqcdc/encode/usual_value.h"

namespace bqcdc::encode {

// The short way for whole lines: by the shape of the lines before (docs/adr/0009-line-shapes.md). It takes a
// line that is right, or none; what is wrong with a line the general way says. Not thread-safe.
class ShapedLineEncoder {
 public:
  // The open row, which both ways write.
  struct Row {
    LineState* line;
    RowFinisher* finisher;
    RowOutput* output;
    size_t bytes_max;  // as JsonRowEncoderOptions::row_bytes_max
  };
  // Encodes a value for which there is no short way at the output's cursor; false where it is none of the
  // column.
  using EncodeByTokens = std::function<bool(const ColumnPlan&, std::string_view value)>;

  ShapedLineEncoder(std::shared_ptr<const EncodePlan> plan, size_t shapes_max, Row row,
                    EncodeByTokens encode_by_tokens);

  // Of how many lines from the next one on it is known that they do not come this way.
  size_t lines_left_out() const { return shapes_.left_out(); }
  // Whether the next line is to be tried. To be asked once a line, and then Take() to be called if so.
  bool TriesNext() { return shapes_.TryNext(); }
  // Writes the columns of the row. False, with the row in any state, where the line has another shape or a
  // value that is none of its column.
  bool Take(const PaddedLine& line);
  // Takes note of the shape of a line that was not taken, but encoded.
  void Learn(const PaddedLine& line);

 private:
  // All take what they name at `in` and write to `out`.
  bool TakeAs(const LineShape& shape, const char* in);
  const LineShape::Step* SkipAbsent(const LineShape::Step* step, const LineShape::Step* steps_end,
                                    const char* in);
  TakenValue TakeOther(const LineShape::Step& step, const char* in, char* out);
  TakenValue TakeArray(const ColumnPlan& column, const char* in, char* out);
  TakenValue TakePseudoColumn(const ColumnPlan& column, const char* in, char* out);
  bool EncodeOther(const ColumnPlan& column, std::string_view value);
  char* WriteBounds(const LineShape::Bounds& bounds, const char* in, char* out);

  // Makes room for what the line can become from `in` on.
  void EnsureFrom(const char* in) {
    row_.output->Ensure(static_cast<size_t>(line_end_ - in) + columns_bytes_);
  }

  const std::shared_ptr<const EncodePlan> plan_;
  const Row row_;
  const EncodeByTokens encode_by_tokens_;
  const size_t columns_bytes_;  // that a row takes beside its texts, at most
  LineShapes shapes_;
  LineShapeLearner learner_;
  JsonScalarEncoder scalars_;

  // State of the current line.
  const char* line_end_ = nullptr;
  std::vector<size_t> open_structs_;  // where their messages begin
};

}  // namespace bqcdc::encode
