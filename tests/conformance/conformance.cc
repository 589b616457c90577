// Runs conformance cases on an endpoint: a local server of its own, another one, or the real service.
//
//   conformance run …      all cases
//   conformance probe …    those that ask for what the service's documentation leaves open, point by point

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/session/session.h"
#include "tests/conformance/case_library.h"
#include "tests/conformance/case_runner.h"
#include "tests/conformance/local_endpoints.h"
#include "tests/conformance/point_list.h"
#include "tests/conformance/recording.h"

namespace bqcdc::conformance {
namespace {

// Exit codes.
constexpr int kAsDecided = 0, kFailed = 1, kWrongUsage = 2, kDiffers = 3;

absl::Status WrongUsage(const std::string& message) {
  return session::MarkWrongUsage(absl::InvalidArgumentError(message));
}

struct Flags {
  session::SessionOptions session;
  std::string admin, dataset = "bqcdc_conformance", record, compare;
  std::string cases = BQCDC_CONFORMANCE_CASES, points = BQCDC_CONFORMANCE_POINTS;
  std::string wait = "0s";
  std::vector<std::string> names;
  bool local = false, probe = false, costly = false;
};

// The endpoint of the flags, or local ones.
class Endpoints {
 public:
  explicit Endpoints(const Flags& flags) : flags_(flags) {}

  absl::StatusOr<Endpoint*> For(const Case& test_case) {
    if (flags_.local) return local_.For(test_case);
    if (endpoint_ == nullptr) BQCDC_RETURN_IF_ERROR(Connect());
    return endpoint_.get();
  }

 private:
  absl::Status Connect() {
    BQCDC_ASSIGN_OR_RETURN(session_, session::Session::Open(flags_.session));
    if (session_->project().empty())
      return WrongUsage("no project: give --project, or credentials that name one");
    EndpointAddresses addresses;
    addresses.rest = session_->endpoints().rest_url;
    addresses.open_storage = [this]() -> absl::StatusOr<std::shared_ptr<grpc::Channel>> {
      BQCDC_ASSIGN_OR_RETURN(channels_.emplace_back(), session_->OpenStorageChannel());
      return channels_.back().channel;
    };
    addresses.admin = flags_.admin;
    addresses.token = [this] { return session_->credentials().tokens->Token(); };
    addresses.project = session_->project();
    addresses.dataset = flags_.dataset;
    addresses.location = flags_.session.location;
    if (!absl::ParseDuration(flags_.wait, &addresses.wait_max))
      return WrongUsage("--wait-up-to needs a duration, as 90s or 49h");
    addresses.costly = flags_.costly;
    BQCDC_ASSIGN_OR_RETURN(auto endpoint, Endpoint::Connect(std::move(addresses)));
    BQCDC_RETURN_IF_ERROR(EnsureDataset(*endpoint));
    endpoint_ = std::move(endpoint);
    return absl::OkStatus();
  }

  const Flags& flags_;
  LocalEndpoints local_;
  std::unique_ptr<session::Session> session_;
  std::vector<write::StorageChannel> channels_;
  std::unique_ptr<Endpoint> endpoint_;
};

// What is asked: without a probe one group of no point.
struct Group {
  Point point;
  std::vector<Case> cases;
};

absl::StatusOr<std::vector<Group>> ChooseCases(const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<Case> cases, LoadCases(flags.cases));
  BQCDC_ASSIGN_OR_RETURN(const std::vector<Point> points, LoadPoints(flags.points));
  BQCDC_RETURN_IF_ERROR(CheckPoints(points, cases));
  const auto named = [&](const std::string& name) {
    return flags.names.empty() ||
           std::find(flags.names.begin(), flags.names.end(), name) != flags.names.end();
  };
  for (const std::string& name : flags.names) {
    const auto called = [&](const auto& one) { return one.name == name; };
    if (std::none_of(cases.begin(), cases.end(), called) &&
        std::none_of(points.begin(), points.end(), called))
      return WrongUsage(absl::StrCat("no case or point is called ", name));
  }
  std::vector<Group> groups;
  if (flags.probe) {
    for (const Point& point : points) groups.push_back({point, {}});
  } else {
    groups.emplace_back();
  }
  for (Group& group : groups) {
    for (const Case& one : cases) {
      if (flags.probe && one.point != group.point.name) continue;
      if (named(one.name) || (!one.point.empty() && named(one.point))) group.cases.push_back(one);
    }
  }
  std::erase_if(groups, [&](const Group& one) { return one.cases.empty() && !named(one.point.name); });
  return groups;
}

// The run of all groups, and what has been counted.
class Table {
 public:
  Table(const Flags& flags, const Recording& fixture) : flags_(flags), fixture_(fixture), endpoints_(flags) {}

  absl::Status Add(const Group& group) {
    if (flags_.probe) {
      const Point& point = group.point;
      std::printf("%13s %s: %s\n%13s   here: %s\n", "", point.name.c_str(), point.open.c_str(), "",
                  point.here.c_str());
      ++points_;
      if (!point.not_probed.empty()) {
        ++not_probed_;
        Print("not probed", point.not_probed, {});
      }
    }
    for (const Case& one : group.cases) BQCDC_RETURN_IF_ERROR(Run(one));
    return absl::OkStatus();
  }

