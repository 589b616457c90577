#include "bqcdc/values/json_text.h"

#include <cstdint>

namespace bqcdc::values {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits without exponent that INT64 or FLOAT64 print like this; false where that is not plain to see. At
// most 15 significant digits are those of a FLOAT64 and no others.
bool IsCanonicalNumber(std::string_view number) {
  constexpr size_t kIntegerDigitsMax = 18, kFloatDigitsMax = 15, kZerosMax = 3;
  if (number == "-0") return false;
  if (number.starts_with('-')) number.remove_prefix(1);
  const size_t point = number.find('.');
  if (point == number.npos) return number.size() <= kIntegerDigitsMax;
  const std::string_view fraction = number.substr(point + 1);
  if (number.size() - 1 > kFloatDigitsMax) return false;
  if (fraction.ends_with('0')) return fraction == "0";
  return number[0] != '0' || fraction.find_first_not_of('0') <= kZerosMax;
}

bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Walks JSON by RFC 8259. Nesting is kept as one bit for each level (object or array) instead of on the call
// stack, so hostile depth costs nothing.
class JsonWalker {
 public:
  // `asks_form`: canonical() will be asked.
  JsonWalker(std::string_view text, int depth_max, bool asks_form = false)
      : at_(text.data()), end_(at_ + text.size()), depth_max_(depth_max), canonical_(asks_form) {}

  // The whole text is one value.
  bool WalkDocument() {
    if (!WalkValue()) return false;
    SkipSpace();
    return at_end();
  }
  // The value that the text begins with.
  bool WalkValue();
  bool WalkNumber();
  bool at_end() const { return at_ == end_; }
  // Where a walk has failed.
  const char* at() const { return at_; }
  bool too_deep() const { return too_deep_; }
  // Whether what was walked over is plainly in the canonical form.
  bool canonical() const { return canonical_; }

 private:
  static constexpr int kDepthBitsMax = 512;
  static_assert(kJsonDepthMax <= kDepthBitsMax);

  bool Open(bool object);
  bool InObject() const { return ((kinds_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64)) & 1) != 0; }
  // Closes levels and moves behind the comma to where the next value starts. Sets `done` after the outermost.
  bool FinishValue(bool* done);
  bool WalkMemberName();
  bool WalkScalar();
  bool WalkString();
  bool WalkEscape();
  bool WalkUnicodeEscape(uint32_t* unit);
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
      canonical_ = false;
    }
  }

  const char* at_;
  const char* const end_;
  const int depth_max_;
  int depth_ = 0;
  bool too_deep_ = false;
  uint64_t kinds_[kDepthBitsMax / 64] = {};
  bool canonical_;
  // By level, the last member's name as it is written; only those of objects that are open have a meaning.
  struct Name {
    const char* begin;
    size_t size;
  };
  Name names_[kDepthBitsMax];
};

bool JsonWalker::Open(bool object) {
  too_deep_ = depth_ >= depth_max_ || depth_ >= kDepthBitsMax;
  if (too_deep_) return false;
  const uint64_t bit = uint64_t{1} << (depth_ % 64);
  if (object) {
    kinds_[depth_ / 64] |= bit;
  } else {
    kinds_[depth_ / 64] &= ~bit;
  }
  names_[depth_] = {nullptr, 0};
  ++depth_;
  return true;
}

bool JsonWalker::FinishValue(bool* done) {
  for (;;) {
    if (depth_ == 0) {
      *done = true;
      return true;
    }
    SkipSpace();
    if (Take(',')) return !InObject() || WalkMemberName();
    if (!Take(InObject() ? '}' : ']')) return false;
    --depth_;
  }
}

bool JsonWalker::WalkMemberName() {
  SkipSpace();
  if (!Take('"')) return false;
  const char* const begin = at_;
  if (!WalkString()) return false;
  if (canonical_) {
    const std::string_view name(begin, static_cast<size_t>(at_ - 1 - begin));
    Name& last = names_[depth_ - 1];
    canonical_ = last.begin == nullptr || std::string_view(last.begin, last.size) < name;
    last = {name.data(), name.size()};
  }
  SkipSpace();
  return Take(':');
}

