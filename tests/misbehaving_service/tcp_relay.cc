#include "tests/misbehaving_service/tcp_relay.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "bqcdc/base/testing/loopback_socket.h"

namespace bqcdc::misbehaving {
namespace {

constexpr std::size_t kBufferBytesMax = 256 * 1024;

// One direction of a connection.
struct Pipe {
  std::string buffer;
  bool ended = false;  // the source sends no more
};

struct Link {
  int fds[2] = {-1, -1};  // client, server
  Pipe pipes[2];          // from the client, from the server
  bool frozen = false;
  bool gone = false;
};

// Moves what can be moved from one side to the other; false when the link is over.
bool Pump(Link& link, int from) {
  Pipe& pipe = link.pipes[from];
  char bytes[64 * 1024];
  while (!pipe.ended && pipe.buffer.size() < kBufferBytesMax) {
    const ssize_t count = recv(link.fds[from], bytes, sizeof bytes, 0);
    if (count > 0) {
      pipe.buffer.append(bytes, static_cast<std::size_t>(count));
    } else if (count == 0) {
      pipe.ended = true;
    } else if (errno == EAGAIN || errno == EINTR) {
      break;
    } else {
      return false;
    }
  }
  while (!pipe.buffer.empty()) {
    const ssize_t count = send(link.fds[1 - from], pipe.buffer.data(), pipe.buffer.size(), MSG_NOSIGNAL);
    if (count > 0) {
      pipe.buffer.erase(0, static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EINTR) {
      break;
    } else {
      return false;
    }
  }
  return !(pipe.ended && pipe.buffer.empty());
}

void CloseLink(Link& link, bool reset) {
  for (const int fd : link.fds) {
    if (fd < 0) continue;
    const linger now = {1, 0};
    if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
  }
  link.gone = true;
}

}  // namespace

TcpRelay::TcpRelay(int target_port, std::function<void(int)> on_frozen)
    : target_port_(target_port), on_frozen_(std::move(on_frozen)) {
  listener_ = base::BoundLoopbackSocket(SOCK_NONBLOCK, /*reuse_port=*/false, &port_);
  if (listen(listener_, 16) != 0) base::Die("listen");
  if (pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) base::Die("pipe2");
  thread_ = std::thread([this] { Run(); });
}

TcpRelay::~TcpRelay() {
  Ask(stop_);
  thread_.join();
  close(listener_);
  close(wake_[0]);
  close(wake_[1]);
}

void TcpRelay::Ask(std::atomic<bool>& what) {
  what = true;
  if (write(wake_[1], "x", 1) != 1) {
    // Full: the relay wakes up anyway.
  }
}

void TcpRelay::Run() {
  std::list<Link> links;
  while (!stop_) {
    std::vector<pollfd> polled = {{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Link& link : links) {
      for (int side = 0; side < 2; ++side) {
        short events = 0;
        if (link.frozen) {
          events = side == 0 ? POLLRDHUP : 0;
        } else {
          if (!link.pipes[side].ended && link.pipes[side].buffer.size() < kBufferBytesMax) events |= POLLIN;
          if (!link.pipes[1 - side].buffer.empty()) events |= POLLOUT;
        }
        polled.push_back({link.fds[side], events, 0});
      }
    }
    poll(polled.data(), polled.size(), -1);
    char drained[64];
    while (read(wake_[0], drained, sizeof drained) > 0) {
    }
    if (reset_.exchange(false)) {
      for (Link& link : links) {
        if (!link.frozen) CloseLink(link, true);
      }
    }
    if (freeze_.exchange(false)) {
      for (Link& link : links) {
        if (link.frozen || link.gone) continue;
        link.frozen = true;
        on_frozen_(1);
      }
    }
    std::size_t at = 2;
    for (Link& link : links) {
      const short client = polled[at].revents;
      at += 2;
      if (link.gone) continue;
      if (link.frozen) {
        if ((client & (POLLRDHUP | POLLHUP | POLLERR)) == 0) continue;
        CloseLink(link, false);
        on_frozen_(-1);
      } else if (!Pump(link, 0) || !Pump(link, 1)) {
        CloseLink(link, false);
      }
    }
    links.remove_if([](const Link& link) { return link.gone; });
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
      const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      sockaddr_in address = base::LoopbackAddress(target_port_);
      if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        close(server);
        close(fd);
        continue;
      }
      fcntl(server, F_SETFL, O_NONBLOCK);
      const int on = 1;
      setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Link& link = links.emplace_back();
      link.fds[0] = fd;
      link.fds[1] = server;
    }
  }
  for (Link& link : links) {
    if (link.frozen) on_frozen_(-1);
    CloseLink(link, false);
  }
}

ReservedPort::ReservedPort() { fd_ = base::BoundLoopbackSocket(SOCK_NONBLOCK, /*reuse_port=*/true, &port_); }
ReservedPort::~ReservedPort() { close(fd_); }

}  // namespace bqcdc::misbehaving