  // The exit code.
  int End() const {
    if (flags_.probe)
      std::printf("%d points: %d asked by cases, %d not probed\n", points_, points_ - not_probed_,
                  not_probed_);
    if (not_recorded_ > 0) std::printf("%d cases are not in %s\n", not_recorded_, flags_.compare.c_str());
    std::printf("%d cases: %d %s, %d differ, %d not run\n", same_ + different_ + not_run_ + not_recorded_,
                same_, flags_.compare.empty() ? "as decided" : "as recorded", different_, not_run_);
    return different_ > 0 ? kDiffers : kAsDecided;
  }

  const Recording& recording() const { return recording_; }

 private:
  absl::Status Run(const Case& test_case) {
    BQCDC_ASSIGN_OR_RETURN(Endpoint * endpoint, endpoints_.For(test_case));
    CaseRunner runner(*endpoint, test_case, &recording_);
    if (const auto reason = runner.CannotRun()) {
      ++not_run_;
      Print("not run", test_case.name, {*reason});
      return absl::OkStatus();
    }
    const auto difference = runner.Run();
    if (flags_.compare.empty()) {
      ++(difference ? different_ : same_);
      Print(difference ? "differs" : "as decided", test_case.name,
            difference ? std::vector<std::string>{*difference} : std::vector<std::string>{});
    } else if (!fixture_.Holds(test_case.name)) {
      ++not_recorded_;
      Print("no recording", test_case.name, {});
    } else {
      const std::vector<std::string> differences = recording_.Differences(test_case.name, fixture_);
      ++(differences.empty() ? same_ : different_);
      Print(differences.empty() ? "as recorded" : "differs", test_case.name, differences);
    }
    return absl::OkStatus();
  }

  // One line, and what is to be said of it below.
  static void Print(const char* verdict, const std::string& text, const std::vector<std::string>& details) {
    std::printf("%-13s   %s\n", verdict, text.c_str());
    for (const std::string& line : details) std::printf("%13s     %s\n", "", line.c_str());
    std::fflush(stdout);
  }

  const Flags& flags_;
  const Recording& fixture_;
  Endpoints endpoints_;
  Recording recording_;
  int points_ = 0, not_probed_ = 0, same_ = 0, different_ = 0, not_run_ = 0, not_recorded_ = 0;
};

absl::StatusOr<int> Run(const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<Group> groups, ChooseCases(flags));
  Recording fixture;
  if (!flags.compare.empty()) {
    BQCDC_ASSIGN_OR_RETURN(fixture, Recording::Read(flags.compare));
  }
  std::printf("%-13s %s\n", "ANSWER",
              flags.probe ? "WHAT THE DOCUMENTATION LEAVES OPEN, AND THE CASES" : "CASE");
  Table table(flags, fixture);
  for (const Group& group : groups) BQCDC_RETURN_IF_ERROR(table.Add(group));
  if (!flags.record.empty()) BQCDC_RETURN_IF_ERROR(table.recording().Write(flags.record));
  return table.End();
}

void AddFlags(CLI::App& command, Flags& flags) {
  command.add_option("CASE", flags.names, "Only these, or those of these points");
  command.add_flag("--local", flags.local,
                   "Start a local server with a clock that can be driven, and run the cases there");
  command.add_option("--project", flags.session.project, "Project that the cases' dataset is made in");
  command.add_option("--endpoint", flags.session.endpoint, "REST endpoint; without: BigQuery itself");
  command.add_option("--storage-endpoint", flags.session.storage_endpoint, "gRPC endpoint");
  command.add_option("--admin-endpoint", flags.admin, "Where a local server's clock is driven");
  command.add_option("--credentials", flags.session.credentials, "Credentials file");
  command.add_option("--access-token-file", flags.session.access_token_file, "File with a bearer token");
  command.add_option("--location", flags.session.location, "Where a missing dataset is made");
  command
      .add_option("--wait-up-to", flags.wait,
                  "How long a case may wait where no clock can be driven, as 5m or 49h")
      ->capture_default_str();
  command.add_flag("--costly", flags.costly,
                   "Run cases that take what other writers of the project need, too");
  command.add_option("--dataset", flags.dataset, "Dataset for the cases' tables; made where it is missing")
      ->capture_default_str();
  command.add_option("--record", flags.record, "Write each answer to this file");
  command.add_option("--compare", flags.compare,
                     "Compare answers with such a file instead of with what the cases say");
  command.add_option("--cases", flags.cases, "Folder of case files")->capture_default_str();
  command.add_option("--points", flags.points, "List of what the documentation leaves open")
      ->capture_default_str();
}

}  // namespace
}  // namespace bqcdc::conformance

int main(int argc, char** argv) {
  using namespace bqcdc::conformance;
  CLI::App app("Runs conformance cases on an endpoint.", "conformance");
  app.footer("Exit codes: 0 all as decided (or recorded), 3 some answers differ, 1 failure, 2 wrong usage.");
  app.require_subcommand(1);
  Flags flags;
  AddFlags(*app.add_subcommand("run", "All cases"), flags);
  CLI::App* const probe =
      app.add_subcommand("probe", "What the service's documentation leaves open, point by point");
  AddFlags(*probe, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAsDecided : kWrongUsage;
  }
  flags.probe = probe->parsed();
  const absl::StatusOr<int> code = Run(flags);
  if (code.ok()) return *code;
  std::fprintf(stderr, "conformance: %s\n", std::string(code.status().message()).c_str());
  return bqcdc::session::IsWrongUsage(code.status()) ? kWrongUsage : kFailed;
}
