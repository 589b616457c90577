#pragma once

#include <string>

namespace bqcdc::base {

// A TCP connection that says what it is told, and no more.
class RawClient {
 public:
  explicit RawClient(int port, const std::string& address = "127.0.0.1");
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  // False when the other side takes no more, or takes nothing for 10 s.
  bool Send(const std::string& bytes);
  void EndOutput();
  // What comes until `end` is in it, or the other side has ended, or nothing has come for 10 s.
  std::string Receive(const std::string& end);
  // What comes until the other side has ended, or nothing has come for 10 s.
  std::string ReceiveAll();
  // Whether the last that was received is the other side's end, orderly or not.
  bool ended() const { return ended_; }
  int socket() const { return socket_; }

 private:
  const int socket_;
  bool connected_ = false;
  bool ended_ = false;
};

}  // namespace bqcdc::base
