#include "bqcdc/write/lane_scaler.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bqcdc::write {
namespace {

// Plays seconds of a service that takes `rate` bytes a second from `lanes` lanes, asked ten times a second.
class Service {
 public:
  explicit Service(LaneScalerOptions options = {}) : scaler_(options, now_) {}

  template <typename Rate>
  int Run(int seconds, bool waiting, Rate rate) {
    for (int i = 0; i < seconds * 10; ++i) {
      now_ += absl::Milliseconds(100);
      bytes_ += static_cast<std::int64_t>(rate(scaler_.lanes()) / 10);
      scaler_.Update(now_, waiting, bytes_);
    }
    return scaler_.lanes();
  }

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  std::int64_t bytes_ = 0;
  LaneScaler scaler_;
};

constexpr auto kEachLaneBrings = [](int lanes) { return 1e6 * lanes; };
constexpr auto kTheServiceIsTheLimit = [](int) { return 1e6; };

TEST(LaneScalerTest, GrowsWhereEachLaneBringsMore) {
  Service service;
  EXPECT_EQ(service.Run(60, true, kEachLaneBrings), 8);
}

TEST(LaneScalerTest, TakesBackWhatBringsNothing) {
  Service service;
  EXPECT_EQ(service.Run(20, true, kTheServiceIsTheLimit), 1);
}

// Where rows wait for room, all windows are full, and what they hold is acknowledged once in a latency.
constexpr double kWindowBytes = 24e6, kDistanceSeconds = 0.1;
constexpr auto kRate = [](int lanes, double latency_seconds) {
  return lanes * kWindowBytes / latency_seconds;
};

TEST(LaneScalerTest, KeepsLanesWhoseLatencyStays) {
  Service distant;
  EXPECT_EQ(distant.Run(60, true, [](int lanes) { return kRate(lanes, kDistanceSeconds); }), 8);
}

TEST(LaneScalerTest, TakesBackLanesThatMakeAnswersLater) {
  const auto grows_with_load = [](int lanes) { return kRate(lanes, kDistanceSeconds * lanes); };
  Service loaded;
  EXPECT_EQ(loaded.Run(20, true, grows_with_load), 1);
}

TEST(LaneScalerTest, KeepsAsManyLanesAsLeaveTheLatency) {
  // Four windows are what the service answers within its distance; more queue up there.
  const auto queues_up = [](int lanes) {
    return kRate(lanes, kDistanceSeconds * std::max(1.0, lanes / 4.0));
  };
  Service service;
  EXPECT_EQ(service.Run(30, true, queues_up), 4);
}

TEST(LaneScalerTest, TriesAgainLaterAndLater) {
  Service service;
  int trials = 0;
  for (int second = 0, before = 1; second < 200; ++second) {
    const int lanes = service.Run(1, true, kTheServiceIsTheLimit);
    trials += before == 1 && lanes == 2 ? 1 : 0;
    before = lanes;
  }
  // After about 1, 34 and 97 seconds; the next would come after 240.
  EXPECT_EQ(trials, 3);
}

TEST(LaneScalerTest, DoesNotGrowWithoutWaiting) {
  Service service;
  EXPECT_EQ(service.Run(60, false, kEachLaneBrings), 1);
}

TEST(LaneScalerTest, GivesUpLanesThatNobodyWaitsFor) {
  Service service;
  ASSERT_EQ(service.Run(60, true, kEachLaneBrings), 8);
  EXPECT_EQ(service.Run(59, false, kEachLaneBrings), 8);
  EXPECT_EQ(service.Run(2, false, kEachLaneBrings), 4);
  EXPECT_EQ(service.Run(200, false, kEachLaneBrings), 1);
}

TEST(LaneScalerTest, StaysWithinItsLimit) {
  LaneScalerOptions options;
  options.lanes_max = 3;
  Service service(options);
  EXPECT_EQ(service.Run(60, true, kEachLaneBrings), 3);
  options.lanes_max = 1;
  Service single(options);
  EXPECT_EQ(single.Run(60, true, kEachLaneBrings), 1);
}

}  // namespace
}  // namespace bqcdc::write
