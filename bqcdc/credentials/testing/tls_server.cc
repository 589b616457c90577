#include "bqcdc/credentials/testing/tls_server.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "bqcdc/credentials/testing/certificate_authority.h"
#include "httplib.h"

namespace bqcdc::credentials {

TlsServer::TlsServer(const IssuedCertificate* certificate,
                     const std::function<void(httplib::Server&)>& mount) {
  if (certificate == nullptr) {
    server_ = std::make_unique<httplib::Server>();
  } else {
    server_ = std::make_unique<httplib::SSLServer>(certificate->certificate_file.c_str(),
                                                   certificate->key_file.c_str());
  }
  if (!server_->is_valid()) std::abort();
  server_->set_keep_alive_max_count(1);  // A kept connection would hold up the end.
  mount(*server_);
  const int port = server_->bind_to_any_port("127.0.0.1");
  if (port <= 0) std::abort();
  url_ = absl::StrCat(certificate == nullptr ? "http" : "https", "://localhost:", port);
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  // stop() does nothing before the loop runs.
  while (!server_->is_running()) std::this_thread::yield();
}

TlsServer::~TlsServer() {
  server_->stop();
  thread_.join();
}

}  // namespace bqcdc::credentials
