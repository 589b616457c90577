#include "bqcdc/base/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace bqcdc::base {

RawClient::RawClient(int port, const std::string& address)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  timeval limit = {10, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0;
}

RawClient::~RawClient() { close(socket_); }

bool RawClient::Send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return false;
    sent += static_cast<size_t>(put);
  }
  return true;
}

void RawClient::EndOutput() { shutdown(socket_, SHUT_WR); }

std::string RawClient::Receive(const std::string& end) {
  std::string text;
  char buffer[4096];
  while (end.empty() || text.find(end) == std::string::npos) {
    const ssize_t got = recv(socket_, buffer, sizeof(buffer), 0);
    ended_ = got == 0 || (got < 0 && errno != EAGAIN);
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

std::string RawClient::ReceiveAll() { return Receive(""); }

}  // namespace bqcdc::base
