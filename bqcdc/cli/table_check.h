#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/rest/bigquery_client.h"

namespace bqcdc::cli {

// kSkip: it was not looked at, or cannot be; the text says why.
enum class CheckLevel { kOk, kWarn, kFail, kSkip };

// One thing that was looked at.
struct CheckLine {
  CheckLevel level = CheckLevel::kOk;
  std::string name;
  std::string text;    // what is
  std::string remedy;  // what to do; empty where nothing is to be done
};

// What the checks work with. All must outlive them.
struct CheckSurroundings {
  const rest::BigQueryClient* client = nullptr;
  const base::Clock* clock = nullptr;
  std::string rest_url, storage_target;  // for texts
  bool local = false;                    // plaintext without credentials
  // Where the credentials were found; and when a token of theirs, made for the purpose, expires
  // (InfiniteFuture where that is not told), or why there is none.
  std::string credentials_origin;
  std::string quota_project;  // empty = none was given
  std::function<absl::StatusOr<absl::Time>()> get_token;
  // Asks the gRPC endpoint for the table's default stream.
  std::function<absl::Status()> look_up_stream;
  // The Date of an answer of the REST endpoint, asked without a token; nullopt where it tells none.
  std::function<absl::StatusOr<std::optional<absl::Time>>()> ask_time;
};

// Looks at everything that `stream` needs, in the order in which it would fail. Writes nothing.
std::vector<CheckLine> CheckTable(const CheckSurroundings& with, const rest::TableName& name);

// "ok    primary key: id" and the remedy below it.
std::string FormatChecks(const std::vector<CheckLine>& lines);
bool AnyFailed(const std::vector<CheckLine>& lines);

}  // namespace bqcdc::cli
