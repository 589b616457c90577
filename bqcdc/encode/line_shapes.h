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

  // In the order in which they have fitted, the last one first.
  size_t count() const { return shapes_.size(); }
  const LineShape& shape(size_t place) const { return shapes_[order_[place]]; }
  void Fitted(size_t place) {
    if (place != 0)
      std::rotate(order_.begin(), order_.begin() + static_cast<ptrdiff_t>(place),
                  order_.begin() + static_cast<ptrdiff_t>(place) + 1);
  }
  // Takes a new one to the front: together with one that it can be merged with, or in place of the one that
  // has fitted longest ago where there are as many as are kept.
  void Add(LineShape shape) {
    for (size_t place = 0; place < count(); ++place) {
      std::optional<LineShape> merged = LineShape::Merge(this->shape(place), shape);
      if (!merged.has_value()) continue;
      Fitted(place);
      shapes_[order_.front()] = *std::move(merged);
      return;
    }
    if (shapes_.size() < shapes_max_) {
      order_.push_back(shapes_.size());
      shapes_.push_back(std::move(shape));
    } else {
      shapes_[order_.back()] = std::move(shape);
    }
    Fitted(order_.size() - 1);
  }

 private:
  static constexpr size_t kRunMax = 1023;

  const size_t shapes_max_;
  std::vector<LineShape> shapes_;
  std::vector<size_t> order_;  // places in shapes_
  size_t run_ = 0;             // of lines that were left out last, less where tries have gone well since
  size_t left_out_;            // next
};

}  // namespace bqcdc::encode
