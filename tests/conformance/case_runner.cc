#include "tests/conformance/case_runner.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/rpc/status.pb.h"

namespace bqcdc::conformance {
namespace {

using nlohmann::json;

std::string CodeName(int code) { return absl::StatusCodeToString(static_cast<absl::StatusCode>(code)); }

std::vector<std::string> Canonical(const std::vector<std::string>& rows) {
  std::vector<std::string> canonical;
  for (const std::string& row : rows) canonical.push_back(json::parse(row).dump());
  std::sort(canonical.begin(), canonical.end());
  return canonical;
}

void AddStorageErrors(const google::rpc::Status& status, std::set<std::string>& codes) {
  for (const auto& any : status.details()) {
    storage::StorageError detail;
    if (any.UnpackTo(&detail)) codes.insert(storage::StorageError::StorageErrorCode_Name(detail.code()));
  }
}

// A fresh table is denied for so long at most: docs, and what clients measured.
constexpr absl::Duration kTableKnownMax = absl::Minutes(3);

// What the case waits where its clock cannot be driven; unset: nothing.
std::optional<absl::Duration> WaitOf(const Case& test_case) {
  std::optional<absl::Duration> wait;
  for (const Step& step : test_case.steps) {
    absl::Duration more;
    if (step.verb == "advance" && absl::ParseDuration(step.argument, &more))
      wait = wait.value_or(absl::ZeroDuration()) + more;
    // A service decides itself when it applies; a minute is a beginning.
    if (step.verb == "apply") wait = wait.value_or(absl::ZeroDuration()) + absl::Minutes(1);
  }
  return wait;
}

bool IsExpectation(const Step* step) {
  return step != nullptr && (step->verb == "ok" || step->verb == "error");
}

}  // namespace

CaseRunner::CaseRunner(Endpoint& endpoint, const Case& test_case, Recording* recording)
    : endpoint_(endpoint),
      case_(test_case),
      recording_(recording),
      table_path_(TablePath(test_case.name)),
      held_(endpoint) {}

std::optional<std::string> CaseRunner::CannotRun() const {
  if (!case_.skip.empty()) return case_.skip;
  if (!endpoint_.addresses().admin.empty()) return std::nullopt;
  if (!case_.costly.empty() && !endpoint_.addresses().costly)
    return absl::StrCat(case_.costly, "; --costly runs it");
  const std::optional<absl::Duration> wait = WaitOf(case_);
  if (!wait) return std::nullopt;
  if (case_.without_background_apply) return "the endpoint applies changes when it likes";
  if (*wait <= endpoint_.addresses().wait_max) return std::nullopt;
  return absl::StrCat("the endpoint's clock cannot be driven; --wait-up-to ", absl::FormatDuration(*wait),
                      " waits instead");
}

std::optional<std::string> CaseRunner::Run() {
  Difference first;
  for (size_t i = 0; i < case_.steps.size(); ++i) {
    const Step& step = case_.steps[i];
    step_number_ = static_cast<int>(i) + 1;
    Difference difference = RunStep(step);
    if (!difference) difference = UncheckedAnswer(i + 1 < case_.steps.size() ? &case_.steps[i + 1] : nullptr);
    if (!difference) continue;
    if (!first) first = absl::StrCat(case_.file, ":", step.line, ": ", *difference);
    if (answer_) answer_->checked = true;  // One difference tells of it.
    if (step.verb == "create" || step.verb == "stream") break;
  }
  return first;
}

CaseRunner::Difference CaseRunner::RunStep(const Step& step) {
  if (step.verb == "create") return Create(step);
  if (step.verb == "connect") return Connect(step);
  if (step.verb == "append") return Append(step);
  if (step.verb == "schema") return ChangeSchema(step);
  if (step.verb == "sql") return Statement(step);
  if (step.verb == "rest") return Rest(step);
  if (step.verb == "field") return ExpectField(step);
  if (step.verb == "ok") return ExpectOk();
  if (step.verb == "error") return ExpectError(step);
  if (step.verb == "row_error") return ExpectRowError(step);
  if (step.verb == "stream") return CreateStream(step);
  if (step.verb == "finalize" || step.verb == "commit" || step.verb == "flush") return CallStream(step);
  if (step.verb == "hold") return Hold(step);
  if (step.verb == "offset") return ExpectOffset(step);
  if (step.verb == "storage_error") return ExpectStorageError(step);
  if (step.verb == "ended") return ExpectEnded();
  if (step.verb == "updated_schema") return ExpectUpdatedSchema(step);
  if (step.verb == "rows") return ExpectRows(step, Fill("SELECT * FROM $TABLE"));
  if (step.verb == "query") return ExpectRows(step, Fill(step.argument));
  if (step.verb == "advance") return Advance(step);
  if (step.verb == "apply") return Apply();
  if (step.verb == "remember_watermark") return Watermark(watermark_);
  std::string now;
  if (Difference difference = Watermark(now)) return difference;
  const bool same = now == watermark_;
  if (same == (step.verb == "same_watermark")) return std::nullopt;
  return absl::StrCat("the watermark was ", watermark_, " and is now ", now);
}

CaseRunner::Difference CaseRunner::Create(const Step& step) {
  const size_t columns = step.argument.find('(');
  if (columns == std::string::npos) return "create needs columns";
  const std::string other = Fill(step.argument.substr(0, columns == 0 ? 0 : columns - 1));
  const std::string name = other.empty() ? case_.name : other;
  auto answer = endpoint_.Query(
      Fill(absl::StrCat("CREATE OR REPLACE TABLE $DATASET.", name, " ", step.argument.substr(columns))));
  if (!answer.ok()) return std::string(answer.status().message());
  if (!answer->error_reason.empty()) return answer->error_message;
  const absl::Status known =
      OnceKnown([&] { return FetchSchema(endpoint_.stub(), TablePath(name)).status(); });
  return known.ok() ? std::nullopt : Difference(std::string(known.message()));
}

absl::Status CaseRunner::OnceKnown(const std::function<absl::Status()>& call) const {
  const absl::Time until = absl::Now() + kTableKnownMax;
  for (;;) {
    absl::Status status = call();
    const bool too_new = absl::IsNotFound(status) || absl::IsPermissionDenied(status);
    if (!too_new || !endpoint_.addresses().admin.empty() || absl::Now() > until) return status;
    absl::SleepFor(absl::Seconds(1));
  }
}

CaseRunner::Difference CaseRunner::Statement(const Step& step) {
  auto answer = endpoint_.Query(Fill(step.argument));
  if (!answer.ok()) return std::string(answer.status().message());
  answer_.emplace();
  if (!answer->error_reason.empty()) answer_->code = answer->error_reason;
  answer_->message = answer->error_message;
  RecordAnswer(step);
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::Rest(const Step& step) {
  const std::pair<std::string, std::string> words = absl::StrSplit(step.argument, absl::MaxSplits(' ', 1));
  auto answer = endpoint_.Rest(words.first, Fill(words.second), Fill(absl::StrJoin(step.lines, "\n")));
  if (!answer.ok()) return std::string(answer.status().message());
  answer_.emplace();
  if (!answer->error_reason.empty()) answer_->code = answer->error_reason;
  answer_->message = answer->error_message;
  answer_->body = answer->body;
  RecordAnswer(step);
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::Connect(const Step& step) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(step.argument, " columns ");
  const std::vector<std::string> columns = absl::StrSplit(parts.second, ", ");
  const std::vector<std::string> words = absl::StrSplit(parts.first, ' ');
  AppendClient::Target target{.table = table_path_, .stream = streams_[words[0]]};
  if (words.size() == 3) {
    if (words[2] == "raw") target.routing = Routing::kRaw;
    if (words[2] == "none") target.routing = Routing::kNone;
  }
  auto client = AppendClient::Open(endpoint_.stub(), target, columns);
  connections_.erase(words[0]);
  answer_.emplace();
  if (client.ok()) {
    connections_[words[0]] = *std::move(client);
    answer_->checked = true;
  } else {
    answer_->code = absl::StatusCodeToString(client.status().code());
    answer_->message = std::string(client.status().message());
  }
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::ChangeSchema(const Step& step) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(step.argument, " columns ");
  const auto found = connections_.find(parts.first);
  if (found == connections_.end()) return absl::StrCat("there is no connection ", parts.first);
  const absl::Status changed =
      found->second->ChangeColumns(std::vector<std::string>(absl::StrSplit(parts.second, ", ")));
  return changed.ok() ? std::nullopt : Difference(std::string(changed.message()));
}

CaseRunner::Difference CaseRunner::Append(const Step& step) {
  std::vector<std::string> words = absl::StrSplit(step.argument, ' ', absl::SkipEmpty());
  const std::string connection = words.empty() ? "main" : words[0];
  AppendClient::Options options;
  for (size_t i = 1; i + 1 < words.size(); i += 2) {
    if (words[i] == "missing") options.missing.insert(absl::StrSplit(words[i + 1], absl::MaxSplits('=', 1)));
    if (words[i] == "default_missing") options.default_missing = words[i + 1];
    if (words[i] == "table") options.table = TablePath(Fill(words[i + 1]));
    int64_t offset = 0;
    if (words[i] == "offset" && absl::SimpleAtoi(words[i + 1], &offset)) options.offset = offset;
  }
  if (!connections_.contains(connection)) {
    auto columns = AllColumns(endpoint_.stub(), table_path_);
    if (!columns.ok()) return std::string(columns.status().message());
    auto client = AppendClient::Open(endpoint_.stub(), {.table = table_path_, .stream = streams_[connection]},
                                     *columns);
    if (!client.ok()) return std::string(client.status().message());
    connections_[connection] = *std::move(client);
  }
  auto response = connections_[connection]->Append(step.lines, options);
  answer_.emplace();
  if (!response.ok()) {
    answer_->code = absl::StatusCodeToString(response.status().code());
    answer_->message = std::string(response.status().message());
    answer_->ended = true;
    google::rpc::Status details;
    if (details.ParseFromString(DetailsOf(response.status())))
      AddStorageErrors(details, answer_->storage_errors);
    connections_.erase(connection);
  } else if (response->has_error()) {
    answer_->code = CodeName(response->error().code());
    answer_->message = response->error().message();
    for (const auto& row : response->row_errors()) answer_->row_errors[row.index()] = row.message();
    AddStorageErrors(response->error(), answer_->storage_errors);
  } else if (response->append_result().has_offset()) {
    answer_->offset = response->append_result().offset().value();
  }
  if (response.ok()) {
    for (const auto& field : response->updated_schema().fields())
      answer_->updated_schema.push_back(field.name());
  }
  RecordAnswer(step);
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::CreateStream(const Step& step) {
  const std::pair<std::string, std::string> words = absl::StrSplit(step.argument, ' ');
  storage::WriteStream::Type type;
  if (!storage::WriteStream::Type_Parse(words.second, &type)) return "stream needs a name and a type";
  storage::CreateWriteStreamRequest request;
  request.set_parent(table_path_);
  request.mutable_write_stream()->set_type(type);
  storage::WriteStream stream;
  const absl::Status created = OnceKnown([&] {
    grpc::ClientContext context;
    SetRouting(context, Routing::kEncoded, "parent", table_path_);
    return FromGrpc(endpoint_.stub().CreateWriteStream(&context, request, &stream));
  });
  if (!created.ok()) return std::string(created.message());
  streams_[words.first] = stream.name();
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::Hold(const Step& step) {
  size_t count = 0;
  if (!absl::SimpleAtoi(step.argument, &count)) return "hold needs a number";
  const absl::Status held = held_.Open(table_path_, count);
  answer_.emplace();
  answer_->code = absl::StatusCodeToString(held.code());
  answer_->message = std::string(held.message());
  RecordAnswer(step);
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::CallStream(const Step& step) {
  const std::vector<std::string> words = absl::StrSplit(step.argument, ' ', absl::SkipEmpty());
  if (words.empty()) return "the step needs a stream";
  answer_.emplace();
  grpc::ClientContext context;
  grpc::Status status;
  if (step.verb == "finalize") {
    storage::FinalizeWriteStreamRequest request;
    request.set_name(streams_[words[0]]);
    SetRouting(context, Routing::kEncoded, "name", request.name());
    storage::FinalizeWriteStreamResponse response;
    status = endpoint_.stub().FinalizeWriteStream(&context, request, &response);
    if (status.ok()) answer_->offset = response.row_count();
  } else if (step.verb == "commit") {
    storage::BatchCommitWriteStreamsRequest request;
    request.set_parent(table_path_);
    SetRouting(context, Routing::kEncoded, "parent", table_path_);
    for (const std::string& word : words) request.add_write_streams(streams_[word]);
    storage::BatchCommitWriteStreamsResponse response;
    status = endpoint_.stub().BatchCommitWriteStreams(&context, request, &response);
    for (const storage::StorageError& error : response.stream_errors()) {
      answer_->code = "STREAM_ERRORS";
      absl::StrAppend(&answer_->message, error.error_message(), " ");
      answer_->storage_errors.insert(storage::StorageError::StorageErrorCode_Name(error.code()));
    }
  } else {
    storage::FlushRowsRequest request;
    request.set_write_stream(streams_[words[0]]);
    SetRouting(context, Routing::kEncoded, "write_stream", request.write_stream());
    int64_t offset = 0;
    if (words.size() > 1) {
      if (!absl::SimpleAtoi(words[1], &offset)) return "flush takes a stream and an offset";
      request.mutable_offset()->set_value(offset);
    }
    storage::FlushRowsResponse response;
    status = endpoint_.stub().FlushRows(&context, request, &response);
    if (status.ok()) answer_->offset = response.offset();
  }
  if (!status.ok()) {
    answer_->code = CodeName(status.error_code());
    answer_->message = status.error_message();
    google::rpc::Status proto;
    if (proto.ParseFromString(status.error_details())) AddStorageErrors(proto, answer_->storage_errors);
  }
  RecordAnswer(step);
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::ExpectOffset(const Step& step) {
  const std::string seen = answer_ && answer_->offset ? absl::StrCat(*answer_->offset) : "no offset";
  if (seen == step.argument) return std::nullopt;
  return absl::StrCat("the answer has ", seen, ", right is ", step.argument);
}

CaseRunner::Difference CaseRunner::ExpectStorageError(const Step& step) {
  const bool none = step.argument == "none" && answer_ && answer_->storage_errors.empty();
  if (none || (answer_ && answer_->storage_errors.contains(step.argument))) return std::nullopt;
  return absl::StrCat("the answer has the storage errors ",
                      answer_ ? absl::StrJoin(answer_->storage_errors, ", ") : "", ", right is ",
                      step.argument);
}

CaseRunner::Difference CaseRunner::ExpectEnded() {
  if (answer_ && answer_->ended) return std::nullopt;
  return "the request was answered; right is that the call ends";
}

CaseRunner::Difference CaseRunner::ExpectUpdatedSchema(const Step& step) {
  const std::string seen = answer_ ? absl::StrJoin(answer_->updated_schema, ", ") : "";
  if (seen == (step.argument == "none" ? "" : step.argument)) return std::nullopt;
  return absl::StrCat("the answer's updated_schema has the columns `", seen, "`, right is `", step.argument,
                      "`");
}

CaseRunner::Difference CaseRunner::ExpectField(const Step& step) {
  const std::pair<std::string, std::string> expected = absl::StrSplit(step.argument, absl::MaxSplits(' ', 1));
  if (!answer_ || answer_->body.empty()) return "there is no answer of REST";
  const auto dump = [](const std::string& text) { return json::parse(text, nullptr, false).dump(); };
  const std::string right = expected.second == "absent" ? "absent" : dump(Fill(expected.second));
  std::string seen = "absent";
  // The library tells by exceptions what is no pointer, or points into what is no object.
  try {
    const json body = json::parse(answer_->body);
    const json::json_pointer pointer(expected.first);
    if (body.contains(pointer)) seen = body.at(pointer).dump();
  } catch (const json::exception&) {
    return absl::StrCat("no JSON pointer: ", expected.first);
  }
  Record(step, json{{"field", WithoutNames(seen)}}.dump());
  if (seen == right) return std::nullopt;
  return absl::StrCat(expected.first, " is ", seen, ", right is ", right);
}

CaseRunner::Difference CaseRunner::ExpectOk() {
  if (!answer_) return "there is no answer";
  answer_->checked = true;
  if (answer_->code == "OK") return std::nullopt;
  std::string text = absl::StrCat("refused: ", answer_->code, " ", answer_->message);
  for (const auto& [row, message] : answer_->row_errors) absl::StrAppend(&text, "; row ", row, ": ", message);
  return text;
}

CaseRunner::Difference CaseRunner::ExpectError(const Step& step) {
  if (!answer_) return "there is no answer";
  answer_->checked = true;
  const std::pair<std::string, std::string> expected = absl::StrSplit(step.argument, absl::MaxSplits(' ', 1));
  if (answer_->code != expected.first) {
    return absl::StrCat("answered ", answer_->code, " ", answer_->message, ", right is ", expected.first);
  }
  // Texts of rows may stand in the row errors alone.
  bool found = answer_->message.find(expected.second) != std::string::npos;
  for (const auto& [row, message] : answer_->row_errors)
    found |= message.find(expected.second) != std::string::npos;
  if (found) return std::nullopt;
  return absl::StrCat("the message is `", answer_->message, "`, it should contain `", expected.second, "`");
}

CaseRunner::Difference CaseRunner::ExpectRowError(const Step& step) {
  if (!answer_) return "there is no answer";
  const std::pair<std::string, std::string> expected = absl::StrSplit(step.argument, absl::MaxSplits(' ', 1));
  int64_t index = 0;
  if (!absl::SimpleAtoi(expected.first, &index)) return "row_error needs an index";
  const auto found = answer_->row_errors.find(index);
  if (found == answer_->row_errors.end()) return absl::StrCat("no row error for row ", index);
  if (found->second.find(expected.second) == std::string::npos) {
    return absl::StrCat("row ", index, " says `", found->second, "`, it should contain `", expected.second,
                        "`");
  }
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::ExpectRows(const Step& step, const std::string& sql) {
  auto answer = endpoint_.Query(sql);
  if (!answer.ok()) return std::string(answer.status().message());
  if (!answer->error_reason.empty()) return absl::StrCat(answer->error_reason, ": ", answer->error_message);
  RecordRows(step, answer->rows);
  const auto seen = Canonical(answer->rows), right = Canonical(step.lines);
  if (seen == right) return std::nullopt;
  return absl::StrCat("the rows are ", absl::StrJoin(seen, " "), "; right is ", absl::StrJoin(right, " "));
}

CaseRunner::Difference CaseRunner::Advance(const Step& step) {
  if (endpoint_.addresses().admin.empty()) {
    absl::Duration duration;
    if (!absl::ParseDuration(step.argument, &duration)) return "advance needs a duration";
    absl::SleepFor(duration);
    return std::nullopt;
  }
  const absl::Status done = endpoint_.Admin("/clock/advance", json{{"duration", step.argument}}.dump());
  return done.ok() ? std::nullopt : Difference(std::string(done.message()));
}

CaseRunner::Difference CaseRunner::Apply() {
  if (!endpoint_.addresses().admin.empty()) {
    const absl::Status done = endpoint_.Admin("/apply", "{}");
    return done.ok() ? std::nullopt : Difference(std::string(done.message()));
  }
  auto now = endpoint_.Query("SELECT UNIX_MICROS(CURRENT_TIMESTAMP())");
  if (!now.ok()) return std::string(now.status().message());
  if (now->rows.size() != 1) return absl::StrCat("no time: ", now->error_message);
  const std::string sql =
      Fill(absl::StrCat("SELECT UNIX_MICROS(upsert_stream_apply_watermark) >= ",
                        json::parse(now->rows[0])[0].get<std::string>(),
                        " FROM $DATASET.INFORMATION_SCHEMA.TABLES WHERE table_name = '$NAME'"));
  const absl::Time until = absl::Now() + endpoint_.addresses().wait_max;
  while (absl::Now() < until) {
    absl::SleepFor(absl::Seconds(1));
    auto passed = endpoint_.Query(sql);
    if (!passed.ok()) return std::string(passed.status().message());
    if (passed->rows == std::vector<std::string>{R"(["true"])"}) return std::nullopt;
  }
  return absl::StrCat("the watermark has not passed the time of the step after ",
                      absl::FormatDuration(endpoint_.addresses().wait_max));
}

CaseRunner::Difference CaseRunner::Watermark(std::string& text) {
  auto answer =
      endpoint_.Query(Fill("SELECT upsert_stream_apply_watermark FROM $DATASET.INFORMATION_SCHEMA.TABLES "
                           "WHERE table_name = '$NAME'"));
  if (!answer.ok()) return std::string(answer.status().message());
  if (answer->rows.size() != 1) return absl::StrCat("no watermark: ", answer->error_message);
  text = answer->rows[0];
  return std::nullopt;
}

CaseRunner::Difference CaseRunner::UncheckedAnswer(const Step* next) {
  if (!answer_ || answer_->checked || IsExpectation(next)) return std::nullopt;
  return ExpectOk();
}

std::string CaseRunner::TablePath(const std::string& name) const {
  return absl::StrCat("projects/", endpoint_.addresses().project, "/datasets/", endpoint_.addresses().dataset,
                      "/tables/", name);
}

std::string CaseRunner::Fill(std::string text) const {
  const std::string dataset =
      absl::StrCat("`", endpoint_.addresses().project, "`.", endpoint_.addresses().dataset);
  return absl::StrReplaceAll(text, {{"$TABLE", absl::StrCat(dataset, ".", case_.name)},
                                    {"$DATASET", dataset},
                                    {"$NAME", case_.name},
                                    {"$DATASET_ID", endpoint_.addresses().dataset},
                                    {"$PROJECT_ID", endpoint_.addresses().project}});
}

void CaseRunner::RecordAnswer(const Step& step) {
  json answer = {{"code", answer_->code}};
  if (!answer_->message.empty()) answer["message"] = WithoutNames(answer_->message);
  for (const auto& [row, message] : answer_->row_errors)
    answer["row_errors"][std::to_string(row)] = WithoutNames(message);
  if (answer_->offset) answer["offset"] = *answer_->offset;
  if (!answer_->storage_errors.empty()) answer["storage_errors"] = answer_->storage_errors;
  if (answer_->ended) answer["call_ended"] = true;
  if (!answer_->updated_schema.empty()) answer["updated_schema"] = answer_->updated_schema;
  Record(step, answer.dump());
}

void CaseRunner::RecordRows(const Step& step, std::vector<std::string> rows) {
  json answer = {{"rows", json::array()}};
  std::sort(rows.begin(), rows.end());
  for (const std::string& row : rows) answer["rows"].push_back(json::parse(WithoutNames(row)));
  Record(step, answer.dump());
}

void CaseRunner::Record(const Step& step, const std::string& answer) {
  if (recording_ == nullptr) return;
  recording_->Add({case_.name, step_number_, step.verb + " " + step.argument, answer});
}

// So that answers of two endpoints can be compared.
std::string CaseRunner::WithoutNames(std::string text) const {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& [name, full] : streams_) {
    if (!full.empty()) names.emplace_back(full, absl::StrCat("$STREAM(", name, ")"));
  }
  const EndpointAddresses& at = endpoint_.addresses();
  names.emplace_back(table_path_, "$TABLE_PATH");
  names.emplace_back(absl::StrCat("projects/", at.project, "/datasets/", at.dataset, "/"), "$DATASET_PATH/");
  names.emplace_back(absl::StrCat(at.project, ".", at.dataset, "."), "$DATASET.");
  text = absl::StrReplaceAll(text, names);
  // Before the colon stands the project's name, or its number.
  const std::string rest = absl::StrCat(":", at.dataset, ".");
  for (size_t found = text.find(rest); found != std::string::npos; found = text.find(rest, found)) {
    size_t begin = found;
    while (begin > 0 && (absl::ascii_isalnum(text[begin - 1]) || text[begin - 1] == '-')) --begin;
    text.replace(begin, found - begin + rest.size(), "$DATASET.");
    found = begin;
  }
  return text;
}

}  // namespace bqcdc::conformance
