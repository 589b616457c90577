// ROWS and RANGE frames:
// https://cloud.google.com/bigquery/docs/reference/standard-sql/window-function-calls#def_window_frame

#include <string>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {
namespace {

std::string_view NameOf(ResolvedBoundKind kind) {
  static constexpr std::string_view kNames[] = {"UNBOUNDED PRECEDING", "OFFSET PRECEDING", "CURRENT ROW",
                                                "OFFSET FOLLOWING", "UNBOUNDED FOLLOWING"};
  return kNames[static_cast<int>(kind)];
}

bool HasOffset(const FrameBound& bound) { return bound.offset != nullptr; }

// A RANGE counts peers, and distances between keys.
absl::Status CheckRangeOrder(const WindowFrame& frame, const ResolvedWindow& window) {
  const bool has_offset = HasOffset(frame.start) || (frame.end && HasOffset(*frame.end));
  if (window.order_by.empty()) {
    if (!frame.end) {
      return ErrorAt(
          frame.position,
          "A RANGE-based window without ORDER BY includes all rows in the window frame so only RANGE "
          "BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING syntax is supported");
    }
    if (frame.start.kind == FrameBoundKind::kUnboundedPreceding &&
        frame.end->kind == FrameBoundKind::kUnboundedFollowing) {
      return absl::OkStatus();
    }
    if (has_offset) {
      return ErrorAt(frame.position,
                     "A RANGE-based window including an OFFSET PRECEDING or OFFSET FOLLOWING window frame "
                     "boundary requires an ORDER BY");
    }
    return ErrorAt(
        frame.position,
        "A RANGE-based window without ORDER BY cannot include a CURRENT ROW window frame boundary since "
        "all rows are included in the window frame. Remove the RANGE clause or use RANGE BETWEEN "
        "UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING");
  }
  if (!has_offset) return absl::OkStatus();
  const ResolvedExpression& key = *window.order_by[0].expression;
  if (window.order_by.size() != 1) {
    return ErrorAt(
        key.position,
        "A RANGE-based window with OFFSET PRECEDING or OFFSET FOLLOWING boundaries must have exactly "
        "one ORDER BY key");
  }
  if (!key.type.is_numeric()) {
    return ErrorAt(key.position,
                   "ORDER BY key must be numeric in a RANGE-based window with OFFSET PRECEDING or OFFSET "
                   "FOLLOWING boundaries, but has type ",
                   key.type.ToString());
  }
  // DuckDB misses peers where a key and an offset make the key again (infinity, NaN, 1e300 + 1); BIGNUMERIC
  // is no number to it.
  if (key.type.is(TypeKind::kBigNumeric) || key.type.is(TypeKind::kFloat64)) {
    return Unsupported(frame.position, "RANGE with an offset over an ORDER BY of type ", key.type.ToString());
  }
  return absl::OkStatus();
}

// -1, 0 or 1.
int SignOf(const Value& value) {
  const auto sign = [](auto number) { return number > 0 ? 1 : number == 0 ? 0 : -1; };
  if (value.type.is(TypeKind::kInt64)) return sign(std::get<int64_t>(value.scalar));
  return sign(std::get<values::Numeric>(value.scalar).unscaled());
}

absl::Status CheckBounds(const WindowFrame& frame, const ResolvedWindow& window) {
  const ResolvedBoundKind start = window.start.kind, end = window.end.kind;
  const Position& end_position = frame.end ? frame.end->position : frame.start.position;
  if (start == ResolvedBoundKind::kUnboundedFollowing) {
    return ErrorAt(frame.start.position, "Starting window framing expression cannot be UNBOUNDED FOLLOWING");
  }
  if (start == ResolvedBoundKind::kFollowing && !frame.end) {
    return ErrorAt(frame.start.position, "Starting window framing expression cannot be ", NameOf(start),
                   " because the implicit ending window framing expression is ", NameOf(end));
  }
  if (start == ResolvedBoundKind::kCurrentRow && end == ResolvedBoundKind::kPreceding) {
    return ErrorAt(end_position, "Starting window framing expression cannot be ", NameOf(start),
                   " when the ending window framing expression is ", NameOf(end));
  }
  if (start == ResolvedBoundKind::kFollowing &&
      (end == ResolvedBoundKind::kPreceding || end == ResolvedBoundKind::kCurrentRow)) {
    return ErrorAt(end_position, "Ending window framing expression cannot be ", NameOf(end),
                   " when the starting window framing expression is ", NameOf(start));
  }
  if (end == ResolvedBoundKind::kUnboundedPreceding) {
    return ErrorAt(end_position, "Ending window framing expression cannot be UNBOUNDED PRECEDING");
  }
  return absl::OkStatus();
}

// An offset of 0 reaches the row's peers. DuckDB counts some of them only, so that it becomes CURRENT ROW; in
// a frame that is empty it stays, since CURRENT ROW cannot come before 1 PRECEDING.
void ReplaceZeros(ResolvedWindow& window) {
  const auto is = [](const ResolvedFrameBound& bound, bool zero) {
    return bound.offset && (SignOf(Resolved<ResolvedLiteral>(*bound.offset).value) == 0) == zero;
  };
  const bool is_empty =
      window.start.kind == window.end.kind &&
      (window.start.kind == ResolvedBoundKind::kPreceding ? is(window.start, true) && is(window.end, false)
                                                          : is(window.start, false) && is(window.end, true));
  if (is_empty) return;
  for (ResolvedFrameBound* bound : {&window.start, &window.end}) {
    if (is(*bound, true)) *bound = ResolvedFrameBound();
  }
}

}  // namespace

