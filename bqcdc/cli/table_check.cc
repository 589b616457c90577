#include "bqcdc/cli/table_check.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/pipeline/table_claim.h"
#include "bqcdc/rest/service_error.h"
#include "bqcdc/rest/table_admin.h"
#include "bqcdc/rest/write_usage.h"

namespace bqcdc::cli {
namespace {

// docs: change-data-capture, limitations.
constexpr std::size_t kKeyColumnsMax = 16;
constexpr std::size_t kColumnsMax = 2000;
// Minutes for the conversion of the streaming buffer in the documentation's formula for max_staleness.
constexpr std::int64_t kStalenessLeastMinutes = 8;
// Tokens that are signed here are refused when the clocks differ by more than minutes.
constexpr absl::Duration kSkewWarn = absl::Seconds(10), kSkewFail = absl::Minutes(5);
// A token that has just been asked for and lives shorter is renewed all the time.
constexpr absl::Duration kTokenLifeLeast = absl::Minutes(5);
// An epoch so far ahead of our clock was written with a wrong one.
constexpr absl::Duration kEpochAhead = absl::Hours(24);
// Of the throughput quota in the busiest minute: what comes on top of this is soon refused.
constexpr double kQuotaShareWarn = 0.8;

// Default quotas of the Storage Write API in a location (docs: quotas, write-api-limits); a project may have
// been given others.
struct WriteQuotas {
  const char* throughput;  // of the project of the dataset
  double bytes_per_second;
  const char* connections;  // of the project of the client
};
WriteQuotas QuotasIn(const std::string& location) {
  const std::string region = absl::AsciiStrToLower(location);
  if (region == "us" || region == "eu") return {"3 GB/s", 3e9, "20,000"};
  return {"300 MB/s", 300e6, "5,000"};
}

struct Need {
  const char* permission;
  const char* what_for;
};
constexpr Need kNeeds[] = {{"bigquery.tables.get", "reading the schema"},
                           {"bigquery.tables.update", "claiming the table by its labels"},
                           {"bigquery.tables.updateData", "writing rows"},
                           {"bigquery.tables.getData", "reading max_staleness and the watermark"}};

const char* LevelName(CheckLevel level) {
  switch (level) {
    case CheckLevel::kOk:
      return "ok";
    case CheckLevel::kWarn:
      return "warn";
    case CheckLevel::kFail:
      return "fail";
    case CheckLevel::kSkip:
      return "skip";
  }
  return "";
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

class Checks {
 public:
  Checks(const CheckSurroundings& with, const rest::TableName& name) : with_(with), name_(name) {}

  std::vector<CheckLine> Run() {
    const bool has_token = CheckCredentials();
    const absl::StatusOr<rest::TableResource> table =
        has_token ? with_.client->GetTable(name_) : absl::UnauthenticatedError("there is no token");
    const absl::StatusOr<std::optional<absl::Time>> time = with_.ask_time();
    // Of the table only the API itself can tell something.
    const bool told = table.ok() || rest::OriginOfError(table.status()) == rest::ErrorOrigin::kService;
    if (has_token) {
      CheckRest(table.status());
      CheckStorage(table.status());
    } else {
      CheckRestWithoutToken(time.status());
      Skip("gRPC endpoint", "there is no token to ask it with");
    }
    CheckClock(time);
    if (told) {
      CheckRights(table.status());
      CheckTableExists(table.status());
    } else {
      for (const char* name : {"rights", "table"}) Skip(name, "the REST endpoint did not tell, see above");
    }
    if (table.ok()) {
      CheckKey(*table);
      CheckStaleness();
      CheckLabels(*table);
    } else {
      for (const char* name : {"primary key", "max_staleness", "ownership"})
        Skip(name, "the table was not read, see above");
    }
    CheckThroughputQuota(table);
    TellConnectionQuota(table.ok() ? table->location : "");
    return std::move(lines_);
  }

 private:
  void Add(CheckLevel level, std::string name, std::string text, std::string remedy = {}) {
    lines_.push_back({level, std::move(name), std::move(text), std::move(remedy)});
  }
  void Ok(std::string name, std::string text) { Add(CheckLevel::kOk, std::move(name), std::move(text)); }

  void Skip(std::string name, const std::string& why) {
    Add(CheckLevel::kSkip, std::move(name), absl::StrCat("not checked: ", why));
  }

  bool CheckCredentials();
  void CheckRest(const absl::Status& table);
  void CheckRestWithoutToken(const absl::Status& asked);
  void FailRest(const absl::Status& status);
  void CheckStorage(const absl::Status& table);
  void CheckClock(const absl::StatusOr<std::optional<absl::Time>>& told);
  void CheckRights(const absl::Status& table);
  void CheckTableExists(const absl::Status& table);
  void CheckKey(const rest::TableResource& table);
  void CheckStaleness();
  void CheckLabels(const rest::TableResource& table);
  void CheckThroughputQuota(const absl::StatusOr<rest::TableResource>& table);
  void TellConnectionQuota(const std::string& location);

  const CheckSurroundings& with_;
  const rest::TableName& name_;
  std::vector<CheckLine> lines_;
};

// Whether requests can be sent.
bool Checks::CheckCredentials() {
  const char* name = "credentials";
  if (with_.local && with_.credentials_origin.empty()) {
    Ok(name, "none are needed: the endpoint is local");
    return true;
  }
  const absl::StatusOr<absl::Time> expiry = with_.get_token();
  if (!expiry.ok()) {
    Add(CheckLevel::kFail, name, absl::StrCat(with_.credentials_origin, ": ", Message(expiry.status())),
        "run gcloud auth application-default login, or give --credentials or --access-token-file");
    return false;
  }
  const std::string given = absl::StrCat(with_.credentials_origin, ": a token was given");
  if (*expiry == absl::InfiniteFuture()) {
    Ok(name, absl::StrCat(given, "; when it expires is not told"));
    return true;
  }
  const absl::Duration left = absl::Trunc(*expiry - with_.clock->Now(), absl::Seconds(1));
  const std::string text = absl::StrCat(given, " that expires in ", absl::FormatDuration(left));
  if (left >= kTokenLifeLeast) {
    Ok(name, absl::StrCat(text, "; it is renewed ahead of that"));
  } else {
    Add(CheckLevel::kWarn, name, text,
        "look at the clock of this machine, and at the lifetime that the issuer gives its tokens");
  }
  return true;
}

// Whatever the API says of the table, it was reached.
void Checks::CheckRest(const absl::Status& table) {
  const rest::ErrorOrigin origin = rest::OriginOfError(table);
  if (table.ok() || origin == rest::ErrorOrigin::kService)
    return Ok("REST endpoint", absl::StrCat(with_.rest_url, " answers"));
  if (origin == rest::ErrorOrigin::kNoAnswer && table.code() != absl::StatusCode::kDataLoss)
    return FailRest(table);
  Add(CheckLevel::kFail, "REST endpoint",
      absl::StrCat(with_.rest_url, " answers, but not as BigQuery does: ", Message(table)),
      "look at --endpoint, BIGQUERY_EMULATOR_HOST and https_proxy: it is another server, or a proxy");
}

void Checks::CheckRestWithoutToken(const absl::Status& asked) {
  if (!asked.ok()) return FailRest(asked);
  Ok("REST endpoint", absl::StrCat(with_.rest_url, " answers; without a token it was asked no more"));
}

void Checks::FailRest(const absl::Status& status) {
  // A certificate that is not trusted, of which the message says what to do.
  const bool is_certificate = status.code() == absl::StatusCode::kFailedPrecondition;
  Add(CheckLevel::kFail, "REST endpoint", Message(status),
      is_certificate
          ? ""
          : "look at --endpoint, BIGQUERY_EMULATOR_HOST and the network; a proxy is taken from https_proxy");
}

void Checks::CheckStorage(const absl::Status& table) {
  const char* name = "gRPC endpoint";
  const absl::Status found = with_.look_up_stream();
  // What gRPC makes of an answer of plain HTTP, a proxy's or another server's.
  if (absl::StrContains(Message(found), "http2 header with status")) {
    return Add(CheckLevel::kFail, name,
               absl::StrCat(with_.storage_target, " answers, but not as gRPC does: ", Message(found)),
               "look at --storage-endpoint and at what stands between: it must pass HTTP/2 on");
  }
  switch (found.code()) {
    case absl::StatusCode::kOk:
      return Ok(name, absl::StrCat(with_.storage_target, " answers and knows the table's default stream"));
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return Add(CheckLevel::kFail, name,
                 absl::StrCat("cannot reach ", with_.storage_target, ": ", Message(found)),
                 absl::StrContains(Message(found), "certificate verify failed")
                     ? "name the file of the certificate authority with --ca-file"
                     : "look at --storage-endpoint and the network: HTTP/2 to that port must be let through");
    case absl::StatusCode::kUnauthenticated:
      return Add(CheckLevel::kFail, name,
                 absl::StrCat(with_.storage_target, " refuses the credentials: ", Message(found)),
                 "see the line on credentials");
    case absl::StatusCode::kUnimplemented:
      return Add(CheckLevel::kWarn, name,
                 absl::StrCat(with_.storage_target, " answers, but does not tell of streams"));
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
      // The service masks a missing table as a missing right (docs: write-api, errors).
      if (!table.ok())
        return Ok(name, absl::StrCat(with_.storage_target, " answers; of the table see below"));
      return Add(CheckLevel::kFail, name, absl::StrCat(with_.storage_target, ": ", Message(found)),
                 "the table exists, so a right is missing here, or the table is only minutes old");
    default:
      return Add(CheckLevel::kFail, name, absl::StrCat(with_.storage_target, ": ", Message(found)),
                 "look at --storage-endpoint");
  }
}

void Checks::CheckClock(const absl::StatusOr<std::optional<absl::Time>>& told) {
  const char* name = "clock";
  if (!told.ok()) return Skip(name, "the REST endpoint was not reached, so there is no time to compare with");
  if (!told->has_value()) return Skip(name, "the endpoint does not tell its time");
  const absl::Duration skew = with_.clock->Now() - **told;
  const absl::Duration size = absl::AbsDuration(skew);
  const std::string text =
      absl::StrCat("ours is ", absl::FormatDuration(absl::Trunc(size, absl::Seconds(1))),
                   skew < absl::ZeroDuration() ? " behind" : " ahead of", " the service's");
  // The header has whole seconds.
  if (size <= kSkewWarn) return Ok(name, "agrees with the service's");
  Add(size > kSkewFail ? CheckLevel::kFail : CheckLevel::kWarn, name, text,
      "let the machine follow a time server: tokens and the ages of deletes depend on it");
}

void Checks::CheckRights(const absl::Status& table) {
  const char* name = "rights";
  std::vector<std::string> wanted;
  for (const Need& need : kNeeds) wanted.emplace_back(need.permission);
  const absl::StatusOr<std::vector<std::string>> granted = with_.client->TestTablePermissions(name_, wanted);
  if (granted.status().code() == absl::StatusCode::kUnimplemented) {
    if (with_.local) return Ok(name, "the local server has no access control");
    return Add(CheckLevel::kWarn, name,
               "the endpoint does not tell (tables.testIamPermissions is not implemented)");
  }
  if (!granted.ok()) {
    if (table.code() == absl::StatusCode::kNotFound) return Skip(name, "there is no such table, see below");
    return Add(CheckLevel::kFail, name, absl::StrCat("cannot be asked for: ", Message(granted.status())),
               "see the lines above");
  }
  std::vector<std::string> missing;
  for (const Need& need : kNeeds) {
    if (std::find(granted->begin(), granted->end(), need.permission) == granted->end())
      missing.push_back(absl::StrCat(need.permission, " (", need.what_for, ")"));
  }
  if (missing.empty()) return Ok(name, absl::StrJoin(wanted, ", "));
  Add(CheckLevel::kFail, name, absl::StrCat("missing: ", absl::StrJoin(missing, ", ")),
      absl::StrCat("grant roles/bigquery.dataEditor on the table or its dataset ", name_.project, ".",
                   name_.dataset));
}

void Checks::CheckTableExists(const absl::Status& table) {
  const char* name = "table";
  if (table.ok()) return Ok(name, absl::StrCat(name_.ToString(), " exists"));
  if (table.code() == absl::StatusCode::kNotFound) {
    return Add(CheckLevel::kFail, name, Message(table),
               absl::StrCat("bqcdc create-table ", name_.ToString(), " --schema … --primary-key …"));
  }
  Add(CheckLevel::kFail, name, Message(table),
      table.code() == absl::StatusCode::kPermissionDenied
          ? "grant bigquery.tables.get, as roles/bigquery.dataEditor does"
          : "see the lines above");
}

void Checks::CheckKey(const rest::TableResource& table) {
  const char* name = "primary key";
  if (!table.type.empty() && table.type != "TABLE") {
    return Add(CheckLevel::kFail, name, absl::StrCat("it is a ", table.type, ", not a table"),
               "changes can be streamed to tables only");
  }
  const std::vector<std::string>& key = table.schema.primary_key;
  if (key.empty()) {
    return Add(CheckLevel::kFail, name, "there is none, so changes cannot be applied",
               absl::StrCat("ALTER TABLE ", name_.Quoted(), " ADD PRIMARY KEY (…) NOT ENFORCED"));
  }
  const std::string text = absl::StrJoin(key, ", ");
  if (key.size() > kKeyColumnsMax) {
    return Add(CheckLevel::kFail, name,
               absl::StrCat(key.size(), " columns; change data capture takes ", kKeyColumnsMax),
               "choose a shorter key");
  }
  if (table.schema.columns.size() > kColumnsMax) {
    return Add(CheckLevel::kFail, name,
               absl::StrCat("the table has ", table.schema.columns.size(),
                            " columns; change data capture takes ", kColumnsMax),
               "split the table");
  }
  if (table.clustering.empty()) {
    return Add(CheckLevel::kWarn, name, absl::StrCat(text, "; the table is not clustered"),
               "cluster it by the key (at most 4 columns), which the documentation recommends");
  }
  Ok(name, text);
}

void Checks::CheckStaleness() {
  const char* name = "max_staleness";
  const absl::StatusOr<values::Interval> staleness = rest::ReadStaleness(*with_.client, name_);
  if (!staleness.ok()) {
    return Add(
        CheckLevel::kFail, name, absl::StrCat("cannot be read: ", Message(staleness.status())),
        staleness.status().code() == absl::StatusCode::kPermissionDenied
            ? "grant bigquery.jobs.create on the project that runs queries, as roles/bigquery.jobUser does"
            : "");
  }
  const auto micros = static_cast<std::int64_t>(staleness->TotalMicros());
  const char* recommended =
      "the documentation recommends CEILING(p95 seconds of the apply jobs * 2 / 60) + 7 minutes: bqcdc "
      "set-staleness";
  if (micros == 0) {
    return Add(CheckLevel::kWarn, name,
               "0: every query merges all changes first, which costs on-demand bytes or slots each time",
               absl::StrCat("set what readers can bear, as 15m; ", recommended));
  }
  const std::string text = values::FormatInterval(*staleness);
  if (micros < kStalenessLeastMinutes * 60 * 1'000'000) {
    return Add(CheckLevel::kWarn, name,
               absl::StrCat(text, ": apply jobs seldom keep within, and then every query merges"),
               recommended);
  }
  Ok(name, absl::StrCat(
               text, ": queries between two applies read the table as it was applied last, without a merge"));
}

void Checks::CheckLabels(const rest::TableResource& table) {
  const char* name = "ownership";
  const auto label = [&](const char* which) {
    const auto found = table.labels.find(which);
    return found == table.labels.end() ? std::string() : found->second;
  };
  const std::string epoch = label(pipeline::kEpochLabel), owner = label(pipeline::kOwnerLabel),
                    mode = label(pipeline::kSequenceLabel);
  if (epoch.empty()) return Ok(name, "never written by bqcdc; the first run claims it");
  std::uint64_t number = 0;
  if (!absl::SimpleAtoi(epoch, &number)) {
    return Add(CheckLevel::kFail, name,
               absl::StrCat("label ", pipeline::kEpochLabel, " is no number: '", epoch, "'"),
               "set the label to the epoch that wrote the table last");
  }
  const std::string text =
      absl::StrCat("last written by epoch ", epoch, ", owner ", owner.empty() ? "unknown" : owner,
                   ", sequence numbers ", mode.empty() ? "unknown" : mode);
  const auto limit = static_cast<std::uint64_t>(absl::ToUnixMicros(with_.clock->Now() + kEpochAhead));
  if (number > limit) {
    return Add(CheckLevel::kWarn, name, absl::StrCat(text, "; that is ahead of our clock"),
               "some machine's clock was or is wrong; later runs count on from that epoch");
  }
  Ok(name, absl::StrCat(text, "; a new run takes over, and one that still runs stops"));
}

void Checks::CheckThroughputQuota(const absl::StatusOr<rest::TableResource>& table) {
  const char* name = "throughput quota";
  if (with_.local) return Ok(name, "a local server has none");
  if (!table.ok()) return Skip(name, "the table was not read, see above");
  const std::string& location = table->location;
  if (location.empty()) return Skip(name, "the service does not tell where the table is");
  const absl::StatusOr<rest::WriteUsage> usage = rest::ReadWriteUsage(*with_.client, name_.project, location);
  if (!usage.ok()) {
    Skip(name, absl::StrCat("what was written of late cannot be asked: ", Message(usage.status())));
    if (usage.status().code() == absl::StatusCode::kPermissionDenied) {
      lines_.back().remedy =
          absl::StrCat("grant bigquery.tables.list on project ", name_.project,
                       ", as roles/bigquery.metadataViewer does, and bigquery.jobs.create on the project "
                       "that runs queries, as roles/bigquery.jobUser does");
    }
    return;
  }
  const auto minute = [](absl::Time time) {
    return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
  };
  const WriteQuotas quotas = QuotasIn(location);
  const double rate = static_cast<double>(usage->peak_bytes) / 60;
  const std::string where = absl::StrCat(name_.project, " in ", location);
  const std::string peak =
      usage->peak.has_value()
          ? absl::StrFormat("%s took %.1f MB/s in its busiest minute (%s), %.1f %% of %s", where, rate / 1e6,
                            minute(*usage->peak), rate / quotas.bytes_per_second * 100, quotas.throughput)
          : absl::StrCat(where, " took nothing; it may take ", quotas.throughput);
  const std::string text = absl::StrCat("in the last ", rest::kWriteUsageHours, " hours ", peak);
  const char* remedy =
      "write less at once (--rate-limit), or ask for a larger quota, in the console under IAM & Admin, "
      "Quotas "
      "(AppendBytesThroughputPerProject…)";
  if (usage->exhausted_requests > 0) {
    return Add(CheckLevel::kWarn, name,
               absl::StrCat(text, "; requests answered RESOURCE_EXHAUSTED: ",
                            pipeline::FormatCount(usage->exhausted_requests),
                            usage->exhausted_at.has_value()
                                ? absl::StrCat(", the last at ", minute(*usage->exhausted_at))
                                : ""),
               absl::StrCat("stream sends those again for --retry-timeout; where it goes on, ", remedy));
  }
  if (rate >= kQuotaShareWarn * quotas.bytes_per_second) return Add(CheckLevel::kWarn, name, text, remedy);
  Ok(name, absl::StrCat(text, "; no request was answered RESOURCE_EXHAUSTED"));
}

// Neither API of BigQuery tells how many connections a project has open.
void Checks::TellConnectionQuota(const std::string& location) {
  const char* name = "connection quota";
  if (with_.local) return Ok(name, "a local server has none");
  Skip(name,
       absl::StrCat("how many are open only Cloud Monitoring tells "
                    "(ConcurrentWriteConnectionsPerProject…), which is not asked; ",
                    with_.quota_project.empty() ? "the project of the credentials" : with_.quota_project,
                    " may have ",
                    location.empty() ? "5,000 in a region, 20,000 in US and EU"
                                     : absl::StrCat(QuotasIn(location).connections, " in ", location)));
}

}  // namespace

std::vector<CheckLine> CheckTable(const CheckSurroundings& with, const rest::TableName& name) {
  return Checks(with, name).Run();
}

std::string FormatChecks(const std::vector<CheckLine>& lines) {
  std::string text;
  for (const CheckLine& line : lines) {
    absl::StrAppendFormat(&text, "%-5s %s: %s%s\n", LevelName(line.level), line.name, line.text,
                          line.remedy.empty() ? "" : absl::StrCat(" → ", line.remedy));
  }
  return text;
}

bool AnyFailed(const std::vector<CheckLine>& lines) {
  return std::any_of(lines.begin(), lines.end(),
                     [](const CheckLine& line) { return line.level == CheckLevel::kFail; });
}

}  // namespace bqcdc::cli
