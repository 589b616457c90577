#include "bqcdc/values/json_document.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "bqcdc/values/json_text.h"
#include "bqcdc/values/utf8.h"

namespace bqcdc::values {
namespace {

// Reads a text that values::IsJson has accepted, so that nothing can be missing.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  JsonNode Value() {
    SkipSpace();
    JsonNode node;
    const char c = text_[at_];
    if (c == '{') {
      node.kind = JsonNode::Kind::kObject;
      ++at_;
      for (SkipSpace(); text_[at_] != '}'; SkipSpace()) {
        if (text_[at_] == ',') ++at_;
        SkipSpace();
        std::string name = String();
        SkipSpace();
        ++at_;  // the colon
        node.members.push_back({std::move(name), Value()});
      }
      ++at_;
    } else if (c == '[') {
      node.kind = JsonNode::Kind::kArray;
      ++at_;
      for (SkipSpace(); text_[at_] != ']'; SkipSpace()) {
        if (text_[at_] == ',') ++at_;
        node.elements.push_back(Value());
      }
      ++at_;
    } else if (c == '"') {
      node.kind = JsonNode::Kind::kString;
      node.text = String();
    } else {
      const size_t begin = at_;
      while (at_ < text_.size() && std::string_view(" \t\n\r,]}").find(text_[at_]) == std::string_view::npos)
        ++at_;
      node.text = std::string(text_.substr(begin, at_ - begin));
      node.kind = node.text == "null"    ? JsonNode::Kind::kNull
                  : c == 't' || c == 'f' ? JsonNode::Kind::kBool
                                         : JsonNode::Kind::kNumber;
    }
    return node;
  }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }

  char32_t Hex4() {
    const char32_t value =
        static_cast<char32_t>(std::strtoul(std::string(text_.substr(at_, 4)).c_str(), nullptr, 16));
    at_ += 4;
    return value;
  }

  std::string String() {
    std::string out;
    for (++at_; text_[at_] != '"';) {
      if (text_[at_] != '\\') {
        out += text_[at_++];
        continue;
      }
      const char escape = text_[at_ + 1];
      at_ += 2;
      switch (escape) {
        case 'b':
          out += '\b';
          break;
        case 'f':
          out += '\f';
          break;
        case 'n':
          out += '\n';
          break;
        case 'r':
          out += '\r';
          break;
        case 't':
          out += '\t';
          break;
        case 'u': {
          char32_t c = Hex4();
          if (c >= 0xD800 && c < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            at_ += 2;
            c = 0x10000 + ((c - 0xD800) << 10) + (Hex4() - 0xDC00);
          }
          AppendUtf8(c, &out);
          break;
        }
        default:
          out += escape;
      }
    }
    ++at_;
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Significant digits and exponent, so that two spellings of one number compare equal.
std::pair<std::string, int64_t> Significant(std::string_view number) {
  std::string digits;
  int64_t exponent = 0;
  bool fraction = false;
  for (size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '.') {
      fraction = true;
    } else if (c == 'e' || c == 'E') {
      exponent += std::atoll(std::string(number.substr(i + 1)).c_str());
      break;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      if (fraction) --exponent;
    }
  }
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return {digits, digits.empty() ? 0 : exponent};
}

// Makes `text` the canonical form of the number that it is.
ValueError CanonicalizeNumber(WideNumbers wide, std::string& text) {
  if (text.find_first_of(".eE") == std::string::npos) {
    uint64_t magnitude = 0;
    const char* begin = text.c_str() + (text[0] == '-' ? 1 : 0);
    const auto [end, error] = std::from_chars(begin, text.c_str() + text.size(), magnitude);
    if (error == std::errc() && (text[0] != '-' || magnitude <= 1ULL << 63)) {
      if (text == "-0") text = "0";
      return ValueError::kNone;
    }
  }
  const double value = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(value)) return ValueError::kOutOfRange;
  // The service's form: fixed from 1e-4 to below 1e15, with a point, so that it stays a FLOAT64.
  const double magnitude = std::fabs(value);
  const bool fixed = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e15);
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value,
                                          fixed ? std::chars_format::fixed : std::chars_format::scientific);
  if (error != std::errc()) return ValueError::kOutOfRange;
  std::string written(digits, end);
  if (wide == WideNumbers::kRefuse && Significant(written) != Significant(text)) {
    return ValueError::kTooPrecise;
  }
  if (fixed && written.find('.') == std::string::npos) written += ".0";
  text = std::move(written);
  return ValueError::kNone;
}

// `refused` is set to the digits of a number that cannot be kept.
ValueError Canonicalize(JsonNode& node, WideNumbers wide, std::string* refused) {
  if (node.kind == JsonNode::Kind::kNumber) {
    const ValueError error = CanonicalizeNumber(wide, node.text);
    if (error != ValueError::kNone) *refused = node.text;
    return error;
  }
  ValueError error = ValueError::kNone;
  for (JsonNode& element : node.elements) {
    if (error == ValueError::kNone) error = Canonicalize(element, wide, refused);
  }
  for (auto& [name, member] : node.members) {
    if (error == ValueError::kNone) error = Canonicalize(member, wide, refused);
  }
  std::stable_sort(node.members.begin(), node.members.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  node.members.erase(std::unique(node.members.begin(), node.members.end(),
                                 [](const auto& a, const auto& b) { return a.name == b.name; }),
                     node.members.end());
  return error;
}

void Write(const JsonNode& node, std::string& out) {
  switch (node.kind) {
    case JsonNode::Kind::kNull:
      out += "null";
      return;
    case JsonNode::Kind::kBool:
    case JsonNode::Kind::kNumber:
      out += node.text;
      return;
    case JsonNode::Kind::kString:
      out += JsonString(node.text);
      return;
    case JsonNode::Kind::kArray:
      out += '[';
      for (size_t i = 0; i < node.elements.size(); ++i) {
        if (i > 0) out += ',';
        Write(node.elements[i], out);
      }
      out += ']';
      return;
    case JsonNode::Kind::kObject:
      out += '{';
      for (size_t i = 0; i < node.members.size(); ++i) {
        if (i > 0) out += ',';
        out += JsonString(node.members[i].name);
        out += ':';
        Write(node.members[i].value, out);
      }
      out += '}';
  }
}

}  // namespace

std::optional<JsonNode> ParseJsonText(std::string_view text) {
  if (!values::IsJson(text)) return std::nullopt;
  return Reader(text).Value();
}

std::string WriteJson(const JsonNode& node) {
  std::string out;
  Write(node, out);
  return out;
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escaped[8];
          std::snprintf(escaped, sizeof(escaped), "\\u%04x", c);
          out += escaped;
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

ValueError CanonicalJson(std::string_view text, WideNumbers wide, std::string* storage,
                         std::string_view* canonical) {
  *canonical = text;
  const JsonForm form = FormOfJson(text);
  if (form == JsonForm::kNone) return ValueError::kMalformed;
  if (form == JsonForm::kCanonical) return ValueError::kNone;
  JsonNode node = Reader(text).Value();
  const ValueError error = Canonicalize(node, wide, storage);
  if (error == ValueError::kNone) *storage = WriteJson(node);
  *canonical = *storage;
  return error;
}

}  // namespace bqcdc::values
