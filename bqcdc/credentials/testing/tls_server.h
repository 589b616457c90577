#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace httplib {
class Server;
}

namespace bqcdc::credentials {

struct IssuedCertificate;

// An HTTP server in this process, on a free loopback port, by TLS where it has a certificate. Ends with the
// object.
class TlsServer {
 public:
  // `certificate` null: plaintext. `mount` adds the paths.
  TlsServer(const IssuedCertificate* certificate, const std::function<void(httplib::Server&)>& mount);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  const std::string& url() const { return url_; }  // https://localhost:NNN
  std::string host() const { return url_.substr(url_.find("://") + 3); }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::string url_;
  std::thread thread_;
};

}  // namespace bqcdc::credentials
