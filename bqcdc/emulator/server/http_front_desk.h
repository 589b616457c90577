#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/emulator/server/http_connection.h"
#include "bqcdc/emulator/server/http_framer.h"

namespace bqcdc::emulator::server {

// What the desk says to a client that waits for it before it sends a body.
inline constexpr std::string_view kContinueAnswer = "HTTP/1.1 100 Continue\r\n\r\n";

// What a client may take. Times are the machine's.
struct FrontDeskLimits {
  size_t connections_max = 10'000;  // beyond it the one that has been quiet longest is closed
  size_t head_bytes_max = 64 * 1024;
  size_t body_bytes_max = 32 * 1024 * 1024;
  // Requests that have come in part and answers that have not gone, of all connections together; beyond it
  // the connection that holds most is closed.
  size_t buffered_bytes_max = 256 * 1024 * 1024;
  size_t workers_max = 128;  // requests that are answered at once
  // … of these bytes together, counting those from large_bytes_min on: as JSON they take many times as much.
  size_t answering_bytes_max = 32 * 1024 * 1024;
  size_t large_bytes_min = 64 * 1024;
  std::chrono::milliseconds idle = std::chrono::seconds(240);           // between requests
  std::chrono::milliseconds head = std::chrono::seconds(10);            // a head's first byte to its last
  std::chrono::milliseconds transfer_grace = std::chrono::seconds(20);  // and a second for each …
  size_t transfer_bytes_per_second = 64 * 1024;                         // … of these, both ways
};

// Sits between accept() and an HTTP library that has a thread for each connection: one thread holds all
// connections, reads requests whole and sends answers; a worker has a request only while it is answered. So
// connections that are silent, slow or many take memory, and a bounded amount of it, but never a thread.
class HttpFrontDesk {
 public:
  // Answers the request in `request` and appends to `answer`; false: the connection ends with it. Called on
  // several threads at once.
  using Handler = std::function<bool(std::string_view request, bool close_afterwards, std::string* answer)>;

  // `tls` is null for plaintext and outlives the desk.
  HttpFrontDesk(FrontDeskLimits limits, SSL_CTX* tls, Handler handler);
  ~HttpFrontDesk();
  HttpFrontDesk(const HttpFrontDesk&) = delete;
  HttpFrontDesk& operator=(const HttpFrontDesk&) = delete;

  // Takes an accepted socket. Any thread.
  void Admit(int socket);
  // Ends connections that wait for no answer at once and the others when they have it, or after a few
  // seconds. Idempotent.
  void Stop();

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class Phase { kReading, kAnswering, kWriting, kEnding };
  struct Client;

  void Poll();
  void Work();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Client* TakeWork() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Wake();
  void TakeAdmitted();
  void TakeFinished();
  void Expire(Time now);
  void Serve(Client& client);
  void ReadFrom(Client& client);
  // What is in the buffer: more to come, a request, or none.
  void LookAt(Client& client);
  void Hand(Client& client, bool close_afterwards);
  size_t Weight(const Client& client) const;
  void Refuse(Client& client, int http_code);
  void WriteTo(Client& client);
  void NextRequest(Client& client);
  void End(Client& client);
  void Drop(Client& client);
  void Watch(Client& client, unsigned events);
  void SetDeadline(Client& client, Time deadline);
  void SetTransferDeadline(Client& client);
  void Account(Client& client);
  void MakeRoom();
  void MakeRoomForOne();
  bool DropQuiet();
  int WaitMs() const;

  const FrontDeskLimits limits_;
  SSL_CTX* const tls_;
  const Handler handler_;
  int epoll_ = -1;
  int wake_ = -1;  // eventfd

  // Of the polling thread.
  std::unordered_map<int, std::unique_ptr<Client>> clients_;  // by socket
  std::set<std::pair<Time, int>> deadlines_;
  size_t buffered_bytes_ = 0;

  absl::Mutex mutex_;
  std::vector<int> admitted_ ABSL_GUARDED_BY(mutex_);
  std::deque<Client*> ready_ ABSL_GUARDED_BY(mutex_);
  std::deque<Client*> ready_large_ ABSL_GUARDED_BY(mutex_);
  size_t answering_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of large ones
  std::vector<Client*> finished_ ABSL_GUARDED_BY(mutex_);
  size_t idle_workers_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool workers_end_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_ ABSL_GUARDED_BY(mutex_);
  std::thread poller_;
};

}  // namespace bqcdc::emulator::server
