#include "bqcdc/emulator/server/http_front_desk.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/handlers/rest_error.h"

namespace bqcdc::emulator::server {
namespace {

using std::chrono::milliseconds;
using Progress = HttpConnection::Progress;

constexpr size_t kReadBytesMax = 256 * 1024;  // of one connection, before the others have their turn
constexpr milliseconds kEndPatience(2'000);   // for the client to see the answer before its rest is cut off
constexpr milliseconds kStopPatience(5'000);

std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }

struct Refusal {
  const char* phrase;
  const char* reason;
  const char* message;
};

Refusal RefusalOf(int http_code) {
  switch (http_code) {
    case 408:
      return {"Request Timeout", "timeout", "The request did not arrive in time"};
    case 413:
      return {"Payload Too Large", "uploadTooLarge", "The request's body is too large"};
    case 414:
      return {"URI Too Long", "badRequest", "The request's URI is too long"};
    case 431:
      return {"Request Header Fields Too Large", "badRequest", "The request's headers are too large"};
    default:
      return {"Bad Request", "badRequest", "The request cannot be read"};
  }
}

std::string RefusalText(int http_code) {
  const Refusal refusal = RefusalOf(http_code);
  const std::string body = handlers::HttpErrorResponse(http_code, refusal.reason, refusal.message).body;
  return absl::StrCat(
      "HTTP/1.1 ", http_code, " ", refusal.phrase,
      "\r\nContent-Type: application/json; charset=UTF-8\r\nConnection: close\r\nContent-Length: ",
      body.size(), "\r\n\r\n", body);
}

}  // namespace

struct HttpFrontDesk::Client {
  Client(int socket, SSL_CTX* tls, const FrontDeskLimits& limits)
      : io(socket, tls), framer(std::in_place, limits.head_bytes_max, limits.body_bytes_max) {}

  HttpConnection io;
  std::optional<HttpFramer> framer;
  Phase phase = Phase::kReading;
  Time began = Now();  // the request's first byte, or the answer's
  Time deadline = {};
  Time last_traffic = Now();
  unsigned watched = 0;
  size_t accounted_bytes = 0;
  size_t request_bytes = 0;   // of io.input, once it is complete
  size_t sent_bytes_max = 0;  // of this answer
  bool continued = false;     // 100 Continue has been sent
  bool input_ended = false;
  bool close_afterwards = false;
  size_t weight = 0;   // bytes that the request may become
  bool keeps = false;  // the handler's word
};

HttpFrontDesk::HttpFrontDesk(FrontDeskLimits limits, SSL_CTX* tls, Handler handler)
    : limits_(limits),
      tls_(tls),
      handler_(std::move(handler)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  poller_ = std::thread([this] { Poll(); });
}

HttpFrontDesk::~HttpFrontDesk() {
  Stop();
  close(wake_);
  close(epoll_);
}

void HttpFrontDesk::Wake() {
  const uint64_t one = 1;
  // Only a counter that is full could refuse it, and then the thread is awake anyway.
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

void HttpFrontDesk::Admit(int socket) {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopping_) {
      admitted_.push_back(socket);
      socket = -1;
    }
  }
  if (socket >= 0) close(socket);
  Wake();
}

void HttpFrontDesk::Stop() {
  if (!poller_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  Wake();
  poller_.join();
  std::vector<std::thread> workers;
  {
    absl::MutexLock lock(&mutex_);
    workers_end_ = true;
    workers.swap(workers_);
  }
  for (std::thread& worker : workers) worker.join();
  clients_.clear();
}

// ---- The polling thread

void HttpFrontDesk::Poll() {
  std::optional<Time> stop_by;
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), WaitMs());
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == wake_) {
        uint64_t ignored;
        [[maybe_unused]] const ssize_t got = read(wake_, &ignored, sizeof(ignored));
      } else if (const auto found = clients_.find(fd); found != clients_.end()) {
        Serve(*found->second);
      }
    }
    TakeFinished();
    TakeAdmitted();
    Expire(Now());
    MakeRoom();
    {
      absl::MutexLock lock(&mutex_);
      if (!stopping_) continue;
    }
    if (!stop_by) stop_by = Now() + kStopPatience;
    if (DropQuiet() || Now() > *stop_by) return;
  }
}

// Ends whoever waits for no answer. Whether nobody is left.
bool HttpFrontDesk::DropQuiet() {
  for (auto next = clients_.begin(); next != clients_.end();) {
    Client& client = *(next++)->second;
    if (client.phase != Phase::kAnswering && client.phase != Phase::kWriting) Drop(client);
  }
  return clients_.empty();
}

int HttpFrontDesk::WaitMs() const {
  // Short enough for Stop() to look at its own deadline.
  int64_t wait = 1'000;
  if (!deadlines_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(deadlines_.begin()->first - Now()).count();
    wait = std::clamp<int64_t>(left, 0, wait);
  }
  return static_cast<int>(wait);
}

