#include "bqcdc/emulator/server/http_connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "openssl/err.h"
#include "openssl/ssl.h"

namespace bqcdc::emulator::server {
namespace {

constexpr size_t kReadBytes = 16 * 1024;  // a TLS record's most

}  // namespace

void FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }

HttpConnection::HttpConnection(int socket, SSL_CTX* tls) : socket_(socket) {
  fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL, 0) | O_NONBLOCK);
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_fd(ssl_.get(), socket_);
  SSL_set_accept_state(ssl_.get());
}

HttpConnection::~HttpConnection() {
  ssl_.reset();
  close(socket_);
}

HttpConnection::Progress HttpConnection::Explain(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Progress::kAwaitsInput;
    case SSL_ERROR_WANT_WRITE:
      return Progress::kAwaitsRoom;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::kEnded;
    default:
      return Progress::kFailed;
  }
}

HttpConnection::Progress HttpConnection::ReadOnce(char* to, size_t size, size_t* got) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), to, size, got);
    return result == 1 ? Progress::kDone : Explain(result);
  }
  const ssize_t result = recv(socket_, to, size, 0);
  if (result > 0) {
    *got = static_cast<size_t>(result);
    return Progress::kDone;
  }
  if (result == 0) return Progress::kEnded;
  return errno == EAGAIN || errno == EINTR ? Progress::kAwaitsInput : Progress::kFailed;
}

HttpConnection::Progress HttpConnection::Read(size_t bytes_max) {
  size_t total = 0;
  // What OpenSSL holds decrypted no socket tells of, so it is read to its end.
  while (total < bytes_max || (ssl_ != nullptr && SSL_pending(ssl_.get()) > 0)) {
    const size_t before = input.size();
    size_t got = 0;
    input.resize(before + kReadBytes);
    const Progress progress = ReadOnce(input.data() + before, kReadBytes, &got);
    input.resize(before + got);
    if (progress != Progress::kDone) return progress;
    total += got;
  }
  return Progress::kDone;
}

HttpConnection::Progress HttpConnection::WriteOnce(const char* from, size_t size, size_t* put) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), from, size, put);
    return result == 1 ? Progress::kDone : Explain(result);
  }
  const ssize_t result = send(socket_, from, size, MSG_NOSIGNAL);
  if (result >= 0) {
    *put = static_cast<size_t>(result);
    return Progress::kDone;
  }
  return errno == EAGAIN || errno == EINTR ? Progress::kAwaitsRoom : Progress::kFailed;
}

HttpConnection::Progress HttpConnection::Write() {
  while (written_ < output.size()) {
    size_t put = 0;
    const Progress progress = WriteOnce(output.data() + written_, output.size() - written_, &put);
    if (progress != Progress::kDone) return progress;
    written_ += put;
  }
  written_ = 0;
  output = std::string();
  return Progress::kDone;
}

void HttpConnection::EndOutput() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
  shutdown(socket_, SHUT_WR);
}

}  // namespace bqcdc::emulator::server
