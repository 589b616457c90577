#include "bqcdc/encode/line_shape_learner.h"

#include <utility>

#include "bqcdc/encode/usual_value.h"

namespace bqcdc::encode {
namespace {

// The search for tokens takes memory of some eight times the line, and keeps it.
constexpr size_t kLineBytesMax = 1024 * 1024;

// Whether the tree is read without a search for its tokens.
bool IsReadAtOnce(const ColumnPlan& column) {
  return column.repeated ? HasUsualValues(column) : column.encoder == ValueEncoder::kJson;
}

}  // namespace

std::optional<LineShape> LineShapeLearner::Learn(const EncodePlan& plan, const PaddedLine& line,
                                                 ChangeType change_type) {
  if (line.size() > kLineBytesMax) return std::nullopt;
  Lesson lesson{plan, change_type, {}, line.data()};
  if (tokens_.Scan(line) != EncodeError::kNone || !LearnObject(plan.row(), false, &lesson))
    return std::nullopt;
  // To search a whole line takes less time than to search many of its parts.
  if (lesson.tree_bytes > line.size() / 4) return std::nullopt;
  lesson.shape.End({lesson.at, static_cast<size_t>(line.data() + line.size() - lesson.at)});
  if (!lesson.shape.is_small()) return std::nullopt;
  return std::move(lesson.shape);
}

bool LineShapeLearner::LearnObject(const MessagePlan& message, bool is_struct, Lesson* lesson) {
  tokens_.Skip();
  char sign = tokens_.Peek();
  if (sign == '}') tokens_.Skip();
  while (sign != '}') {
    std::string_view name;
    if (keys_.Text(tokens_.Text(), &name) != EncodeError::kNone) return false;
    const int32_t found = message.Find(name);
    if (found == MessagePlan::kNotFound) return false;
    const auto index = static_cast<size_t>(found);
    const ColumnPlan& column = message.column(index);
    tokens_.Skip();
    tokens_.Skip();
    if (!is_struct) lesson->shape.AddColumn(message, index);

    const char kind = tokens_.Peek();
    const bool is_tree = kind == '{' || kind == '[';
    if (is_tree && lesson->change_type == ChangeType::kDelete) return false;
    if (kind == '{' && column.encoder == ValueEncoder::kStruct && !column.repeated) {
      lesson->shape.BeginStruct(column);
      if (!LearnObject(lesson->plan.message(column.message), true, lesson)) return false;
      lesson->shape.EndStruct();
    } else {
      std::string_view value;
      if (!tokens_.SkipValue(&value)) return false;
      if (is_tree && !IsReadAtOnce(column)) lesson->tree_bytes += value.size();
      const std::string_view before(lesson->at, static_cast<size_t>(value.data() - lesson->at));
      lesson->shape.AddValue(before, column, index, is_struct);
      lesson->at = value.data() + value.size();
    }
    sign = tokens_.Take();
    if (sign != ',' && sign != '}') return false;
  }
  return true;
}

}  // namespace bqcdc::encode
