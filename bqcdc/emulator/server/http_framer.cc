#include "bqcdc/emulator/server/http_framer.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::server {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
// Of the target and of a header; the library behind has the same, and goes on after it.
constexpr size_t kLineBytesMax = 8 * 1024;
// A chunk's size line, or a line of the trailer.
constexpr size_t kChunkLineBytesMax = 1024;

std::string_view Trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The library ends a line at a LF alone, and would see headers that are not looked at here.
bool HasLineEndOrNul(std::string_view line) {
  return line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// The HTTP code of a request line that is none; 0 for a good one: "GET /path HTTP/1.1".
int FaultOfRequestLine(std::string_view line) {
  if (HasLineEndOrNul(line)) return 400;
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == 0 || last - first < 2) return 400;
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (target.find(' ') != std::string_view::npos || (version != "HTTP/1.1" && version != "HTTP/1.0"))
    return 400;
  return target.size() > kLineBytesMax ? 414 : 0;
}

bool IsName(std::string_view name, const char* expected) {
  return absl::EqualsIgnoreCase(base::ToAbsl(name), expected);
}

// Digits and nothing else: a sign or a space here has been used to smuggle requests.
bool ParseLength(std::string_view text, size_t* length) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  uint64_t value = 0;
  if (!absl::SimpleAtoi(base::ToAbsl(text), &value)) return false;
  *length = value;
  return true;
}

// Of a Host header's value (RFC 9110, 7.2): uri-host [ ":" port ], or nothing.
bool IsHostAndPort(std::string_view value) {
  const size_t address_end = value.substr(0, 1) == "[" ? value.find(']') : 0;
  if (address_end == std::string_view::npos) return false;
  const size_t colon = value.find(':', address_end);
  if (colon != std::string_view::npos &&
      value.find_first_not_of("0123456789", colon + 1) != std::string_view::npos)
    return false;
  return std::all_of(value.begin(), value.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
  });
}

bool ParseChunkSize(std::string_view line, size_t* size) {
  const std::string_view digits = Trim(line.substr(0, line.find(';')));
  if (digits.empty() || digits.size() > 15) return false;
  *size = 0;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    *size = *size * 16 + static_cast<size_t>(digit);
  }
  return true;
}

}  // namespace

HttpFramer::State HttpFramer::Fail(int http_code) {
  http_code_ = http_code;
  return state_ = State::kBad;
}

HttpFramer::State HttpFramer::Look(std::string_view bytes) {
  if (state_ == State::kHead) state_ = LookAtHead(bytes);
  if (state_ != State::kBody) return state_;
  if (chunked_) return state_ = LookAtChunks(bytes);
  if (bytes.size() - head_bytes_ < body_bytes_) return state_;
  position_ = head_bytes_ + body_bytes_;
  return state_ = State::kComplete;
}

HttpFramer::State HttpFramer::LookAtHead(std::string_view bytes) {
  const size_t from = position_ < kHeadEnd.size() ? 0 : position_ - (kHeadEnd.size() - 1);
  const size_t end = bytes.find(kHeadEnd, from);
  if (end == std::string_view::npos || end + kHeadEnd.size() > head_bytes_max_) {
    position_ = bytes.size();
    return end != std::string_view::npos || bytes.size() > head_bytes_max_ ? Fail(431) : State::kHead;
  }
  head_bytes_ = position_ = end + kHeadEnd.size();
  return ReadHeaders(bytes.substr(0, end));
}

HttpFramer::State HttpFramer::ReadHeaders(std::string_view head) {
  size_t line_end = head.find(kLineEnd);
  const std::string_view request_line = head.substr(0, line_end);
  if (const int fault = FaultOfRequestLine(request_line); fault != 0) return Fail(fault);
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + kLineEnd.size());
    line_end = head.find(kLineEnd);
    const std::string_view line = head.substr(0, line_end);
    if (line.size() > kLineBytesMax) return Fail(431);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || HasLineEndOrNul(line)) return Fail(400);
    const std::string_view name = line.substr(0, colon);
    // "Host : x", or a line that goes on with the one before: readers disagree on what they mean.
    if (name.find_first_of(" \t") != std::string_view::npos) return Fail(400);
    if (!ReadHeader(name, Trim(line.substr(colon + 1)))) return Fail(400);
  }
  if (!has_host_ && request_line.ends_with("HTTP/1.1")) return Fail(400);
  // Two lengths of one body are two readings of where the next request begins.
  if (chunked_ && has_length_) return Fail(400);
  if (body_bytes_ > body_bytes_max_) return State::kTooLarge;
  return chunked_ || body_bytes_ > 0 ? State::kBody : State::kComplete;
}

bool HttpFramer::ReadHeader(std::string_view name, std::string_view value) {
  if (IsName(name, "Host")) {
    if (has_host_ || !IsHostAndPort(value)) return false;
    has_host_ = true;
  } else if (IsName(name, "Content-Length")) {
    const size_t before = body_bytes_;
    if (!ParseLength(value, &body_bytes_) || (has_length_ && before != body_bytes_)) return false;
    has_length_ = true;
  } else if (IsName(name, "Transfer-Encoding")) {
    if (!IsName(value, "chunked")) return false;
    chunked_ = true;
  } else if (IsName(name, "Content-Encoding")) {
    compressed_ |= !IsName(value, "identity");
  } else if (IsName(name, "Expect")) {
    expects_continue_ |= IsName(value, "100-continue");
  }
  return true;
}

HttpFramer::State HttpFramer::LookAtChunks(std::string_view bytes) {
  for (;;) {
    if (chunk_left_ > 0) {
      const size_t taken = std::min(chunk_left_, bytes.size() - position_);
      position_ += taken;
      chunk_left_ -= taken;
      if (chunk_left_ > 0) return State::kBody;
    }
    const size_t end = bytes.find(kLineEnd, position_);
    if (end == std::string_view::npos) {
      return bytes.size() - position_ > kChunkLineBytesMax ? Fail(400) : State::kBody;
    }
    const std::string_view line = bytes.substr(position_, end - position_);
    if (line.size() > kChunkLineBytesMax) return Fail(400);
    position_ = end + kLineEnd.size();
    if (in_trailer_) {
      if (line.empty()) return State::kComplete;
      if (position_ - head_bytes_ - chunks_bytes_ > head_bytes_max_) return Fail(431);
      continue;
    }
    size_t size = 0;
    if (!ParseChunkSize(line, &size)) return Fail(400);
    if (size > body_bytes_max_ || position_ - head_bytes_ + size > 2 * body_bytes_max_) return Fail(413);
    in_trailer_ = size == 0;
    if (in_trailer_) {
      chunks_bytes_ = position_ - head_bytes_;
    } else {
      chunk_left_ = size + kLineEnd.size();
    }
  }
}

}  // namespace bqcdc::emulator::server
