// https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#regexp_contains; the service
// uses RE2 too.

#include <re2/re2.h>

#include <map>
#include <memory>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/functions/regexp_replace.h"
#include "bqcdc/emulator/sql/functions/text_units.h"

namespace bqcdc::emulator::sql {
namespace {

re2::StringPiece Piece(std::string_view text) { return re2::StringPiece(text.data(), text.size()); }

template <typename Units>
constexpr RE2::Options::Encoding kEncoding = RE2::Options::EncodingUTF8;
template <>
constexpr RE2::Options::Encoding kEncoding<SingleBytes> = RE2::Options::EncodingLatin1;

// Compiled expressions of this thread; mostly one pattern for all rows.
template <typename Units>
absl::StatusOr<const RE2*> Compile(std::string_view pattern) {
  constexpr size_t kCompiledMax = 64;
  thread_local std::map<std::string, std::unique_ptr<RE2>, std::less<>> compiled;
  const auto found = compiled.find(pattern);
  if (found != compiled.end()) return found->second.get();
  if (compiled.size() >= kCompiledMax) compiled.clear();
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(kEncoding<Units>);
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

// The matches from byte `offset` on, one behind the other. Like the service's, a match that leaves nothing of
// the text behind it is the last: an empty one at the very end is found in an empty text only.
template <typename Units>
class Matches {
 public:
  Matches(const RE2& expression, std::string_view text, size_t offset)
      : expression_(expression), text_(text), offset_(offset) {}

  // The next match; of it the group where the expression has one, whose data() is null where it took no part.
  std::optional<re2::StringPiece> Next() {
    if (at_end_) return std::nullopt;
    const int wanted = 1 + expression_.NumberOfCapturingGroups();
    re2::StringPiece groups[2];
    if (!expression_.Match(Piece(text_), offset_, text_.size(), RE2::UNANCHORED, groups, wanted)) {
      return std::nullopt;
    }
    offset_ = groups[0].data() + groups[0].size() - text_.data();
    if (groups[0].empty() && offset_ < text_.size()) offset_ += Units::Length(text_[offset_]);
    at_end_ = offset_ >= text_.size();
    return groups[wanted - 1];
  }

  // The match number `occurrence`, counted from 1.
  std::optional<re2::StringPiece> At(int64_t occurrence) {
    std::optional<re2::StringPiece> found = Next();
    while (found && --occurrence > 0) found = Next();
    return found;
  }

 private:
  const RE2& expression_;
  const std::string_view text_;
  size_t offset_;
  bool at_end_ = false;
};

template <typename Units>
absl::StatusOr<std::optional<typename Units::Value>> Extract(typename Units::Argument argument,
                                                             typename Units::Argument pattern,
                                                             int64_t position, int64_t occurrence) {
  const std::string_view text = View(argument);
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile<Units>(View(pattern)));
  BQCDC_RETURN_IF_ERROR(TooManyGroups(*expression, "REGEXP_EXTRACT"));
  if (position < 1)
    return base::InvalidArgument("Third argument (position) of REGEXP_EXTRACT must be positive");
  if (occurrence < 1)
    return base::InvalidArgument("Fourth argument (occurrence) of REGEXP_EXTRACT must be positive");
  std::optional<typename Units::Value> result;
  if (position > 1 && position > Units::Count(text)) return result;
  const auto found = Matches<Units>(*expression, text, Units::OffsetOf(text, position - 1)).At(occurrence);
  if (found && found->data() != nullptr) result = {std::string(found->data(), found->size())};
  return result;
}

template <typename Units>
absl::StatusOr<std::vector<typename Units::Value>> ExtractAll(typename Units::Argument argument,
                                                              typename Units::Argument pattern) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile<Units>(View(pattern)));
  BQCDC_RETURN_IF_ERROR(TooManyGroups(*expression, "REGEXP_EXTRACT_ALL"));
  std::vector<typename Units::Value> results;
  Matches<Units> matches(*expression, View(argument), 0);
  while (const auto found = matches.Next()) {
    if (results.size() == kOutputElementsMax) return TooManyElements();
    results.push_back({found->data() == nullptr ? "" : std::string(found->data(), found->size())});
  }
  return results;
}

template <typename Units>
absl::StatusOr<int64_t> Position(typename Units::Argument argument, typename Units::Argument pattern,
                                 int64_t position, int64_t occurrence, int64_t after) {
  const std::string_view text = View(argument);
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile<Units>(View(pattern)));
  BQCDC_RETURN_IF_ERROR(TooManyGroups(*expression, "REGEXP_INSTR"));
  if (position < 1 || occurrence < 1 || after < 0 || after > 1) {
    return base::InvalidArgument(
        "Position and occurrence of REGEXP_INSTR must be positive, occurrence_position 0 or 1");
  }
  if (position > Units::Count(text) || View(pattern).empty()) return 0;
  const auto found = Matches<Units>(*expression, text, Units::OffsetOf(text, position - 1)).At(occurrence);
  if (!found || found->data() == nullptr) return 0;
  const size_t at = found->data() - text.data() + (after == 1 ? found->size() : 0);
  return Units::Count(text.substr(0, at)) + 1;
}

template <typename Units>
absl::StatusOr<typename Units::Value> ReplaceAll(typename Units::Argument argument,
                                                 typename Units::Argument pattern,
                                                 typename Units::Argument rewrite) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile<Units>(View(pattern)));
  std::string error;
  if (!expression->CheckRewriteString(Piece(View(rewrite)), &error)) {
    return base::InvalidArgument("Invalid REGEXP_REPLACE pattern: ", error);
  }
  return As<Units>(ReplaceMatches(*expression, View(argument), View(rewrite)));
}

template <typename Units>
absl::StatusOr<bool> Contains(typename Units::Argument text, typename Units::Argument pattern) {
  BQCDC_ASSIGN_OR_RETURN(const RE2* expression, Compile<Units>(View(pattern)));
  return RE2::PartialMatch(Piece(View(text)), *expression);
}

template <typename Units>
void AddAll(OwnFunctions& f, const std::string& suffix) {
  AddFunction(f, "bq_regexp_contains" + suffix, &Contains<Units>);
  AddFunction(f, "bq_regexp_extract" + suffix, &Extract<Units>);
  AddFunction(f, "bq_regexp_extract_all" + suffix, &ExtractAll<Units>);
  AddFunction(f, "bq_regexp_instr" + suffix, &Position<Units>);
  AddFunction(f, "bq_regexp_replace" + suffix, &ReplaceAll<Units>);
}

}  // namespace

void AddRegexpFunctions(OwnFunctions& f) {
  AddAll<CodePoints>(f, "");
  AddAll<SingleBytes>(f, "_bytes");
}

}  // namespace bqcdc::emulator::sql
