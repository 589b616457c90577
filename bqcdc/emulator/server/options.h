#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace bqcdc::emulator::server {

// The command line of `bqcdc-serve`, read and checked.
struct Options {
  std::string project = "local-project";
  std::string data_dir;  // empty: a temporary one that ends with the server
  std::string host = "127.0.0.1";
  int http_port = 9050;  // 0: any free one, for each port
  int grpc_port = 9060;
  bool admin = false;
  int admin_port = 0;
  std::vector<std::string> allowed_hosts;  // `Host` headers that are served besides loopback names

  std::string tls_cert, tls_key;  // PEM files, both or neither; empty: plaintext
  std::string bearer_token_file;  // empty: no token is asked for
  bool allow_plaintext = false;   // off loopback without TLS

  bool manual_clock = false;
  std::optional<absl::Time> clock_start;  // unset: the machine's present time

  bool shuffle_ties = false;
  uint64_t shuffle_seed = 0;
  absl::Duration forget_sequences_after = absl::ZeroDuration();
  bool honour_rest_max_staleness = false;
  bool background_apply = true;

  int64_t request_bytes_max = 20 * 1024 * 1024;
  int64_t memory_mebibytes_max = 1024;  // of the store and its queries
  absl::Duration idle_timeout = absl::Seconds(600);
  absl::Duration table_propagation = absl::ZeroDuration();
  absl::Duration column_propagation = absl::ZeroDuration();
  bool mode_per_destination = false;

  std::string endpoints_file;  // empty: none
  std::string log_level = "info";
  std::string log_format = "text";
};

// What a parse that does not lead to a server gives: the text to print and the exit code (0 for --help, 2 for
// wrong usage).
struct Exit {
  int code = 0;
  std::string text;
};

// Unset `exit`: `options` is complete.
struct ParsedOptions {
  Options options;
  std::optional<Exit> exit;
};

ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace bqcdc::emulator::server
