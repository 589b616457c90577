#include "bqcdc/rest/credentials.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/rest/caching_token_source.h"
#include "bqcdc/rest/service_error.h"

namespace bqcdc::rest {
namespace {

constexpr char kScope[] = "https://www.googleapis.com/auth/bigquery";
constexpr char kDefaultTokenUri[] = "https://oauth2.googleapis.com/token";
constexpr char kMetadataHost[] = "metadata.google.internal";
constexpr absl::Duration kMetadataProbeTimeout = absl::Seconds(3);
constexpr absl::Duration kTokenTimeout = absl::Seconds(30);
constexpr absl::Duration kJwtLifetime = absl::Hours(1);  // the longest that Google accepts
constexpr std::size_t kCredentialsBytesMax = 1024 * 1024;

std::string TextMember(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Reads {"access_token": …, "expires_in": seconds}. An error answer is told by its code and its "error" word.
absl::StatusOr<FetchedToken> ReadTokenResponse(const HttpResponse& response, const std::string& from,
                                               absl::Time now) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (response.code != 200 || !body.is_object()) {
    const std::string word = body.is_object() ? TextMember(body, "error") : "";
    return absl::UnauthenticatedError(
        absl::StrCat("no token from ", from, ": HTTP ", response.code, word.empty() ? "" : ", ", word));
  }
  FetchedToken token;
  token.token = TextMember(body, "access_token");
  const auto seconds = body.find("expires_in");
  if (token.token.empty() || seconds == body.end() || !seconds->is_number_integer()) {
    return absl::UnauthenticatedError(
        absl::StrCat("answer of ", from, " holds no access_token with expires_in"));
  }
  token.expires = now + absl::Seconds(seconds->get<std::int64_t>());
  return token;
}

HttpRequest FormRequest(const std::string& url, const std::string& form) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = form;
  request.timeout = kTokenTimeout;
  return request;
}

class ServiceAccountTokens final : public CachingTokenSource {
 public:
  ServiceAccountTokens(const CredentialsOptions& options, const nlohmann::json& file)
      : CachingTokenSource(*options.clock),
        transport_(*options.transport),
        client_email_(TextMember(file, "client_email")),
        private_key_(TextMember(file, "private_key")),
        private_key_id_(TextMember(file, "private_key_id")),
        token_uri_(TextMember(file, "token_uri").empty() ? kDefaultTokenUri : TextMember(file, "token_uri")) {
  }

 protected:
  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(const std::string jwt, SignServiceAccountJwt(client_email_, private_key_,
                                                                        private_key_id_, token_uri_, now));
    BQCDC_ASSIGN_OR_RETURN(
        const HttpResponse response,
        transport_.Perform(FormRequest(
            token_uri_, absl::StrCat("grant_type=", UrlEncode("urn:ietf:params:oauth:grant-type:jwt-bearer"),
                                     "&assertion=", jwt))));
    return ReadTokenResponse(response, token_uri_, now);
  }

 private:
  HttpTransport& transport_;
  const std::string client_email_, private_key_, private_key_id_, token_uri_;
};

class AuthorizedUserTokens final : public CachingTokenSource {
 public:
  AuthorizedUserTokens(const CredentialsOptions& options, const nlohmann::json& file)
      : CachingTokenSource(*options.clock),
        transport_(*options.transport),
        token_uri_(TextMember(file, "token_uri").empty() ? kDefaultTokenUri : TextMember(file, "token_uri")),
        form_(absl::StrCat("grant_type=refresh_token&client_id=", UrlEncode(TextMember(file, "client_id")),
                           "&client_secret=", UrlEncode(TextMember(file, "client_secret")),
                           "&refresh_token=", UrlEncode(TextMember(file, "refresh_token")))) {}

 protected:
  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(const HttpResponse response, transport_.Perform(FormRequest(token_uri_, form_)));
    return ReadTokenResponse(response, token_uri_, now);
  }

 private:
  HttpTransport& transport_;
  const std::string token_uri_, form_;
};

class MetadataServerTokens final : public CachingTokenSource {
 public:
  MetadataServerTokens(const CredentialsOptions& options, std::string host)
      : CachingTokenSource(*options.clock), transport_(*options.transport), host_(std::move(host)) {}

  static HttpRequest Request(const std::string& host, const std::string& path) {
    HttpRequest request;
    request.url = absl::StrCat("http://", host, "/computeMetadata/v1/", path);
    request.headers = {{"Metadata-Flavor", "Google"}};
    request.timeout = kMetadataProbeTimeout;
    return request;
  }

 protected:
  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(const HttpResponse response,
                           transport_.Perform(Request(host_, "instance/service-accounts/default/token")));
    return ReadTokenResponse(response, "the metadata server", now);
  }

 private:
  HttpTransport& transport_;
  const std::string host_;
};