absl::Status Analyzer::AnalyzeFrame(const WindowFrame& frame, Context& context, ResolvedWindow& window) {
  window.has_frame = true;
  window.unit = frame.unit == FrameUnit::kRows ? ResolvedFrameUnit::kRows : ResolvedFrameUnit::kRange;
  const bool is_range = window.unit == ResolvedFrameUnit::kRange;
  if (is_range) BQCDC_RETURN_IF_ERROR(CheckRangeOrder(frame, window));
  const auto bound = [&](const FrameBound& from, ResolvedFrameBound& to) -> absl::Status {
    to.kind = static_cast<ResolvedBoundKind>(from.kind);
    if (!from.offset) return absl::OkStatus();
    BQCDC_ASSIGN_OR_RETURN(to.offset, Analyze(*from.offset, context));
    if (to.offset->kind != ResolvedKind::kLiteral) {
      return ErrorAt(from.position, "Window framing expression must be a literal or parameter");
    }
    const Type type = is_range ? window.order_by[0].expression->type : Type(TypeKind::kInt64);
    if (FindCoercion(ArgumentOf(*to.offset), type) == Coercion::kNone) {
      const std::string given = to.offset->type.ToString();
      if (!is_range) {
        return ErrorAt(from.offset->position,
                       "Window framing expression for ROWS can only be of integer type, but has type ",
                       given);
      }
      return ErrorAt(from.offset->position, "Window framing expression has type ", given,
                     " that cannot coerce to the type of the ORDER BY expression, which is ",
                     type.ToString());
    }
    BQCDC_ASSIGN_OR_RETURN(to.offset, Coerce(std::move(to.offset), type));
    const Value& value = Resolved<ResolvedLiteral>(*to.offset).value;
    if (value.is_null) return ErrorAt(from.position, "Window framing expression cannot be NULL");
    if (SignOf(value) < 0) {
      return ErrorAt(from.position, "Window framing expression cannot evaluate to a negative value");
    }
    return absl::OkStatus();
  };
  BQCDC_RETURN_IF_ERROR(bound(frame.start, window.start));
  if (frame.end) BQCDC_RETURN_IF_ERROR(bound(*frame.end, window.end));
  BQCDC_RETURN_IF_ERROR(CheckBounds(frame, window));
  if (is_range) ReplaceZeros(window);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