bool JsonWalker::WalkValue() {
  bool done = false;
  while (!done) {
    SkipSpace();
    if (Take('{')) {
      if (!Open(true)) return false;
      SkipSpace();
      if (!Take('}')) {
        if (!WalkMemberName()) return false;
        continue;
      }
      --depth_;
    } else if (Take('[')) {
      if (!Open(false)) return false;
      SkipSpace();
      if (!Take(']')) continue;
      --depth_;
    } else if (!WalkScalar()) {
      return false;
    }
    if (!FinishValue(&done)) return false;
  }
  return true;
}

bool JsonWalker::WalkScalar() {
  if (at_ == end_) return false;
  switch (*at_) {
    case '"':
      ++at_;
      return WalkString();
    case 't':
      return TakeWord("true");
    case 'f':
      return TakeWord("false");
    case 'n':
      return TakeWord("null");
    default:
      return WalkNumber();
  }
}

bool JsonWalker::WalkNumber() {
  const char* const begin = at_;
  Take('-');
  if (at_ == end_ || !IsDigit(*at_)) return false;
  if (!Take('0')) {
    while (at_ != end_ && IsDigit(*at_)) ++at_;
  }
  if (Take('.')) {
    if (at_ == end_ || !IsDigit(*at_)) return false;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
  }
  if (Take('e') || Take('E')) {
    canonical_ = false;
    if (!Take('-')) Take('+');
    if (at_ == end_ || !IsDigit(*at_)) return false;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
  }
  if (canonical_) canonical_ = IsCanonicalNumber({begin, static_cast<size_t>(at_ - begin)});
  return true;
}

bool JsonWalker::WalkString() {
  while (at_ != end_) {
    const char c = *at_;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    ++at_;
    if (c == '"') return true;
    if (c == '\\' && !WalkEscape()) return false;
  }
  return false;
}

bool JsonWalker::WalkEscape() {
  canonical_ = false;
  if (at_ == end_) return false;
  const char c = *at_++;
  if (c != 'u')
    return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't';
  uint32_t unit = 0;
  if (!WalkUnicodeEscape(&unit)) return false;
  if (unit >= 0xDC00 && unit <= 0xDFFF) return false;
  if (unit < 0xD800 || unit > 0xDBFF) return true;
  uint32_t low = 0;
  return Take('\\') && Take('u') && WalkUnicodeEscape(&low) && low >= 0xDC00 && low <= 0xDFFF;
}

bool JsonWalker::WalkUnicodeEscape(uint32_t* unit) {
  *unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_ == end_ || !IsHexDigit(*at_)) return false;
    const char c = *at_++;
    *unit = *unit * 16 + static_cast<uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return true;
}

}  // namespace

bool IsJson(std::string_view text, int depth_max) { return JsonWalker(text, depth_max).WalkDocument(); }

size_t JsonValueSize(std::string_view text) {
  if (text.find_first_not_of(" \t\n\r") != 0) return 0;  // Space before a value is none of it.
  JsonWalker walker(text, kJsonDepthMax);
  return walker.WalkValue() ? static_cast<size_t>(walker.at() - text.data()) : 0;
}

std::optional<size_t> FindJsonFault(std::string_view text) {
  JsonWalker walker(text, kJsonDepthMax);
  if (walker.WalkDocument() || walker.too_deep()) return std::nullopt;
  return static_cast<size_t>(walker.at() - text.data());
}

JsonForm FormOfJson(std::string_view text) {
  JsonWalker walker(text, kJsonDepthMax, true);
  if (!walker.WalkDocument()) return JsonForm::kNone;
  return walker.canonical() ? JsonForm::kCanonical : JsonForm::kOther;
}

bool IsJsonNumber(std::string_view text) {
  JsonWalker walker(text, 0);
  return walker.WalkNumber() && walker.at_end();
}

}  // namespace bqcdc::values
