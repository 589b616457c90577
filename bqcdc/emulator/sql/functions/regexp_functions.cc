// https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#regexp_contains; the service
// uses RE2 too.

#include <re2/re2.h>

#include <map>
#include <memory>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/own_function.h"

namespace bqcdc::emulator::sql {
namespace {

re2::StringPiece Piece(std::string_view text) { return re2::StringPiece(text.data(), text.size()); }

// Compiled expressions of this thread; mostly one pattern for all rows.
absl::StatusOr<const RE2*> Compile(std::string_view pattern) {
  constexpr size_t kCompiledMax = 64;
  thread_local std::map<std::string, std::unique_ptr<RE2>, std::less<>> compiled;
  const auto found = compiled.find(pattern);
  if (found != compiled.end()) return found->second.get();
  if (compiled.size() >= kCompiledMax) compiled.clear();
  RE2::Options options;
  options.set_log_errors(false);
  auto expression = std::make_unique<RE2>(Piece(pattern), options);
  if (!expression->ok())
    return base::InvalidArgument("Cannot parse regular expression: ", expression->error());
  const RE2* result = expression.get();
  compiled.emplace(std::string(pattern), std::move(expression));
  return result;
}

absl::Status TooManyGroups(const RE2& expression, const char* function) {
  if (expression.NumberOfCapturingGroups() <= 1) return absl::OkStatus();
  return base::InvalidArgument(
      "Regular expressions passed into extraction functions must not have more than 1 "
      "capturing group: ",
      function);
}

// The match number `occurrence` from byte `offset` on; the group where there is one. False: none.
bool FindMatch(const RE2& expression, std::string_view text, size_t offset, int64_t occurrence,
               re2::StringPiece groups[2]) {
  const int wanted = 1 + expression.NumberOfCapturingGroups();
  while (offset <= text.size()) {
    if (!expression.Match(Piece(text), offset, text.size(), RE2::UNANCHORED, groups, wanted)) return false;
    if (--occurrence == 0) return true;
    const size_t end = groups[0].data() + groups[0].size() - text.data();
    if (!groups[0].empty()) {
      offset = end;
    } else {
      if (end >= text.size()) return false;
      offset = end + Utf8Length(static_cast<unsigned char>(text[end]));
    }
  }
  return false;
}

absl::StatusOr<std::optional<std::string>> Extract(std::string_view text, std::string_view pattern,
                                                   int64_t position, int64_t occurrence) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile(pattern));
  BQCDC_RETURN_IF_ERROR(TooManyGroups(*expression, "REGEXP_EXTRACT"));
  if (position < 1)
    return base::InvalidArgument("Third argument (position) of REGEXP_EXTRACT must be positive");
  if (occurrence < 1)
    return base::InvalidArgument("Fourth argument (occurrence) of REGEXP_EXTRACT must be positive");
  if (position > CountCodePoints(text) + 1) return std::optional<std::string>();
  re2::StringPiece groups[2];
  if (!FindMatch(*expression, text, OffsetOfCodePoint(text, position - 1), occurrence, groups)) {
    return std::optional<std::string>();
  }
  const re2::StringPiece& found = groups[expression->NumberOfCapturingGroups()];
  if (found.data() == nullptr) return std::optional<std::string>();
  return std::optional<std::string>(std::string(found.data(), found.size()));
}

absl::StatusOr<std::vector<std::string>> ExtractAll(std::string_view text, std::string_view pattern) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile(pattern));
  BQCDC_RETURN_IF_ERROR(TooManyGroups(*expression, "REGEXP_EXTRACT_ALL"));
  std::vector<std::string> results;
  re2::StringPiece groups[2];
  for (size_t offset = 0; offset <= text.size() && FindMatch(*expression, text, offset, 1, groups);) {
    const re2::StringPiece& found = groups[expression->NumberOfCapturingGroups()];
    results.emplace_back(found.data() == nullptr ? "" : std::string(found.data(), found.size()));
    const size_t end = groups[0].data() + groups[0].size() - text.data();
    if (!groups[0].empty()) {
      offset = end;
    } else {
      if (end >= text.size()) break;
      offset = end + Utf8Length(static_cast<unsigned char>(text[end]));
    }
  }
  return results;
}

absl::StatusOr<int64_t> Position(std::string_view text, std::string_view pattern, int64_t position,
                                 int64_t occurrence, int64_t after) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile(pattern));
  BQCDC_RETURN_IF_ERROR(TooManyGroups(*expression, "REGEXP_INSTR"));
  if (position < 1 || occurrence < 1 || after < 0 || after > 1) {
    return base::InvalidArgument(
        "Position and occurrence of REGEXP_INSTR must be positive, occurrence_position 0 or 1");
  }
  if (position > CountCodePoints(text) || pattern.empty()) return 0;
  re2::StringPiece groups[2];
  if (!FindMatch(*expression, text, OffsetOfCodePoint(text, position - 1), occurrence, groups)) return 0;
  const re2::StringPiece& found = groups[expression->NumberOfCapturingGroups()];
  if (found.data() == nullptr) return 0;
  const size_t at = found.data() - text.data() + (after == 1 ? found.size() : 0);
  return CountCodePoints(text.substr(0, at)) + 1;
}

absl::StatusOr<std::string> ReplaceAll(std::string_view text, std::string_view pattern,
                                       std::string_view rewrite) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile(pattern));
  std::string error;
  if (!expression->CheckRewriteString(Piece(rewrite), &error)) {
    return base::InvalidArgument("Invalid REGEXP_REPLACE pattern: ", error);
  }
  std::string result(text);
  RE2::GlobalReplace(&result, *expression, Piece(rewrite));
  return result;
}

}  // namespace

void AddRegexpFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_regexp_contains", +[](std::string_view text, std::string_view pattern) -> absl::StatusOr<bool> {
        BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile(pattern));
        return RE2::PartialMatch(Piece(text), *expression);
      });
  AddFunction(f, "bq_regexp_extract", &Extract);
  AddFunction(f, "bq_regexp_extract_all", &ExtractAll);
  AddFunction(f, "bq_regexp_instr", &Position);
  AddFunction(f, "bq_regexp_replace", &ReplaceAll);
}

}  // namespace bqcdc::emulator::sql
