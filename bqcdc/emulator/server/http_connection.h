#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "openssl/types.h"

namespace bqcdc::emulator::server {

struct FreeSsl {
  void operator()(SSL* ssl) const;
};

// One accepted connection, plaintext or TLS, with what has come and what is to go. Never blocks. One thread
// at a time.
class HttpConnection {
 public:
  enum class Progress {
    kDone,         // reading: as much as was wanted has come; writing: everything is gone
    kAwaitsInput,  // until the socket has bytes
    kAwaitsRoom,   // until the socket takes bytes
    kEnded,        // the other side sends no more
    kFailed,
  };

  // Owns `socket`. `tls` is null for plaintext.
  HttpConnection(int socket, SSL_CTX* tls);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  int socket() const { return socket_; }
  // Appends what has come to `input`, at most about `bytes_max`.
  Progress Read(size_t bytes_max);
  // Sends `output` on from where it stands; empties it when all is gone.
  Progress Write();
  // Sends the end of our side.
  void EndOutput();

  std::string input;
  std::string output;

 private:
  Progress Explain(int result) const;
  Progress ReadOnce(char* to, size_t size, size_t* got);
  Progress WriteOnce(const char* from, size_t size, size_t* put);

  const int socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  size_t written_ = 0;  // of output
};

}  // namespace bqcdc::emulator::server
