// docs/guides/metrics.md, names.h and a real answer name the same metrics, kinds and labels.

#include "bqcdc/metrics/names.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "bqcdc/metrics/exposition.h"
#include "bqcdc/metrics/metrics_server.h"

namespace bqcdc::metrics {
namespace {

struct Told {
  std::string kind;
  std::set<std::string> labels;
  friend bool operator==(const Told&, const Told&) = default;
  friend void PrintTo(const Told& told, std::ostream* out) {
    *out << told.kind << " {";
    for (const std::string& label : told.labels) *out << " " << label;
    *out << " }";
  }
};
using ByName = std::map<std::string, Told>;

std::set<std::string> SplitLabels(const std::string& text) {
  std::set<std::string> labels;
  std::stringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) labels.insert(part);
  return labels;
}

ByName OfHeader() {
  ByName names;
  for (const Metric& metric : kMetrics) {
    Told& told = names[std::string(metric.name)];
    told.kind = metric.kind == Kind::kCounter ? "counter"
                : metric.kind == Kind::kGauge ? "gauge"
                                              : "histogram";
    if (!metric.label.empty()) told.labels.insert(std::string(metric.label));
    if (metric.name == kRun.name)
      told.labels = {std::string(kTable), std::string(kEpoch), std::string(kVersion)};
    EXPECT_FALSE(metric.help.empty());
  }
  EXPECT_EQ(names.size(), std::size(kMetrics)) << "a name twice";
  return names;
}

ByName OfGuide() {
  ByName names;
  std::ifstream guide(BQCDC_SOURCE_DIRECTORY "/docs/guides/metrics.md");
  EXPECT_TRUE(guide.good());
  const std::regex row(R"re(\| `(bqcdc_\w+)(?:\{([\w,]+)\})?` \| (\w+) \| (.+) \|)re");
  for (std::string line; std::getline(guide, line);) {
    std::smatch match;
    if (std::regex_match(line, match, row)) names[match[1]] = {match[3], SplitLabels(match[2])};
  }
  return names;
}

// Every metric has a sample, so that its labels are seen.
pipeline::RunSnapshot EverythingKnown() {
  pipeline::RunSnapshot run;
  run.table = "p.d.t";
  run.dead_letters["refused"] = 1;
  run.errors[write::AppendAction::kSetRowsAside] = 1;
  run.call_errors[write::AppendAction::kReopen] = 1;
  run.last_acknowledged = run.watermark = absl::FromUnixSeconds(1'700'000'000);
  run.window_use = {0.5, 0.25};
  return run;
}

ByName OfScrape(const std::string& body) {
  ByName names;
  std::stringstream lines(body);
  const std::regex type(R"(# TYPE (\w+) (\w+))"), sample(R"((\w+?)(_bucket|_sum|_count)?(?:\{(.*)\})? \S+)");
  const std::regex label(R"re((\w+)="[^"]*")re");
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, type)) {
      names[match[1]].kind = match[2];
    } else if (line.rfind("#", 0) != 0 && std::regex_match(line, match, sample)) {
      std::string name = match[1];
      if (names.count(name) == 0) name += match[2];
      EXPECT_EQ(names.count(name), 1u) << line;
      const std::string labels = match[3];
      for (std::sregex_iterator at(labels.begin(), labels.end(), label), end; at != end; ++at) {
        if ((*at)[1] != "le") names[name].labels.insert((*at)[1]);
      }
    }
  }
  return names;
}

TEST(Names, GuideHeaderAndScrapeAreTheSame) {
  const auto server =
      MetricsServer::Start({0, [] { return Exposition(EverythingKnown(), absl::OkStatus(), "1.2.3"); },
                            [] { return absl::OkStatus(); }});
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto answer = client.Get("/metrics");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->get_header_value("Content-Type"), kExpositionContentType);
  const ByName header = OfHeader();
  EXPECT_EQ(OfScrape(answer->body), header);
  EXPECT_EQ(OfGuide(), header);
}

}  // namespace
}  // namespace bqcdc::metrics
