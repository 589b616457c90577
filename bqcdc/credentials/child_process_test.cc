#include "bqcdc/credentials/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/time/clock.h"

namespace bqcdc::credentials {
namespace {

ChildOutcome Shell(const std::string& script, absl::Duration timeout = absl::Seconds(30)) {
  return RunChild({"sh", "-c", script}, {{"TOLD", "this"}}, timeout, 1000);
}

TEST(RunChild, GivesTheOutputAndTheVariables) {
  const ChildOutcome outcome = Shell("echo \"$TOLD\" out; echo err >&2; cat");
  EXPECT_EQ(outcome.fault, "");
  EXPECT_EQ(outcome.output, "this out\n");
}

TEST(RunChild, SaysHowItEnded) {
  EXPECT_EQ(Shell("exit 3").fault, "ended with exit code 3");
  EXPECT_EQ(Shell("kill -9 $$").fault, "was ended by signal 9");
  EXPECT_EQ(RunChild({"/no/such/program"}, {}, absl::Seconds(30), 10).fault,
            "cannot be run: No such file or directory");
  EXPECT_TRUE(absl::StartsWith(Shell("yes").fault, "writes more than the limit of 1000 bytes"));
}

TEST(RunChild, KillsItWithItsChildrenWhenTimeIsOver) {
  const ChildOutcome outcome = Shell("sleep 600 & echo $!; wait", absl::Milliseconds(300));
  EXPECT_TRUE(absl::StartsWith(outcome.fault, "did not end in time")) << outcome.fault;
  int grandchild = 0;
  ASSERT_TRUE(absl::SimpleAtoi(outcome.output, &grandchild));
  // It is nobody's child of ours, so its end is seen when init has taken it.
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (kill(grandchild, 0) == 0 && absl::Now() < deadline) {
    // A zombie that nobody collects counts as ended.
    char state = 0;
    if (FILE* file = fopen(("/proc/" + std::to_string(grandchild) + "/stat").c_str(), "r")) {
      if (fscanf(file, "%*d %*s %c", &state) != 1) state = 0;
      fclose(file);
    }
    if (state == 'Z' || state == 0) break;
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_LT(absl::Now(), deadline);
  // It closed its output and runs on.
  EXPECT_TRUE(
      absl::StartsWith(Shell("exec >&-; sleep 600", absl::Milliseconds(300)).fault, "did not end in time"));
}

}  // namespace
}  // namespace bqcdc::credentials
