#include "bqcdc/emulator/server/options.h"

#include <random>
#include <sstream>
#include <string_view>

#include "CLI/CLI.hpp"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/server/host_header.h"
#include "bqcdc/values/duration_text.h"

namespace bqcdc::emulator::server {
namespace {

constexpr int64_t kRequestBytesLimit = int64_t{1} << 30;  // of --max-request-bytes
constexpr int64_t kMemoryMebibytesMin = 256;
constexpr int64_t kMemoryMebibytesLimit = int64_t{1} << 20;

// Texts of the flags that need more than CLI11's own conversion.
struct RawFlags {
  std::string clock = "system";
  std::string shuffle_ties;
  std::string forget_sequences_after;
  std::string idle_timeout;
  std::string table_propagation;
  std::string column_propagation;
};

// Throws CLI::ValidationError, which the caller catches with CLI11's own errors.
absl::Duration ReadDuration(const std::string& flag, const std::string& text) {
  const auto duration = values::ParseDurationText(text);
  if (!duration.ok() || *duration <= absl::ZeroDuration()) {
    throw CLI::ValidationError(flag, "takes a duration like 48h, 10m or 30s, not '" + text + "'");
  }
  return *duration;
}

void ReadClock(const std::string& text, Options& options) {
  if (text == "system") return;
  options.manual_clock = true;
  if (text == "manual") return;
  absl::Time start;
  std::string error;
  if (text.rfind("manual:", 0) != 0 || !absl::ParseTime(absl::RFC3339_full, text.substr(7), &start, &error)) {
    throw CLI::ValidationError("--clock",
                               "takes system, manual or manual:2024-01-31T12:00:00Z, not '" + text + "'");
  }
  options.clock_start = start;
}

void ReadShuffle(const CLI::Option& flag, const std::string& text, Options& options) {
  if (flag.count() == 0) return;
  options.shuffle_ties = true;
  if (text.empty()) {
    options.shuffle_seed = std::random_device()();
    return;
  }
  std::istringstream stream(text);
  if (!(stream >> options.shuffle_seed) || !stream.eof()) {
    throw CLI::ValidationError("--shuffle-ties", "takes a number as its seed, not '" + text + "'");
  }
}

// What leaves this machine is for those who are meant only.
void CheckExposure(const Options& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    throw CLI::ValidationError("--tls-cert and --tls-key", "belong together; give both");
  }
  if (IsLoopbackAddress(options.host)) return;
  if (options.bearer_token_file.empty()) {
    throw CLI::ValidationError(
        "--host", options.host +
                      " can be reached from other machines; give --bearer-token-file FILE, so that "
                      "not everybody there is served (openssl rand -hex 32 > FILE)");
  }
  if (options.tls_cert.empty() && !options.allow_plaintext) {
    throw CLI::ValidationError("--host",
                               options.host +
                                   " can be reached from other machines; give --tls-cert and --tls-key, or "
                                   "--allow-plaintext if the network may read tokens and rows");
  }
}

void AddFlags(CLI::App& app, Options& options, RawFlags& raw) {
  app.add_option("--project", options.project, "project that projects.list names; others work too")
      ->capture_default_str();
  app.add_option("--data-dir", options.data_dir,
                 "where tables are kept; without it they end with the server");
  app.add_option("--host", options.host, "address to listen on")->capture_default_str();
  app.add_option("--http-port", options.http_port, "REST API; 0 = any free port")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  app.add_option("--grpc-port", options.grpc_port, "Storage Write API; 0 = any free port")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  app.add_flag("--admin", options.admin, "serve clock, apply and counters on a loopback port of their own");
  app.add_option("--admin-port", options.admin_port, "port of --admin; 0 = any free port")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  app.add_option("--allow-host", options.allowed_hosts,
                 "serve requests whose Host header names this host too");
  app.add_option("--tls-cert", options.tls_cert,
                 "serve REST and gRPC by TLS with this certificate (PEM, with its chain); needs --tls-key");
  app.add_option("--tls-key", options.tls_key, "the certificate's private key (PEM, without passphrase)");
  app.add_option("--bearer-token-file", options.bearer_token_file,
                 "serve only requests with a bearer token of this file, a token a line; needed where --host "
                 "is not loopback");
  app.add_flag(
      "--allow-plaintext", options.allow_plaintext,
      "where --host is not loopback: serve without TLS, so that tokens and rows can be read on the way");
  app.add_option("--clock", raw.clock, "system, manual, or manual:TIME (RFC 3339), which --admin moves")
      ->capture_default_str();
  app.add_option("--forget-sequences-after", raw.forget_sequences_after,
                 "applied rows forget their sequence number after this long (default: never)");
  app.add_flag("--background-apply,!--no-background-apply", options.background_apply,
               "apply changes in the background, or only when --admin is told to");
  app.add_flag("--honour-rest-max-staleness", options.honour_rest_max_staleness,
               "store maxStaleness given by REST, which the service drops");
  app.add_option("--max-request-bytes", options.request_bytes_max, "largest AppendRows request, in bytes")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1024}, kRequestBytesLimit));
  app.add_option("--memory-mib", options.memory_mebibytes_max,
                 "memory of the store and its queries in MiB; the process takes about a third more")
      ->capture_default_str()
      ->check(CLI::Range(kMemoryMebibytesMin, kMemoryMebibytesLimit));
  app.add_option("--idle-timeout", raw.idle_timeout,
                 "close an AppendRows connection after this long without traffic (default 10m)");
  app.add_option("--table-propagation", raw.table_propagation,
                 "the Storage Write API denies a table for this long after its creation, as the service may "
                 "(default: not at all)");
  app.add_option("--column-propagation", raw.column_propagation,
                 "the Storage Write API does not know a change of a table's columns for this long, as the "
                 "service's may not (default: known at once)");
  app.add_flag("--mode-per-destination", options.mode_per_destination,
               "insert or upsert mode for each destination of a connection, not for all of them together");
  app.add_option("--endpoints-file", options.endpoints_file,
                 "write the endpoints to this file as JSON once ready");
  app.add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_option("--log-format", options.log_format, "text or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  ParsedOptions result;
  RawFlags raw;
  CLI::App app("A local BigQuery: REST API v2 and Storage Write API, with native CDC.", "bqcdc-serve");
  app.set_version_flag("--version", "bqcdc-serve " BQCDC_VERSION);
  AddFlags(app, result.options, raw);
  CLI::Option* const shuffle =
      app.add_option(
             "--shuffle-ties", raw.shuffle_ties,
             "shuffle rows of a request whose order is arbitrary in the service; the number is the seed")
          ->expected(0, 1);
  try {
    app.parse(argc, argv);
    ReadClock(raw.clock, result.options);
    ReadShuffle(*shuffle, raw.shuffle_ties, result.options);
    CheckExposure(result.options);
    if (!raw.forget_sequences_after.empty()) {
      result.options.forget_sequences_after =
          ReadDuration("--forget-sequences-after", raw.forget_sequences_after);
    }
    if (!raw.table_propagation.empty()) {
      result.options.table_propagation = ReadDuration("--table-propagation", raw.table_propagation);
    }
    if (!raw.column_propagation.empty()) {
      result.options.column_propagation = ReadDuration("--column-propagation", raw.column_propagation);
    }
    if (!raw.idle_timeout.empty())
      result.options.idle_timeout = ReadDuration("--idle-timeout", raw.idle_timeout);
  } catch (const CLI::CallForHelp&) {
    result.exit = Exit{0, app.help()};
  } catch (const CLI::CallForVersion& version) {
    result.exit = Exit{0, base::StrCat(version.what(), "\n")};
  } catch (const CLI::Error& error) {
    result.exit =
        Exit{2, base::StrCat("bqcdc-serve: ", error.what(), "\nRun \"bqcdc serve --help\" for more.\n")};
  }
  return result;
}

}  // namespace bqcdc::emulator::server
