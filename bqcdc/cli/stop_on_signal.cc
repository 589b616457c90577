#include "bqcdc/cli/stop_on_signal.h"

#include <signal.h>
#include <unistd.h>

namespace bqcdc::cli {
namespace {

pipeline::StopSignal* g_stop = nullptr;  // Signal handlers have no other way to their object.

void Handle(int number) {
  if (g_stop->requested()) _exit(128 + number);
  g_stop->Request();
}

void Install(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

StopOnSignal::StopOnSignal(pipeline::StopSignal& stop) {
  g_stop = &stop;
  Install(Handle);
}

StopOnSignal::~StopOnSignal() {
  Install(SIG_DFL);
  g_stop = nullptr;
}

}  // namespace bqcdc::cli
