#include "bqcdc/encode/shaped_line_encoder.h"

#include <cstring>
#include <optional>
#include <utility>

#include "absl/base/attributes.h"
#include "bqcdc/encode/mutant.h"
#include "bqcdc/values/json_text.h"
#include "bqcdc/values/utf8.h"

namespace bqcdc::encode {
namespace {

// With the fields of STRUCTs.
size_t CountColumns(const EncodePlan& plan) {
  size_t count = 0;
  for (size_t i = 0; i < plan.message_count(); ++i) count += plan.message(i).column_count();
  return count;
}

// Behind a sign and the white space that may follow it.
const char* AfterSign(const char* sign) { return sign + 1 + (sign[1] == ' ' ? 1 : 0); }

}  // namespace

ShapedLineEncoder::ShapedLineEncoder(std::shared_ptr<const EncodePlan> plan, size_t shapes_max, Row row,
                                     EncodeByTokens encode_by_tokens)
    : plan_(std::move(plan)),
      row_(row),
      encode_by_tokens_(std::move(encode_by_tokens)),
      columns_bytes_(CountColumns(*plan_) * usual_value::kBytesMax),
      shapes_(shapes_max) {}

bool ShapedLineEncoder::Take(const PaddedLine& line) {
  if (Mutated(Mutant::kHashOfSpelling)) return false;  // It wants the general way.
  line_end_ = line.data() + line.size();
  bool taken = false;
  for (size_t place = 0; place < shapes_.count() && !taken; ++place) {
    *row_.line = {};
    row_.output->Rewind(0);
    open_structs_.clear();
    taken = TakeAs(shapes_.shape(place), line.data());
    if (taken) shapes_.Fitted(place);
  }
  shapes_.Note(taken);
  return taken;
}

void ShapedLineEncoder::Learn(const PaddedLine& line) {
  std::optional<LineShape> shape = learner_.Learn(*plan_, line, row_.line->change_type);
  if (shape.has_value()) shapes_.Add(*std::move(shape));
}

// Nearly every line comes this way. It is read once, from left to right, by one function that keeps what it
// knows in registers.
bool ShapedLineEncoder::TakeAs(const LineShape& shape, const char* in) {
  const char* const end = line_end_;
  RowOutput& output = *row_.output;
  EnsureFrom(in);
  char* out = output.cursor();
  const char* row = output.At(0);
  row_.finisher->MarkPresent(shape.columns());
  const LineShape::Step* step = shape.steps().data();
  const LineShape::Step* const steps_end = step + shape.steps().size();
  for (; step != steps_end; ++step) {
    if (!step->before.Matches(in, end)) {
      step = SkipAbsent(step, steps_end, in);
      if (step == nullptr) return false;
      if (step == steps_end) break;
    }
    in += step->before.size();
    if (in >= end) return false;
    if (!step->bounds.empty()) {
      out = WriteBounds(step->bounds, in, out);
      row = output.At(0);
    }
    const ColumnPlan& column = *step->column;
    const auto begin = static_cast<size_t>(out - row);
    TakenValue taken;
    if (!column.repeated) taken = TakeUsualValue(column, in, end, out, Utf8::kIsToBeChecked);
    if (taken.in == nullptr) {
      taken = TakeOther(*step, in, out);
      if (taken.in == nullptr) return false;
      row = output.At(0);  // Memory may have moved.
    }
    in = taken.in;
    out = taken.out;
    if (column.key_position >= 0)
      row_.finisher->MarkKey(static_cast<size_t>(column.key_position), begin, static_cast<size_t>(out - row));
  }
  if (end - in != static_cast<ptrdiff_t>(shape.behind().size()) || !shape.behind().Matches(in, end))
    return false;
  output.set_cursor(shape.last_bounds().empty() ? out : WriteBounds(shape.last_bounds(), in, out));
  return true;
}

// The step for what stands at `in`; the end where nothing of the kind does, nullptr where a column is absent
// that may not be.
const LineShape::Step* ShapedLineEncoder::SkipAbsent(const LineShape::Step* step,
                                                     const LineShape::Step* steps_end, const char* in) {
  do {
    if (!step->can_be_absent) return nullptr;
    row_.finisher->MarkAbsent(step->index);
    ++step;
  } while (step != steps_end && !step->before.Matches(in, line_end_));
  return step;
}

// Begins and ends messages of STRUCT columns.
ABSL_ATTRIBUTE_NOINLINE char* ShapedLineEncoder::WriteBounds(const LineShape::Bounds& bounds, const char* in,
                                                             char* out) {
  RowOutput& output = *row_.output;
  output.set_cursor(out);
  for (const ColumnPlan* column : bounds) {
    if (column == nullptr) {
      output.EndLength(open_structs_.back());
      open_structs_.pop_back();
    } else {
      output.WriteTag(*column);
      open_structs_.push_back(output.BeginLength());
    }
    EnsureFrom(in);
  }
  return output.cursor();
}

// A pseudo-column, null, an array, or a value that TakeUsualValue refused.
ABSL_ATTRIBUTE_NOINLINE TakenValue ShapedLineEncoder::TakeOther(const LineShape::Step& step, const char* in,
                                                                char* out) {
  const ColumnPlan& column = *step.column;
  if (column.encoder >= ValueEncoder::kChangeType) return TakePseudoColumn(column, in, out);
  RowOutput& output = *row_.output;
  const auto begin = static_cast<size_t>(out - output.At(0));
  if (*in == '[' && column.repeated) {
    const TakenValue taken = TakeArray(column, in, out);
    if (taken.in != nullptr) return taken;
  }
  const std::string_view rest(in, static_cast<size_t>(line_end_ - in));
  const std::string_view value = rest.substr(0, values::JsonValueSize(rest));
  output.Rewind(begin);
  if (IsNullToken(value)) {
    if (step.is_field && column.required) return {};
    if (!step.is_field) row_.finisher->MarkAbsent(step.index);
  } else if (value.empty() || !values::IsUtf8(value) || !EncodeOther(column, value)) {
    return {};
  }
  const char* const end = value.data() + value.size();
  EnsureFrom(end);
  return {end, output.cursor()};
}

bool ShapedLineEncoder::EncodeOther(const ColumnPlan& column, std::string_view value) {
  const bool is_tree = value.front() == '{' || value.front() == '[';
  if (!is_tree && !column.repeated && column.encoder < ValueEncoder::kRange)
    return scalars_.Encode(column, value, row_.output) == EncodeError::kNone;
  if (is_tree && !column.repeated && column.encoder == ValueEncoder::kJson)
    return scalars_.EncodeVerbatim(column, value, row_.output) == EncodeError::kNone;
  return encode_by_tokens_(column, value);
}

// An array of values that TakeUsualValue takes.
TakenValue ShapedLineEncoder::TakeArray(const ColumnPlan& column, const char* in, char* out) {
  TakenValue taken = {AfterSign(in), out};
  bool ended = *taken.in == ']';
  while (!ended) {
    row_.output->set_cursor(taken.out);
    // What is too much the general way says.
    if (taken.in >= line_end_ || row_.output->position() > row_.bytes_max) return {};
    EnsureFrom(taken.in);
    taken = TakeUsualValue(column, taken.in, line_end_, row_.output->cursor(), Utf8::kIsToBeChecked);
    if (taken.in == nullptr || taken.in >= line_end_) return {};
    ended = *taken.in == ']';
    if (!ended) {
      if (*taken.in != ',') return {};
      taken.in = AfterSign(taken.in);
    }
  }
  return {taken.in + 1, taken.out};
}

TakenValue ShapedLineEncoder::TakePseudoColumn(const ColumnPlan& column, const char* in, char* out) {
  constexpr std::string_view kUsual = "\"UPSERT\"";
  if (column.encoder == ValueEncoder::kChangeType && std::memcmp(in, kUsual.data(), kUsual.size()) == 0) {
    row_.line->has_change_type = true;
    row_.line->change_type = ChangeType::kUpsert;
    return {in + kUsual.size(), out};
  }
  const char* const text = in + 1;
  // What is copied counts as not written.
  const char* const quote =
      *in == '"' ? usual_value::CopyPlainText(text, line_end_, out, Utf8::kIsToBeChecked) : nullptr;
  if (quote == nullptr || !row_.line->Take(column, {text, static_cast<size_t>(quote - text)})) return {};
  return {quote + 1, out};
}

}  // namespace bqcdc::encode
