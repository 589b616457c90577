#include "bqcdc/base/failpoint.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace bqcdc::base {
namespace {

constexpr std::string_view kNames[] = {
#define BQCDC_FAILPOINT_TEXT(name, text) text,
    BQCDC_FAILPOINT_LIST(BQCDC_FAILPOINT_TEXT)
#undef BQCDC_FAILPOINT_TEXT
};

}  // namespace

std::string_view FailpointName(Failpoint point) { return kNames[static_cast<int>(point)]; }

#ifdef BQCDC_FAILPOINTS
namespace {

constexpr int kExitCode = 137;

struct Wanted {
  std::string name;
  long visits = 1;
};

Wanted ReadEnvironment() {
  Wanted wanted;
  const char* text = std::getenv("BQCDC_FAILPOINT");
  if (text == nullptr) return wanted;
  wanted.name = text;
  if (const size_t colon = wanted.name.find(':'); colon != std::string::npos) {
    wanted.visits = std::strtol(wanted.name.c_str() + colon + 1, nullptr, 10);
    wanted.name.resize(colon);
  }
  return wanted;
}

}  // namespace

void HitFailpoint(Failpoint point) {
  static const Wanted wanted = ReadEnvironment();
  static std::atomic<long> visits{0};
  if (FailpointName(point) == wanted.name && ++visits == wanted.visits) _exit(kExitCode);
}
#endif

}  // namespace bqcdc::base
