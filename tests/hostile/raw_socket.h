#pragma once

#include <string>

namespace bqcdc::hostile {

// A TCP connection to 127.0.0.1 that says what it is told, and no more.
class RawSocket {
 public:
  explicit RawSocket(int port, const std::string& address = "127.0.0.1");
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool connected() const { return connected_; }
  bool Send(const std::string& bytes);
  // What comes until the other side has ended, or 10 s have passed.
  std::string ReceiveAll();

 private:
  int socket_ = -1;
  bool connected_ = false;
};

// The port of "http://127.0.0.1:NNN" or "127.0.0.1:NNN".
int PortOf(const std::string& endpoint);

// An address of this machine that others can reach; empty where it has none.
std::string OutsideAddress();

// Raises this process's limit of open files to what is allowed; returns it.
size_t RaiseFileLimit();

// Megabytes of memory that a process holds.
int64_t ResidentMegabytes(int pid);

}  // namespace bqcdc::hostile
