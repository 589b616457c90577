#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bqcdc::emulator::server {

// Where a request ends (RFC 9112): found as its bytes arrive, so that a request is handed on whole and a slow
// client holds no thread. Knows the headers that matter to it and nothing else of HTTP.
class HttpFramer {
 public:
  enum class State {
    kHead,      // the head is not complete
    kBody,      // the body is not
    kComplete,  // size() bytes are the request
    kTooLarge,  // the head, of size() bytes, announces a body beyond the limit
    kBad,       // http_code() says why
  };

  HttpFramer(size_t head_bytes_max, size_t body_bytes_max)
      : head_bytes_max_(head_bytes_max), body_bytes_max_(body_bytes_max) {}

  // Looks at what there is from the request's first byte on; each call's bytes begin with those of the call
  // before.
  State Look(std::string_view bytes);

  size_t size() const { return position_; }
  int http_code() const { return http_code_; }
  size_t head_bytes() const { return head_bytes_; }
  // The body's bytes, 0 while unknown or for one in chunks.
  size_t body_bytes() const { return body_bytes_; }
  // The body is compressed: it may be many times as large as it looks.
  bool compressed() const { return compressed_; }
  // The client waits for `100 Continue` before it sends the body.
  bool expects_continue() const { return expects_continue_; }

 private:
  State LookAtHead(std::string_view bytes);
  State LookAtChunks(std::string_view bytes);
  State ReadHeaders(std::string_view head);
  bool ReadHeader(std::string_view name, std::string_view value);
  State Fail(int http_code);

  const size_t head_bytes_max_, body_bytes_max_;
  State state_ = State::kHead;
  size_t position_ = 0;  // up to here everything is understood
  size_t head_bytes_ = 0;
  size_t body_bytes_ = 0;
  bool has_host_ = false;
  bool has_length_ = false;
  bool chunked_ = false;
  bool compressed_ = false;
  bool expects_continue_ = false;
  int http_code_ = 0;
  // Of a body in chunks.
  bool in_trailer_ = false;
  size_t chunk_left_ = 0;  // of the chunk and the line end behind it
  size_t chunks_bytes_ = 0;
};

}  // namespace bqcdc::emulator::server
