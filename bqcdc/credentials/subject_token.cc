#include "bqcdc/credentials/subject_token.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/subject_executable.h"
#include "bqcdc/credentials/token_endpoint.h"

namespace bqcdc::credentials {
namespace {

// How a token stands in what a file or an address gives.
struct Format {
  std::string json_field;  // empty: the whole text is the token
};

absl::StatusOr<Format> ReadFormat(const JsonFields& source) {
  Format format;
  if (!source.Has("format")) return format;
  BQCDC_ASSIGN_OR_RETURN(const JsonFields fields, source.Object("format"));
  BQCDC_ASSIGN_OR_RETURN(const std::string type, fields.OptionalText("type"));
  if (type == "json") {
    BQCDC_ASSIGN_OR_RETURN(format.json_field, fields.Text("subject_token_field_name"));
  } else if (!type.empty() && type != "text") {
    return base::InvalidArgument("field ", fields.NameOf("type"), " is neither text nor json");
  }
  return format;
}

absl::StatusOr<std::string> Extract(const Format& format, const std::string& text, const std::string& from) {
  std::string token;
  if (format.json_field.empty()) {
    token = text;
    absl::StripAsciiWhitespace(&token);
  } else {
    const auto body = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto found = body.is_object() ? body.find(format.json_field) : body.end();
    if (!body.is_object() || found == body.end() || !found->is_string()) {
      return base::Error(absl::StatusCode::kUnauthenticated, from, " gives no JSON object with the text ",
                         format.json_field, " (subject_token_field_name)");
    }
    token = found->get<std::string>();
  }
  if (token.empty())
    return base::Error(absl::StatusCode::kUnauthenticated, from, " gives an empty subject token");
  return token;
}

class FileSource final : public SubjectTokenSource {
 public:
  FileSource(std::string path, Format format) : path_(std::move(path)), format_(std::move(format)) {}

  // Read each time: the platform rewrites it.
  absl::StatusOr<std::string> SubjectToken(absl::Time) override {
    const std::string from = absl::StrCat("subject token file '", path_, "' (credential_source.file)");
    std::ifstream stream(path_, std::ios::binary);
    std::string text(kSubjectTokenBytesMax + 1, '\0');
    if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream.is_open() || stream.bad()) {
      return base::Error(absl::StatusCode::kUnauthenticated, from, " cannot be read: ", std::strerror(errno));
    }
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kSubjectTokenBytesMax) {
      return base::Error(absl::StatusCode::kUnauthenticated, from, " is larger than the limit of ",
                         kSubjectTokenBytesMax, " bytes");
    }
    return Extract(format_, text, from);
  }

 private:
  const std::string path_;
  const Format format_;
};

class UrlSource final : public SubjectTokenSource {
 public:
  UrlSource(http::Transport& transport, http::Request request, Format format)
      : transport_(transport), request_(std::move(request)), format_(std::move(format)) {}

  absl::StatusOr<std::string> SubjectToken(absl::Time) override {
    const std::string from = absl::StrCat(http::WithoutSecrets(request_.url), " (credential_source.url)");
    BQCDC_ASSIGN_OR_RETURN(const http::Response response, transport_.Perform(request_));
    if (response.code != 200)
      return RefusalOf(response, from, "is this the place that gives the subject token?");
    return Extract(format_, response.body, from);
  }

 private:
  http::Transport& transport_;
  const http::Request request_;
  const Format format_;
};

absl::StatusOr<http::Request> ReadRequest(const JsonFields& source) {
  http::Request request;
  BQCDC_ASSIGN_OR_RETURN(request.url, source.Text("url"));
  request.timeout = kTokenTimeout;
  if (!source.Has("headers")) return request;
  BQCDC_ASSIGN_OR_RETURN(const JsonFields headers, source.Object("headers"));
  for (const auto& [name, value] : headers.object().items()) {
    BQCDC_ASSIGN_OR_RETURN(const std::string text, headers.OptionalText(name.c_str()));
    if (name.find_first_of("\r\n:") != std::string::npos || text.find_first_of("\r\n") != std::string::npos) {
      return base::InvalidArgument("field ", source.NameOf("headers"),
                                   " has a line break or colon in a header");
    }
    request.headers.emplace_back(name, text);
  }
  return request;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SubjectTokenSource>> MakeSubjectTokenSource(
    const FetcherContext& context, const JsonFields& credential_source, SubjectAudience audience) {
  if (credential_source.Has("executable")) {
    BQCDC_ASSIGN_OR_RETURN(const JsonFields executable, credential_source.Object("executable"));
    return MakeSubjectExecutable(context, executable, std::move(audience));
  }
  for (const char* other : {"environment_id", "certificate"}) {
    if (credential_source.Has(other)) {
      return base::InvalidArgument(
          "field ", credential_source.NameOf(other),
          " asks for a source that is not supported (AWS, certificates); use a file, url or "
          "executable source");
    }
  }
  BQCDC_ASSIGN_OR_RETURN(Format format, ReadFormat(credential_source));
  if (credential_source.Has("file")) {
    BQCDC_ASSIGN_OR_RETURN(std::string path, credential_source.Text("file"));
    return std::make_unique<FileSource>(std::move(path), std::move(format));
  }
  if (credential_source.Has("url")) {
    BQCDC_ASSIGN_OR_RETURN(http::Request request, ReadRequest(credential_source));
    return std::make_unique<UrlSource>(*context.transport, std::move(request), std::move(format));
  }
  return base::InvalidArgument("field credential_source has none of file, url and executable");
}

}  // namespace bqcdc::credentials
