#include "bqcdc/cli/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/cli/exit_code.h"

namespace bqcdc::cli {
namespace {

enum class Events { kHidden, kText, kJson };
Events events = Events::kHidden;

constexpr char kEventLogger[] = "bqcdc events";

std::string JsonText(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// %J: the message as JSON text, quotes included.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = JsonText(std::string(message.payload.data(), message.payload.size()));
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

// Whatever --log-level says: it is asked for, not a remark.
void WriteJson(spdlog::level::level_enum level, const std::string& message, const std::string& members) {
  spdlog::get(kEventLogger)
      ->log(level, "{}",
            absl::StrCat("\"message\":", JsonText(message), members.empty() ? "" : ",", members));
}

}  // namespace

void SetUpLog(const CommonFlags& flags) {
  const auto logger = spdlog::stderr_logger_mt("bqcdc");
  if (flags.log_format == "json") {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<JsonMessage>('J').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%J})");
    logger->set_formatter(std::move(formatter));
    // Its messages are members of the object already.
    const auto event_logger = spdlog::stderr_logger_mt(kEventLogger);
    event_logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})",
                              spdlog::pattern_time_type::utc);
    events = Events::kJson;
  } else {
    logger->set_pattern("bqcdc: %l: %v");
  }
  const std::string level = !flags.log_level.empty() ? flags.log_level : "info";
  const bool asked_for = flags.verbose || flags.log_level == "info" || flags.log_level == "debug";
  if (asked_for && events == Events::kHidden) events = Events::kText;
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(logger);
}

void Tell(std::string_view text, const std::string& members) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (events != Events::kJson) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    return;
  }
  for (const absl::string_view line : absl::StrSplit(base::ToAbsl(text), '\n'))
    WriteJson(spdlog::level::info, std::string(absl::StripLeadingAsciiWhitespace(line)), members);
}

int ReportError(const absl::Status& status, int code) {
  const std::string message(status.message());
  if (events == Events::kJson) {
    WriteJson(spdlog::level::err, message, absl::StrCat(R"("event":"error","exit_code":)", code));
  } else {
    std::fprintf(stderr, "bqcdc: %s\n", message.c_str());
  }
  return code;
}

void LogEvent(const std::string& text, const std::string& members) {
  if (events == Events::kJson) {
    WriteJson(spdlog::level::info, text, members);
  } else if (events == Events::kText) {
    spdlog::info("{}", text);
  }
}

}  // namespace bqcdc::cli
