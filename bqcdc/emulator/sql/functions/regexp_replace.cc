#include "bqcdc/emulator/sql/functions/regexp_replace.h"

#include <algorithm>
#include <optional>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"

namespace bqcdc::emulator::sql {
namespace {

// A rewrite names groups by one digit.
constexpr int kGroupsMax = 10;

re2::StringPiece Piece(std::string_view text) { return re2::StringPiece(text.data(), text.size()); }
std::string_view View(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

// Appends `rewrite` with \0 to \9 replaced by `groups`.
absl::Status AppendRewritten(std::string_view rewrite, const re2::StringPiece* groups, OutputText& out) {
  for (size_t escape = rewrite.find('\\'); escape != std::string_view::npos; escape = rewrite.find('\\')) {
    BQCDC_RETURN_IF_ERROR(out.Append(rewrite.substr(0, escape)));
    const char escaped = rewrite[escape + 1];
    BQCDC_RETURN_IF_ERROR(out.Append(escaped == '\\' ? "\\" : View(groups[escaped - '0'])));
    rewrite.remove_prefix(escape + 2);
  }
  return out.Append(rewrite);
}

size_t CharacterLength(const RE2& expression, char lead) {
  const bool utf8 = expression.options().encoding() == RE2::Options::EncodingUTF8;
  return utf8 ? Utf8Length(static_cast<unsigned char>(lead)) : 1;
}

}  // namespace

absl::StatusOr<std::string> ReplaceMatches(const RE2& expression, std::string_view text,
                                           std::string_view rewrite) {
  OutputText out("REGEXP_REPLACE");
  re2::StringPiece groups[kGroupsMax];
  const int wanted = 1 + RE2::MaxSubmatch(Piece(rewrite));
  size_t at = 0;
  std::optional<size_t> last_end;
  while (at <= text.size() &&
         expression.Match(Piece(text), at, text.size(), RE2::UNANCHORED, groups, wanted)) {
    const size_t begin = groups[0].data() - text.data();
    BQCDC_RETURN_IF_ERROR(out.Append(text.substr(at, begin - at)));
    if (groups[0].empty() && begin == last_end) {
      // An empty match directly behind the last one does not count.
      const std::string_view skipped =
          begin < text.size() ? text.substr(begin, CharacterLength(expression, text[begin])) : "";
      BQCDC_RETURN_IF_ERROR(out.Append(skipped));
      at = begin + std::max<size_t>(skipped.size(), 1);
      continue;
    }
    BQCDC_RETURN_IF_ERROR(AppendRewritten(rewrite, groups, out));
    at = begin + groups[0].size();
    last_end = at;
  }
  if (at < text.size()) BQCDC_RETURN_IF_ERROR(out.Append(text.substr(at)));
  return std::move(out).Take();
}

}  // namespace bqcdc::emulator::sql
