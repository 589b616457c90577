#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "bqcdc/encode/change_type.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/json_scalar_encoder.h"
#include "bqcdc/encode/json_tokens.h"
#include "bqcdc/encode/line_shape.h"
#include "bqcdc/encode/padded_line.h"

namespace bqcdc::encode {

// Finds the shape of a line that has been encoded. Not thread-safe (scratch memory).
class LineShapeLearner {
 public:
  // The shape points into `plan`. Unset where the line is read faster without, for much of it is trees that
  // are searched for tokens, or where it is very long; or where it holds what nobody has checked, as the
  // trees of a DELETE.
  std::optional<LineShape> Learn(const EncodePlan& plan, const PaddedLine& line, ChangeType change_type);

 private:
  // What is known so far.
  struct Lesson {
    const EncodePlan& plan;
    ChangeType change_type;
    LineShape shape;
    const char* at;         // where the last value ended
    size_t tree_bytes = 0;  // of trees that will be searched for tokens
  };

  // Takes the object at the cursor.
  bool LearnObject(const MessagePlan& message, bool is_struct, Lesson* lesson);

  JsonTokens tokens_;
  JsonScalarEncoder keys_;
};

}  // namespace bqcdc::encode
