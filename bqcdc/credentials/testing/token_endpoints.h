#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/credentials/testing/certificate_authority.h"
#include "bqcdc/credentials/testing/tls_server.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace bqcdc::credentials {

// Google's token endpoints, in this process and by real TLS. Each checks what it is sent as the service does,
// and refuses with the service's form of error; a refusal repeats the whole request, secrets and all, to show
// whether anybody passes it on.
class TokenEndpoints {
 public:
  explicit TokenEndpoints(CertificateAuthority& authority);

  // Addresses.
  std::string token_uri() const { return server_->url() + "/token"; }   // JWTs and refresh tokens
  std::string sts_url() const { return server_->url() + "/v1/token"; }  // token exchange
  std::string external_user_url() const { return server_->url() + "/v1/oauthtoken"; }
  std::string subject_url() const {
    return server_->url() + "/subject?secret=hush";
  }  // of an identity provider
  std::string impersonation_url(const std::string& email) const {
    return server_->url() + "/v1/projects/-/serviceAccounts/" + email + ":generateAccessToken";
  }
  std::string metadata_host() const { return metadata_->host(); }  // plaintext, as the real one

  // What is accepted.
  const RsaKey& key() const { return key_; }  // of robot@p.iam.gserviceaccount.com
  static constexpr char kEmail[] = "robot@p.iam.gserviceaccount.com";
  static constexpr char kClientId[] = "client-id";
  static constexpr char kClientSecret[] = "client-secret-hush";
  static constexpr char kRefreshToken[] = "refresh-token-hush";
  static constexpr char kSubjectToken[] = "subject-token-hush";
  static constexpr char kAudience[] =
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q";
  static constexpr char kTokenType[] = "urn:ietf:params:oauth:token-type:jwt";

  // Tokens that were handed out so far, oldest first. The n-th is NAME-n; its name tells the endpoint.
  std::vector<std::string> tokens();
  // The next tokens are these instead.
  void HandOut(std::string token);
  // Forms, bodies and the account names of impersonation, in the order of arrival.
  std::vector<std::string> requests();
  void set_lifetime_seconds(int seconds);
  // HTTP code of every answer from now on; 0 = as it should be.
  void FailWith(int code);

 private:
  void Mount(httplib::Server& server);
  void MountMetadata(httplib::Server& server);
  void Note(const httplib::Request& request);
  // Answers with a token, or with `error` where that is not empty.
  void AnswerToken(const httplib::Request& request, const std::string& name, const std::string& error,
                   httplib::Response& response);
  std::string NewToken(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string CheckJwt(const std::string& assertion) const;

  const RsaKey key_ = MakeRsaKey();
  absl::Mutex mutex_;
  std::vector<std::string> tokens_ ABSL_GUARDED_BY(mutex_), requests_ ABSL_GUARDED_BY(mutex_);
  std::string handed_out_ ABSL_GUARDED_BY(mutex_);
  std::string refresh_token_ ABSL_GUARDED_BY(mutex_) = kRefreshToken;  // of the external user
  int lifetime_seconds_ ABSL_GUARDED_BY(mutex_) = 3600;
  int fail_with_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<TlsServer> server_, metadata_;
};

}  // namespace bqcdc::credentials
