#include "bqcdc/cli/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"

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

void LogEvent(const std::string& text, const std::string& members) {
  if (events == Events::kJson) {
    spdlog::get(kEventLogger)->info("{}", absl::StrCat("\"message\":", JsonText(text), ",", members));
  } else if (events == Events::kText) {
    spdlog::info("{}", text);
  }
}

}  // namespace bqcdc::cli
