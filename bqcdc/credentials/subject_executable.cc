#include "bqcdc/credentials/subject_executable.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/child_process.h"

namespace bqcdc::credentials {
namespace {

using nlohmann::json;

constexpr int64_t kTimeoutMillisDefault = 30'000, kTimeoutMillisMin = 5'000, kTimeoutMillisMax = 120'000;
constexpr char kSaml2[] = "urn:ietf:params:oauth:token-type:saml2";

struct ExecutableAnswer {
  std::string token;
  std::optional<absl::Time> expires;
};

absl::Status Unfit(const std::string& from, const char* why) {
  return base::Error(absl::StatusCode::kUnauthenticated, from, " ", why);
}

absl::StatusOr<ExecutableAnswer> ReadAnswer(const std::string& text, const std::string& from) {
  const auto body = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) return Unfit(from, "gives no JSON object");
  const auto member = [&body](const char* name) { return body.contains(name) ? body[name] : json(); };
  if (member("version") != 1) return Unfit(from, "gives no answer of version 1");
  if (!member("success").is_boolean()) return Unfit(from, "does not say success true or false");
  // Its own message may hold anything.
  if (!member("success").get<bool>())
    return Unfit(from, "says that it had no success; run it by hand to see why");
  const char* const name = member("token_type") == kSaml2 ? "saml_response" : "id_token";
  if (!member(name).is_string() || member(name).get<std::string>().empty()) {
    return base::Error(absl::StatusCode::kUnauthenticated, from, " gives no ", name);
  }
  ExecutableAnswer answer;
  answer.token = member(name).get<std::string>();
  if (member("expiration_time").is_number_integer()) {
    answer.expires = absl::FromUnixSeconds(member("expiration_time").get<int64_t>());
  }
  return answer;
}

class Executable final : public SubjectTokenSource {
 public:
  Executable(const FetcherContext& context, std::vector<std::string> command, absl::Duration timeout,
             std::string output_file, SubjectAudience audience)
      : environment_(context.environment),
        command_(std::move(command)),
        timeout_(timeout),
        output_file_(std::move(output_file)),
        audience_(std::move(audience)) {}

  absl::StatusOr<std::string> SubjectToken(absl::Time now) override {
    if (environment_(kAllowExecutables) != "1") {
      return absl::FailedPreconditionError(absl::StrCat(
          "credential_source.executable is not run, since a credentials file could run any program; set ",
          kAllowExecutables, "=1 if you trust the file"));
    }
    if (const std::optional<std::string> cached = FromOutputFile(now)) return *cached;
    const std::string from = absl::StrCat("executable ", command_.front(), " (credential_source.executable)");
    std::map<std::string, std::string> variables = {
        {"GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", audience_.audience},
        {"GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", audience_.token_type},
        {"GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0"}};
    if (!output_file_.empty()) variables["GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE"] = output_file_;
    if (!audience_.impersonated_email.empty()) {
      variables["GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL"] = audience_.impersonated_email;
    }
    const ChildOutcome outcome = RunChild(command_, variables, timeout_, kSubjectTokenBytesMax);
    if (!outcome.fault.empty())
      return base::Error(absl::StatusCode::kUnauthenticated, from, " ", outcome.fault);
    BQCDC_ASSIGN_OR_RETURN(const ExecutableAnswer answer, ReadAnswer(outcome.output, from));
    if (!output_file_.empty() && !answer.expires) {
      return Unfit(from, "gives no expiration_time, which is needed with output_file");
    }
    if (answer.expires && *answer.expires <= now) return Unfit(from, "gives a token that has expired");
    return answer.token;
  }

 private:
  // What the executable left there earlier, if it still holds.
  std::optional<std::string> FromOutputFile(absl::Time now) const {
    if (output_file_.empty()) return std::nullopt;
    std::ifstream stream(output_file_, std::ios::binary);
    std::string text(kSubjectTokenBytesMax, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
    const auto answer = ReadAnswer(text, output_file_);
    if (!answer.ok() || !answer->expires || *answer->expires <= now) return std::nullopt;
    return answer->token;
  }

  const std::function<std::string(const char*)> environment_;
  const std::vector<std::string> command_;
  const absl::Duration timeout_;
  const std::string output_file_;
  const SubjectAudience audience_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SubjectTokenSource>> MakeSubjectExecutable(const FetcherContext& context,
                                                                          const JsonFields& executable,
                                                                          SubjectAudience audience) {
  BQCDC_ASSIGN_OR_RETURN(const std::string command, executable.Text("command"));
  BQCDC_ASSIGN_OR_RETURN(
      const int64_t timeout_millis,
      executable.Integer("timeout_millis", kTimeoutMillisDefault, kTimeoutMillisMin, kTimeoutMillisMax));
  BQCDC_ASSIGN_OR_RETURN(std::string output_file, executable.OptionalText("output_file"));
  std::vector<std::string> words = absl::StrSplit(command, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty()) return base::InvalidArgument("field ", executable.NameOf("command"), " is blank");
  return std::make_unique<Executable>(context, std::move(words), absl::Milliseconds(timeout_millis),
                                      std::move(output_file), std::move(audience));
}

}  // namespace bqcdc::credentials
