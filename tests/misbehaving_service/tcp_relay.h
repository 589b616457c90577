#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace bqcdc::misbehaving {

// Carries TCP connections between a free port of loopback and another port of it, so that a test can do to
// them what networks do. Thread-safe.
class TcpRelay {
 public:
  // `on_frozen` is called from the relay's thread: with +1 for each connection that was frozen, with -1 when
  // its client has given it up.
  TcpRelay(int target_port, std::function<void(int change)> on_frozen);
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  int port() const { return port_; }

  // Connections that are open carry nothing any more, although no side is told: a half-open peer.
  void Freeze() { Ask(freeze_); }
  // Connections that are open are reset.
  void Reset() { Ask(reset_); }

 private:
  void Ask(std::atomic<bool>& what);
  void Run();

  const int target_port_;
  const std::function<void(int)> on_frozen_;
  int port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::atomic<bool> freeze_{false}, reset_{false}, stop_{false};
  std::thread thread_;
};

// A port of loopback that stays ours while nobody listens on it, so that a server can go and come back.
class ReservedPort {
 public:
  ReservedPort();
  ~ReservedPort();
  ReservedPort(const ReservedPort&) = delete;
  ReservedPort& operator=(const ReservedPort&) = delete;

  int port() const { return port_; }

 private:
  int fd_ = -1;
  int port_ = 0;
};

}  // namespace bqcdc::misbehaving