void HttpFrontDesk::TakeAdmitted() {
  std::vector<int> sockets;
  {
    absl::MutexLock lock(&mutex_);
    sockets.swap(admitted_);
  }
  for (const int socket : sockets) {
    if (clients_.size() >= limits_.connections_max) MakeRoomForOne();
    if (clients_.size() >= limits_.connections_max) {
      close(socket);
      continue;
    }
    Client& client = *(clients_[socket] = std::make_unique<Client>(socket, tls_, limits_));
    // Half a handshake of TLS takes as much memory as a whole one.
    SetDeadline(client, Now() + (tls_ == nullptr ? limits_.idle : limits_.head));
    Watch(client, EPOLLIN);
  }
}

void HttpFrontDesk::TakeFinished() {
  std::vector<Client*> finished;
  {
    absl::MutexLock lock(&mutex_);
    finished.swap(finished_);
  }
  for (Client* client : finished) {
    client->phase = Phase::kWriting;
    client->sent_bytes_max = client->io.output.size();
    client->began = Now();
    Account(*client);
    SetTransferDeadline(*client);
    WriteTo(*client);
  }
}

void HttpFrontDesk::Expire(Time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    Client& client = *clients_.at(deadlines_.begin()->second);
    const bool in_request = client.phase == Phase::kReading && !client.io.input.empty();
    if (in_request) {
      Refuse(client, 408);
    } else {
      Drop(client);
    }
  }
}

void HttpFrontDesk::Serve(Client& client) {
  switch (client.phase) {
    case Phase::kReading:
    case Phase::kEnding:
      ReadFrom(client);
      return;
    case Phase::kWriting:
      WriteTo(client);
      return;
    case Phase::kAnswering:
      return;
  }
}

void HttpFrontDesk::ReadFrom(Client& client) {
  const bool was_empty = client.io.input.empty();
  const Progress progress = client.io.Read(kReadBytesMax);
  if (progress == Progress::kFailed) {
    Drop(client);
    return;
  }
  client.last_traffic = Now();
  client.input_ended |= progress == Progress::kEnded;
  if (client.phase == Phase::kEnding) {
    client.io.input.clear();
    if (client.input_ended) Drop(client);
    return;
  }
  if (was_empty && !client.io.input.empty()) client.began = Now();
  Account(client);
  Watch(client, progress == Progress::kAwaitsRoom ? EPOLLOUT : EPOLLIN);
  LookAt(client);
}

void HttpFrontDesk::LookAt(Client& client) {
  // Line ends before a request are passed over, as RFC 9112 (2.2) asks.
  size_t blank = client.io.input.find_first_not_of("\r\n");
  if (client.framer->head_bytes() == 0 && blank > 0) {
    client.io.input.erase(0, std::min(blank, client.io.input.size()));
    client.framer.emplace(limits_.head_bytes_max, limits_.body_bytes_max);
  }
  if (client.io.input.empty()) {
    if (client.input_ended) Drop(client);
    return;
  }
  switch (client.framer->Look(client.io.input)) {
    case HttpFramer::State::kHead:
      if (client.input_ended) return Drop(client);
      return SetDeadline(client, client.began + limits_.head);
    case HttpFramer::State::kBody:
      if (client.input_ended) return Drop(client);
      if (client.framer->expects_continue() && !client.continued) {
        client.continued = true;
        client.io.output = kContinueAnswer;
        // A socket without room for these bytes belongs to somebody who does not read.
        if (client.io.Write() != Progress::kDone) return Drop(client);
      }
      return SetTransferDeadline(client);
    case HttpFramer::State::kComplete:
      return Hand(client, client.input_ended);
    case HttpFramer::State::kTooLarge:
      return Hand(client, true);
    case HttpFramer::State::kBad:
      return Refuse(client, client.framer->http_code());
  }
}

void HttpFrontDesk::Hand(Client& client, bool close_afterwards) {
  client.request_bytes = client.framer->size();
  client.close_afterwards = close_afterwards;
  client.phase = Phase::kAnswering;
  Watch(client, 0);
  deadlines_.erase({client.deadline, client.io.socket()});
  absl::MutexLock lock(&mutex_);
  client.weight = Weight(client);
  (client.weight < limits_.large_bytes_min ? ready_ : ready_large_).push_back(&client);
  if (idle_workers_ < ready_.size() + ready_large_.size() && workers_.size() < limits_.workers_max)
    workers_.emplace_back([this] { Work(); });
}

size_t HttpFrontDesk::Weight(const Client& client) const {
  // What deflate makes of one byte at most (https://www.zlib.net/zlib_tech.html).
  constexpr size_t kInflationMax = 1032;
  if (!client.framer->compressed()) return client.request_bytes;
  return std::min(client.request_bytes * kInflationMax, limits_.body_bytes_max);
}

void HttpFrontDesk::Refuse(Client& client, int http_code) {
  client.io.output = RefusalText(http_code);
  client.sent_bytes_max = client.io.output.size();
  client.keeps = false;
  client.phase = Phase::kWriting;
  client.began = Now();
  client.request_bytes = client.io.input.size();
  SetTransferDeadline(client);
  WriteTo(client);
}