absl::Status RequireMembers(const nlohmann::json& file, const std::string& path,
                            std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (TextMember(file, name).empty()) {
      return absl::InvalidArgumentError(absl::StrCat("credentials file ", path, " has no ", name));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Credentials> ReadCredentialsFile(const CredentialsOptions& options, const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return absl::NotFoundError(absl::StrCat("cannot read credentials file ", path));
  std::string text(kCredentialsBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const auto file = nlohmann::json::parse(text, nullptr, false);
  if (text.size() > kCredentialsBytesMax || !file.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat("credentials file ", path, " is not a JSON object"));
  }
  Credentials found;
  found.origin = path;
  found.project = TextMember(file, "project_id");
  found.quota_project = TextMember(file, "quota_project_id");
  const std::string type = TextMember(file, "type");
  if (type == "service_account") {
    BQCDC_RETURN_IF_ERROR(RequireMembers(file, path, {"client_email", "private_key"}));
    found.tokens = std::make_shared<ServiceAccountTokens>(options, file);
  } else if (type == "authorized_user") {
    BQCDC_RETURN_IF_ERROR(RequireMembers(file, path, {"client_id", "client_secret", "refresh_token"}));
    found.tokens = std::make_shared<AuthorizedUserTokens>(options, file);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("credentials file ", path, " has type '", type,
                     "'; supported are service_account and authorized_user (and the metadata server)"));
  }
  return found;
}

std::string WellKnownPath(const CredentialsOptions& options) {
  std::string directory = options.environment("CLOUDSDK_CONFIG");
  if (directory.empty()) directory = absl::StrCat(options.environment("HOME"), "/.config/gcloud");
  return absl::StrCat(directory, "/application_default_credentials.json");
}

}  // namespace

absl::StatusOr<Credentials> FindCredentials(const CredentialsOptions& options) {
  Credentials found;
  const std::string named =
      !options.file.empty() ? options.file : options.environment("GOOGLE_APPLICATION_CREDENTIALS");
  const std::string well_known = WellKnownPath(options);
  if (!named.empty()) {
    BQCDC_ASSIGN_OR_RETURN(found, ReadCredentialsFile(options, named));
  } else if (std::ifstream(well_known).good()) {
    BQCDC_ASSIGN_OR_RETURN(found, ReadCredentialsFile(options, well_known));
  } else {
    std::string host = options.environment("GCE_METADATA_HOST");
    if (host.empty()) host = kMetadataHost;
    const auto probe = options.transport->Perform(MetadataServerTokens::Request(host, "project/project-id"));
    if (!probe.ok() || probe->code != 200) {
      return absl::NotFoundError(absl::StrCat(
          "no credentials: neither --credentials nor GOOGLE_APPLICATION_CREDENTIALS is set, ", well_known,
          " does not exist, and no metadata server answers (for a local server give --endpoint "
          "http://localhost:9050)"));
    }
    found.tokens = std::make_shared<MetadataServerTokens>(options, host);
    found.project = probe->body;
    found.origin = "metadata server";
  }
  const std::string quota_project = options.environment("GOOGLE_CLOUD_QUOTA_PROJECT");
  if (!quota_project.empty()) found.quota_project = quota_project;
  return found;
}

absl::StatusOr<std::string> SignServiceAccountJwt(const std::string& client_email,
                                                  const std::string& private_key_pem,
                                                  const std::string& private_key_id,
                                                  const std::string& token_uri, absl::Time now) {
  nlohmann::json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!private_key_id.empty()) header["kid"] = private_key_id;
  const nlohmann::json claims = {{"iss", client_email},
                                 {"sub", client_email},
                                 {"aud", token_uri},
                                 {"scope", kScope},
                                 {"iat", absl::ToUnixSeconds(now)},
                                 {"exp", absl::ToUnixSeconds(now + kJwtLifetime)}};
  const std::string signed_text =
      absl::StrCat(absl::WebSafeBase64Escape(header.dump()), ".", absl::WebSafeBase64Escape(claims.dump()));

  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (key == nullptr || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    return absl::InvalidArgumentError("private_key of the service account is not an RSA key in PEM form");
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::size_t length = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(signed_text.data());
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, bytes, signed_text.size()) != 1) {
    return absl::InternalError("OpenSSL cannot sign with the key of the service account");
  }
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length, bytes,
                     signed_text.size()) != 1) {
    return absl::InternalError("OpenSSL cannot sign with the key of the service account");
  }
  signature.resize(length);
  return absl::StrCat(signed_text, ".", absl::WebSafeBase64Escape(signature));
}

}  // namespace bqcdc::rest
