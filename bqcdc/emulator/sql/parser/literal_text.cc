#include "bqcdc/emulator/sql/parser/literal_text.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "bqcdc/base/strings.h"
#include "bqcdc/schema/reserved_keywords.h"
#include "bqcdc/values/utf8.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr uint32_t kCodePointMax = 0x10FFFF;

bool IsSurrogate(uint32_t code_point) { return code_point >= 0xD800 && code_point <= 0xDFFF; }

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// One escape sequence, read from behind its backslash.
class EscapeReader {
 public:
  EscapeReader(std::string_view body, size_t at, bool bytes, std::string& value)
      : body_(body), at_(at), bytes_(bytes), value_(value) {}

  // Offset behind the sequence.
  size_t at() const { return at_; }

  // An empty text, or what is wrong.
  std::string Read() {
    const char c = body_[at_];
    switch (c) {
      case 'a':
        return Single('\a');
      case 'b':
        return Single('\b');
      case 'f':
        return Single('\f');
      case 'n':
        return Single('\n');
      case 'r':
        return Single('\r');
      case 't':
        return Single('\t');
      case 'v':
        return Single('\v');
      case '\\':
      case '?':
      case '\'':
      case '"':
      case '`':
        return Single(c);
      case '0':
      case '1':
      case '2':
      case '3':
        return Number(at_, 3, 8, "Octal escape must be followed by 3 octal digits");
      case 'x':
      case 'X':
        return Number(at_ + 1, 2, 16, "Hex escape must be followed by 2 hex digits");
      case 'u':
      case 'U':
        return Unicode(c == 'u' ? 4 : 8);
      case '\r':
      case '\n':
        return "Illegal escaped newline";
      default:
        return base::StrCat("Illegal escape sequence: \\", Character());
    }
  }

 private:
  std::string Single(char c) {
    value_ += c;
    ++at_;
    return "";
  }

  // The whole UTF-8 sequence at the cursor, so that a message stays well-formed.
  std::string_view Character() const {
    size_t length = 1;
    while (at_ + length < body_.size() && (body_[at_ + length] & 0xC0) == 0x80) ++length;
    return body_.substr(at_, length);
  }

  bool ReadDigits(size_t from, size_t count, int base, uint32_t& number) const {
    if (from + count > body_.size()) return false;
    number = 0;
    for (size_t i = from; i < from + count; ++i) {
      const int digit = DigitValue(body_[i]);
      if (digit >= base) return false;
      number = number * base + digit;
    }
    return true;
  }

  std::string Number(size_t from, size_t count, int base, std::string_view rule) {
    uint32_t number = 0;
    if (!ReadDigits(from, count, base, number)) return base::StrCat("Illegal escape sequence: ", rule);
    if (bytes_) {
      value_ += static_cast<char>(number);
    } else {
      values::AppendUtf8(number, &value_);
    }
    at_ = from + count;
    return "";
  }

  std::string Unicode(size_t count) {
    const char letter = body_[at_];
    if (bytes_) {
      return base::StrCat("Illegal escape sequence: Unicode escape sequence \\", std::string(1, letter),
                          " cannot be used in bytes literals");
    }
    uint32_t number = 0;
    if (!ReadDigits(at_ + 1, count, 16, number)) {
      return base::StrCat("Illegal escape sequence: \\", std::string(1, letter), " must be followed by ",
                          count, " hex digits");
    }
    const std::string_view image = body_.substr(at_, count + 1);
    if (number > kCodePointMax) {
      return base::StrCat("Illegal escape sequence: Value of \\", image,
                          " exceeds Unicode limit (0x0010FFFF)");
    }
    if (IsSurrogate(number))
      return base::StrCat("Illegal escape sequence: Unicode value \\", image, " is invalid");
    values::AppendUtf8(number, &value_);
    at_ += count + 1;
    return "";
  }

  const std::string_view body_;
  size_t at_;
  const bool bytes_;
  std::string& value_;
};

// Appends `c`, escaped where a double-quoted or backquoted literal needs it.
void AppendEscaped(char c, char quote, bool bytes, std::string& out) {
  const auto code = static_cast<unsigned char>(c);
  if (c == quote || c == '\\') {
    base::StrAppend(&out, "\\", std::string(1, c));
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (code < 0x20 || code == 0x7F || (bytes && code >= 0x80)) {
    base::StrAppend(&out, "\\x", absl::Hex(code, absl::kZeroPad2));
  } else {
    out += c;
  }
}

std::string Quote(std::string_view prefix, char quote, bool bytes, std::string_view text) {
  std::string out(prefix);
  out += quote;
  for (const char c : text) AppendEscaped(c, quote, bytes, out);
  out += quote;
  return out;
}

}  // namespace

bool IsWellFormedUtf8(std::string_view text, int& fault_offset) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = values::Utf8SequenceLength(text.substr(i));
    if (length == 0) {
      fault_offset = static_cast<int>(i);
      return false;
    }
    i += length;
  }
  return true;
}

LiteralFault UnescapeLiteral(std::string_view body, bool raw, bool bytes, std::string& value) {
  value.clear();
  int fault_offset = 0;
  if (!bytes && !IsWellFormedUtf8(body, fault_offset))
    return {"Structurally invalid UTF8 string", fault_offset};
  value.reserve(body.size());
  for (size_t i = 0; i < body.size();) {
    const char c = body[i];
    if (c == '\r') {
      value += '\n';
      i += i + 1 < body.size() && body[i + 1] == '\n' ? 2 : 1;
    } else if (c != '\\') {
      value += c;
      ++i;
    } else if (raw) {
      // A backslash keeps a quote from ending the literal, and both characters stay.
      value += c;
      if (++i < body.size() && body[i] != '\r') value += body[i++];
    } else {
      EscapeReader escape(body, i + 1, bytes, value);
      if (i + 1 >= body.size()) return {"Illegal escape sequence: \\", static_cast<int>(i)};
      std::string message = escape.Read();
      if (!message.empty()) return {std::move(message), static_cast<int>(i)};
      i = escape.at();
    }
  }
  return {};
}

std::string QuoteString(std::string_view text) { return Quote("", '"', /*bytes=*/false, text); }

std::string QuoteBytes(std::string_view bytes) { return Quote("b", '"', /*bytes=*/true, bytes); }

std::string QuoteIdentifier(std::string_view text) {
  return schema::NeedsBackquotes(text) ? Quote("", '`', /*bytes=*/false, text) : std::string(text);
}

}  // namespace bqcdc::emulator::sql
