#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "bqcdc/base/standard_streams.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/base/thread_class.h"
#include "bqcdc/emulator/server/environment.h"
#include "bqcdc/emulator/server/options.h"
#include "google/protobuf/stubs/logging.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

// bqcdc-serve: the local BigQuery. Endpoints go to standard output once it is ready, everything else to
// standard error.
namespace {

using bqcdc::emulator::server::Endpoints;
using bqcdc::emulator::server::Environment;
using bqcdc::emulator::server::Options;

// Ended by these; every thread has them blocked, so that sigwait() sees them.
sigset_t BlockEndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// A connection takes a descriptor, and the store must not want for one because of them. What systemd and
// containers allow is far above the shell's 1,024.
void RaiseFileLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void SetUpLog(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("bqcdc-serve"));
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  spdlog::set_pattern(
      options.log_format == "json" ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":"%v"})"
                                   : "%Y-%m-%d %H:%M:%S.%e %l: %v",
      options.log_format == "json" ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local);
}

// Readers never see half of the file.
bool WriteEndpoints(const std::string& path, const Endpoints& endpoints) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary, std::ios::trunc);
  file << endpoints.ToJson();
  file.close();
  return file.good() && rename(temporary.c_str(), path.c_str()) == 0;
}

void PrintEndpoints(const Endpoints& endpoints) {
  printf("bqcdc-serve: REST %s\nbqcdc-serve: gRPC %s\n", endpoints.rest.c_str(), endpoints.storage.c_str());
  if (!endpoints.admin.empty()) printf("bqcdc-serve: admin %s\n", endpoints.admin.c_str());
  fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  bqcdc::base::KeepStandardStreams(argv);
  const auto parsed = bqcdc::emulator::server::ParseOptions(argc, argv);
  if (parsed.exit) {
    fputs(parsed.exit->text.c_str(), parsed.exit->code == 0 ? stdout : stderr);
    return parsed.exit->code;
  }
  const Options& options = parsed.options;
  // What these libraries would say on standard error is ours to say, in one line; GRPC_VERBOSITY turns it on
  // again.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  google::protobuf::SetLogHandler(nullptr);
  bqcdc::base::SetThreadClass(bqcdc::base::ThreadClass::kAnswers);
  const sigset_t signals = BlockEndSignals();
  RaiseFileLimit();
  SetUpLog(options);
  auto environment = Environment::Start(options);
  if (!environment.ok()) {
    fprintf(stderr, "bqcdc-serve: %s\n",
            std::string(bqcdc::base::ToStd(environment.status().message())).c_str());
    return EXIT_FAILURE;
  }
  const Endpoints& endpoints = (*environment)->endpoints();
  if (options.shuffle_ties) spdlog::info("ties are shuffled with seed {}", options.shuffle_seed);
  spdlog::info("data directory {}", (*environment)->data_dir());
  PrintEndpoints(endpoints);
  if (!options.endpoints_file.empty() && !WriteEndpoints(options.endpoints_file, endpoints)) {
    fprintf(stderr, "bqcdc-serve: cannot write %s\n", options.endpoints_file.c_str());
    return EXIT_FAILURE;
  }
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  spdlog::info("ending on signal {}", signal_number);
  environment->reset();
  return EXIT_SUCCESS;
}