void HttpFrontDesk::WriteTo(Client& client) {
  const Progress progress = client.io.Write();
  client.last_traffic = Now();
  switch (progress) {
    case Progress::kDone:
      Account(client);
      return client.keeps ? NextRequest(client) : End(client);
    case Progress::kAwaitsRoom:
      return Watch(client, EPOLLOUT);
    case Progress::kAwaitsInput:
      return Watch(client, EPOLLIN);
    default:
      return Drop(client);
  }
}

void HttpFrontDesk::NextRequest(Client& client) {
  client.io.input.erase(0, client.request_bytes);
  if (client.io.input.empty()) client.io.input = std::string();
  client.framer.emplace(limits_.head_bytes_max, limits_.body_bytes_max);
  client.phase = Phase::kReading;
  client.continued = false;
  client.began = Now();
  Account(client);
  SetDeadline(client, Now() + limits_.idle);
  Watch(client, EPOLLIN);
  // Requests may have come together. Nothing is read before those are answered: the buffer would grow.
  LookAt(client);
}

// Lets the client read the answer: closed with bytes unread, the connection would be reset under it.
void HttpFrontDesk::End(Client& client) {
  client.io.input = std::string();
  Account(client);
  client.phase = Phase::kEnding;
  client.io.EndOutput();
  SetDeadline(client, Now() + kEndPatience);
  Watch(client, EPOLLIN);
}

void HttpFrontDesk::Drop(Client& client) {
  Watch(client, 0);
  deadlines_.erase({client.deadline, client.io.socket()});
  buffered_bytes_ -= client.accounted_bytes;
  clients_.erase(client.io.socket());
}

void HttpFrontDesk::Watch(Client& client, unsigned events) {
  if (client.watched == events) return;
  epoll_event event = {};
  event.events = events;
  event.data.fd = client.io.socket();
  // A connection that is not watched is taken out: its end would be told again and again.
  const int operation = events == 0 ? EPOLL_CTL_DEL : client.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_ctl(epoll_, operation, client.io.socket(), &event);
  client.watched = events;
}

void HttpFrontDesk::SetDeadline(Client& client, Time deadline) {
  deadlines_.erase({client.deadline, client.io.socket()});
  client.deadline = deadline;
  deadlines_.insert({client.deadline, client.io.socket()});
}

void HttpFrontDesk::SetTransferDeadline(Client& client) {
  const size_t moved = client.phase == Phase::kReading ? client.io.input.size() : client.sent_bytes_max;
  SetDeadline(client, client.began + limits_.transfer_grace +
                          milliseconds(moved * 1'000 / limits_.transfer_bytes_per_second));
}

void HttpFrontDesk::Account(Client& client) {
  const size_t bytes = client.io.input.size() + client.io.output.size();
  buffered_bytes_ += bytes - client.accounted_bytes;
  client.accounted_bytes = bytes;
}

void HttpFrontDesk::MakeRoom() {
  while (buffered_bytes_ > limits_.buffered_bytes_max) {
    Client* largest = nullptr;
    for (const auto& [fd, client] : clients_) {
      if (client->phase == Phase::kAnswering) continue;
      if (largest == nullptr || client->accounted_bytes > largest->accounted_bytes) largest = client.get();
    }
    if (largest == nullptr || largest->accounted_bytes == 0) return;
    Drop(*largest);
  }
}

void HttpFrontDesk::MakeRoomForOne() {
  Client* quietest = nullptr;
  for (const auto& [fd, client] : clients_) {
    if (client->phase == Phase::kAnswering || client->phase == Phase::kWriting) continue;
    if (quietest == nullptr || client->last_traffic < quietest->last_traffic) quietest = client.get();
  }
  if (quietest != nullptr) Drop(*quietest);
}

// ---- Workers

bool HttpFrontDesk::HasWork() const {
  if (!ready_.empty()) return true;
  if (ready_large_.empty()) return false;
  return answering_bytes_ == 0 ||
         answering_bytes_ + ready_large_.front()->weight <= limits_.answering_bytes_max;
}

HttpFrontDesk::Client* HttpFrontDesk::TakeWork() {
  std::deque<Client*>& queue = ready_.empty() ? ready_large_ : ready_;
  Client* const client = queue.front();
  if (ready_.empty()) answering_bytes_ += client->weight;
  queue.pop_front();
  return client;
}

void HttpFrontDesk::Work() {
  for (;;) {
    Client* client = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      ++idle_workers_;
      const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return workers_end_ || HasWork(); };
      mutex_.Await(absl::Condition(&due));
      --idle_workers_;
      if (workers_end_) return;
      client = TakeWork();
    }
    const std::string_view request = std::string_view(client->io.input).substr(0, client->request_bytes);
    client->keeps = handler_(request, client->close_afterwards, &client->io.output);
    {
      absl::MutexLock lock(&mutex_);
      if (client->weight >= limits_.large_bytes_min) answering_bytes_ -= client->weight;
      finished_.push_back(client);
    }
    Wake();
  }
}

}  // namespace bqcdc::emulator::server
