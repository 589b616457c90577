#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "bqcdc/credentials/token_source.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "tests/misbehaving_service/idle_clock.h"
#include "tests/misbehaving_service/misbehaving_service.h"

namespace bqcdc::misbehaving {

// What one history is lived in: a clock, a misbehaving service, and the REST API of its tables. Whoever
// stands still in it is ended.
class HistoryWorld {
 public:
  struct Table {
    std::string name;  // "p.d.t"
    std::vector<std::string> key_columns;
  };
  struct Options {
    WireMutant mutant = WireMutant::kNone;
    int clock_patience = 1;  // of IdleClock
    // A history that does not come to its end is a problem like others, and noticed sooner. False = with a
    // patient clock it ends the test.
    bool may_be_stuck = false;
  };
  // `print` tells a person what is lived; called where the test is ended.
  HistoryWorld(const Script& script, std::vector<Table> tables, const Options& options,
               std::function<std::string()> print);

  IdleClock& clock() { return clock_; }
  rest::BigQueryClient& client() { return client_; }
  MisbehavingService& service() { return service_; }
  const MisbehavingService& service() const { return service_; }
  // Whether it had to be ended.
  bool stuck() const { return stuck_; }
  // Time passes without anybody at work; what REST had still in store for whoever was has passed then.
  void Pass(absl::Duration duration);

 private:
  void AddColumn(const std::string& statement);
  void OnOverrun();
  void GiveUp();

  const std::vector<Table> tables_;
  const Options options_;
  const std::function<std::string()> print_;
  IdleClock clock_;
  rest::testing::FakeRestService rest_;
  credentials::NoToken no_token_;
  rest::BigQueryClient client_{{.base_url = "http://fake", .project = "p"}, rest_, no_token_, clock_};
  MisbehavingService service_;
  std::atomic<bool> stuck_{false};
};

}  // namespace bqcdc::misbehaving
