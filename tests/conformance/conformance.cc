// Runs conformance cases on an endpoint: a local server of its own, another one, or the real service.
//
//   conformance run …      all cases
//   conformance probe …    those that state a decision which the service's documentation leaves open

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/session/session.h"
#include "tests/conformance/case_library.h"
#include "tests/conformance/case_runner.h"
#include "tests/conformance/local_endpoints.h"
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
  std::string admin, dataset = "bqcdc_conformance", record, compare, cases = BQCDC_CONFORMANCE_CASES;
  std::vector<std::string> names;
  bool local = false, probe = false;
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
    BQCDC_ASSIGN_OR_RETURN(channel_, session_->OpenStorageChannel());
    EndpointAddresses addresses;
    addresses.rest = session_->endpoints().rest_url;
    addresses.storage = channel_.channel;
    addresses.admin = flags_.admin;
    addresses.token = [this] { return session_->credentials().tokens->Token(); };
    addresses.project = session_->project();
    addresses.dataset = flags_.dataset;
    auto endpoint = std::make_unique<Endpoint>(std::move(addresses));
    BQCDC_RETURN_IF_ERROR(EnsureDataset(*endpoint));
    endpoint_ = std::move(endpoint);
    return absl::OkStatus();
  }

  const Flags& flags_;
  LocalEndpoints local_;
  std::unique_ptr<session::Session> session_;
  write::StorageChannel channel_;
  std::unique_ptr<Endpoint> endpoint_;
};

absl::StatusOr<std::vector<Case>> ChooseCases(const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(std::vector<Case> cases, LoadCases(flags.cases));
  for (const std::string& name : flags.names) {
    if (std::none_of(cases.begin(), cases.end(), [&](const Case& one) { return one.name == name; }))
      return WrongUsage(absl::StrCat("no case is called ", name, " (in ", flags.cases, ")"));
  }
  std::erase_if(cases, [&](const Case& one) {
    if (!flags.names.empty())
      return std::find(flags.names.begin(), flags.names.end(), one.name) == flags.names.end();
    return flags.probe && one.unconfirmed.empty();
  });
  return cases;
}

// One line a case, and what differs below it.
void Print(const Case& test_case, const char* verdict, const std::vector<std::string>& details) {
  std::printf("%-13s %-70s %s\n", verdict, test_case.name.c_str(), test_case.unconfirmed.c_str());
  for (const std::string& line : details) std::printf("              %s\n", line.c_str());
  std::fflush(stdout);
}

absl::StatusOr<int> Run(const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<Case> cases, ChooseCases(flags));
  Recording fixture;
  if (!flags.compare.empty()) {
    BQCDC_ASSIGN_OR_RETURN(fixture, Recording::Read(flags.compare));
  }
  Endpoints endpoints(flags);
  Recording recording;
  int same = 0, different = 0, not_run = 0, not_recorded = 0;
  std::printf("%-13s %-70s %s\n", "ANSWER", "CASE", "WHAT THE DOCUMENTATION LEAVES OPEN");
  for (const Case& test_case : cases) {
    BQCDC_ASSIGN_OR_RETURN(Endpoint * endpoint, endpoints.For(test_case));
    CaseRunner runner(*endpoint, test_case, &recording);
    if (const auto reason = runner.CannotRun()) {
      ++not_run;
      Print(test_case, "not run", {*reason});
      continue;
    }
    const auto difference = runner.Run();
    std::vector<std::string> details;
    if (flags.compare.empty()) {
      if (difference) details.push_back(*difference);
    } else {
      details = recording.Differences(test_case.name, fixture);
      not_recorded += fixture.Holds(test_case.name) ? 0 : 1;
    }
    ++(details.empty() ? same : different);
    const char* const same_name = flags.compare.empty()           ? "as decided"
                                  : fixture.Holds(test_case.name) ? "as recorded"
                                                                  : "no recording";
    Print(test_case, details.empty() ? same_name : "differs", details);
  }
  if (!flags.record.empty()) BQCDC_RETURN_IF_ERROR(recording.Write(flags.record));
  std::printf("%zu cases: %d %s, %d differ, %d not run\n", cases.size(), same - not_recorded,
              flags.compare.empty() ? "as decided" : "as recorded", different, not_run);
  if (not_recorded > 0) std::printf("%d are not in %s\n", not_recorded, flags.compare.c_str());
  return different > 0 ? kDiffers : kAsDecided;
}

void AddFlags(CLI::App& command, Flags& flags) {
  command.add_option("CASE", flags.names, "Only these");
  command.add_flag("--local", flags.local,
                   "Start a local server with a clock that can be driven, and run the cases there");
  command.add_option("--project", flags.session.project, "Project that the cases' dataset is made in");
  command.add_option("--endpoint", flags.session.endpoint, "REST endpoint; without: BigQuery itself");
  command.add_option("--storage-endpoint", flags.session.storage_endpoint, "gRPC endpoint");
  command.add_option("--admin-endpoint", flags.admin, "Where a local server's clock is driven");
  command.add_option("--credentials", flags.session.credentials, "Credentials file");
  command.add_option("--access-token-file", flags.session.access_token_file, "File with a bearer token");
  command.add_option("--dataset", flags.dataset, "Dataset for the cases' tables; made where it is missing")
      ->capture_default_str();
  command.add_option("--record", flags.record, "Write each answer to this file");
  command.add_option("--compare", flags.compare,
                     "Compare answers with such a file instead of with what the cases say");
  command.add_option("--cases", flags.cases, "Folder of case files")->capture_default_str();
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
      app.add_subcommand("probe", "The cases that settle what the service's documentation leaves open");
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
