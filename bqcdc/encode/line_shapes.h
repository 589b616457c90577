#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "bqcdc/encode/line_shape.h"

namespace bqcdc::encode {

// The shapes that lines had last, of which inputs have few, often one for each change type; and whether the
// next line is likely to have one of them.
class LineShapes {
 public:
  // Keeps so many; 0 = no line is tried.
  explicit LineShapes(size_t shapes_max)
      : shapes_max_(shapes_max), left_out_(shapes_max == 0 ? std::numeric_limits<size_t>::max() : 0) {}

  // Whether the next line is worth a try. After one of another shape the next ones are not tried, each time
  // twice as many.
  bool TryNext() {
    if (left_out_ == 0) return true;
    --left_out_;
    return false;
  }
  // Of how many lines from the next one on it is known that they are not tried.
  size_t left_out() const { return left_out_; }
  // How the try went. One that went well does not mean that the next ones will.
  void Note(bool fitted) {
    run_ = fitted ? run_ / 2 : std::min(2 * run_ + 1, kRunMax);
    left_out_ = fitted ? 0 : run_;
  }

  // From the one that fitted last on.
  size_t count() const { return shapes_.size(); }
  const LineShape& shape(size_t place) const { return shapes_[(first_ + place) % shapes_.size()]; }
  void Fitted(size_t place) { first_ = (first_ + place) % shapes_.size(); }
  // Takes a new one to the front: together with one that it can be merged with, or in place of the one that
  // has fitted longest ago where there are as many as are kept.
  void Add(LineShape shape) {
    for (size_t place = 0; place < count(); ++place) {
      std::optional<LineShape> merged = LineShape::Merge(this->shape(place), shape);
      if (!merged.has_value()) continue;
      Fitted(place);
      shapes_[first_] = *std::move(merged);
      return;
    }
    if (shapes_.size() < shapes_max_) {
      first_ = shapes_.size();
      shapes_.push_back(std::move(shape));
    } else {
      first_ = (first_ + shapes_max_ - 1) % shapes_max_;
      shapes_[first_] = std::move(shape);
    }
  }

 private:
  static constexpr size_t kRunMax = 1023;

  const size_t shapes_max_;
  std::vector<LineShape> shapes_;
  size_t first_ = 0;
  size_t run_ = 0;   // of lines that were left out last, less where tries have gone well since
  size_t left_out_;  // next
};

}  // namespace bqcdc::encode
