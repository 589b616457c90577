#include "bqcdc/write/testing/connect_proxy.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/testing/loopback_socket.h"

namespace bqcdc::write::testing {
namespace {

constexpr std::size_t kHeadBytesMax = 16 * 1024;

bool SendAll(int to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t sent = send(to, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool Move(int from, int to) {
  char bytes[64 * 1024];
  const ssize_t count = recv(from, bytes, sizeof bytes, 0);
  return count > 0 && SendAll(to, bytes, static_cast<std::size_t>(count));
}

// The request up to its empty line; byte by byte, since what follows belongs to the destination.
std::string ReadHead(int client) {
  std::string head;
  char byte = 0;
  while (head.size() < kHeadBytesMax && !absl::EndsWith(head, "\r\n\r\n") && recv(client, &byte, 1, 0) == 1)
    head.push_back(byte);
  return head;
}

}  // namespace

ConnectProxy::ConnectProxy(int target_port) : target_port_(target_port) {
  listener_ = base::BoundLoopbackSocket(0, /*reuse_port=*/false, &port_);
  if (listen(listener_, SOMAXCONN) != 0) base::Die("listen");
  acceptor_ = std::thread([this] { Accept(); });
}

ConnectProxy::~ConnectProxy() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const int fd : sockets_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& carrier : carriers_) carrier.join();
  close(listener_);
}

std::string ConnectProxy::url() const { return absl::StrCat("http://127.0.0.1:", port_); }

std::vector<std::string> ConnectProxy::destinations() const {
  absl::MutexLock lock(&mutex_);
  return destinations_;
}

void ConnectProxy::Accept() {
  for (int client; (client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      close(client);
      return;
    }
    sockets_.push_back(client);
    carriers_.emplace_back([this, client] { Carry(client); });
  }
}

void ConnectProxy::Carry(int client) {
  const std::string head = ReadHead(client);
  const std::size_t end = head.find(' ', 8);
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = base::LoopbackAddress(target_port_);
  const std::string refusal = "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
  if (!absl::StartsWith(head, "CONNECT ") || end == std::string::npos) {
    SendAll(client, refusal.data(), refusal.size());
  } else if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    {
      absl::MutexLock lock(&mutex_);
      destinations_.push_back(head.substr(8, end - 8));
    }
    bool open = SendAll(client, answer.data(), answer.size());
    pollfd sides[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    while (open && poll(sides, 2, -1) > 0) {
      if (sides[0].revents != 0) open = Move(client, server);
      if (open && sides[1].revents != 0) open = Move(server, client);
    }
  }
  close(server);
  absl::MutexLock lock(&mutex_);
  sockets_.remove(client);
  close(client);
}

}  // namespace bqcdc::write::testing
