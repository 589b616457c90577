// bqcdc_null_sink: the far end of the Storage Write API that costs nothing. It reads every AppendRows request
// down to the frames of its rows, counts them and answers at once (or --ack-delay-ms later). A benchmark of
// writers puts it where BigQuery would be, so that what is measured is the writer. It stores nothing and
// looks at no value.
//
// Beside that, the little REST that writers need: insert, get and patch (labels, by etag) of one dataset and
// its tables; GetWriteStream describes them. Counters: GET /stats; POST /stats/reset. A line of counters is
// printed at the end.

#include <grpcpp/alarm.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/server_callback.h>
#include <httplib.h>
#include <malloc.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

constexpr int kRequestBytesMax = 64 * 1024 * 1024;
// A request of a megabyte comes in one frame and is let through without waiting for a word from here, so that
// what is measured is not how often two gRPCs wake each other up.
constexpr int kFrameBytesMax = 1024 * 1024;
constexpr int kLookaheadBytes = 4 * 1024 * 1024;
constexpr size_t kUnansweredRequestsMax = 1000;  // on one connection; then it is read no further

struct Counters {
  std::atomic<int64_t> rows{0}, row_bytes{0}, requests{0}, request_bytes{0}, refused{0}, connections{0};

  Json ToJson() const {
    return {{"rows", rows.load()},         {"row_bytes", row_bytes.load()},
            {"requests", requests.load()}, {"request_bytes", request_bytes.load()},
            {"refused", refused.load()},   {"connections", connections.load()}};
  }
  void Reset() { rows = row_bytes = requests = request_bytes = refused = connections = 0; }
};

// What a request holds, as far as it is looked at.
struct Request {
  int64_t rows = 0, row_bytes = 0;
  bool writer_schema = false;
  std::string stream;  // empty: as before
};

bool Nested(CodedInputStream& in, bool (*read)(CodedInputStream&, Request&), Request& request) {
  const auto limit = in.ReadLengthAndPushLimit();
  if (!read(in, request) || in.BytesUntilLimit() != 0) return false;
  in.PopLimit(limit);
  return true;
}

// Tags up to the limit or the end; `field` answers for those that it knows.
template <typename Field>
bool ReadFields(CodedInputStream& in, Field field) {
  for (;;) {
    const uint32_t tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    const bool delimited = WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    const int outcome = delimited ? field(WireFormatLite::GetTagFieldNumber(tag)) : -1;
    if (outcome == 0 || (outcome < 0 && !WireFormatLite::SkipField(&in, tag))) return false;
  }
}

constexpr int kUnknown = -1;  // beside 0 for a broken field and 1 for a field that was read

bool ReadRows(CodedInputStream& in, Request& request) {
  return ReadFields(in, [&](int number) {
    if (number != v1::ProtoRows::kSerializedRowsFieldNumber) return kUnknown;
    uint32_t size;
    if (!in.ReadVarint32(&size) || !in.Skip(static_cast<int>(size))) return 0;
    ++request.rows;
    request.row_bytes += size;
    return 1;
  });
}

bool ReadProtoData(CodedInputStream& in, Request& request) {
  return ReadFields(in, [&](int number) {
    using Data = v1::AppendRowsRequest::ProtoData;
    if (number == Data::kWriterSchemaFieldNumber) request.writer_schema = true;
    if (number != Data::kRowsFieldNumber) return kUnknown;
    return Nested(in, ReadRows, request) ? 1 : 0;
  });
}

bool ReadRequest(CodedInputStream& in, Request& request) {
  return ReadFields(in, [&](int number) {
    if (number == v1::AppendRowsRequest::kProtoRowsFieldNumber)
      return Nested(in, ReadProtoData, request) ? 1 : 0;
    if (number != v1::AppendRowsRequest::kWriteStreamFieldNumber) return kUnknown;
    return WireFormatLite::ReadString(&in, &request.stream) ? 1 : 0;
  });
}

grpc::ByteBuffer Serialize(const v1::AppendRowsResponse& response) {
  const grpc::Slice slice(response.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// One AppendRows RPC; deletes itself when it is over.
class Connection final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Connection(Counters& counters, std::chrono::milliseconds delay) : counters_(counters), delay_(delay) {
    ++counters_.connections;
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    std::lock_guard lock(mutex_);
    reading_ = false;
    if (ok) {
      answers_.push_back({SteadyClock::now() + delay_, Answer()});
      request_.Clear();
    } else {
      reads_done_ = true;
    }
    GoOn();
  }

  void OnWriteDone(bool ok) override {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
    answers_.pop_front();
    GoOn();
  }

  void OnCancel() override {
    std::lock_guard lock(mutex_);
    broken_ = true;
    GoOn();
  }

  void OnDone() override { delete this; }

 private:
  struct Due {
    SteadyClock::time_point time;
    grpc::ByteBuffer answer;
  };

  // Reads request_, counts it and makes its answer.
  grpc::ByteBuffer Answer() {
    Request request;
    ++counters_.requests;
    counters_.request_bytes += static_cast<int64_t>(request_.Length());
    grpc::ProtoBufferReader reader(&request_);
    CodedInputStream in(&reader);
    in.SetTotalBytesLimit(kRequestBytesMax);
    const bool framed = ReadRequest(in, request);
    if (!request.stream.empty()) stream_ = request.stream;
    schema_known_ = schema_known_ || request.writer_schema;
    v1::AppendRowsResponse response;
    response.set_write_stream(stream_);
    if (framed && request.rows > 0 && !stream_.empty() && schema_known_) {
      counters_.rows += request.rows;
      counters_.row_bytes += request.row_bytes;
      response.mutable_append_result();
    } else {
      ++counters_.refused;
      response.mutable_error()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
      response.mutable_error()->set_message(!framed             ? "the request is no AppendRowsRequest"
                                            : request.rows == 0 ? "the request has no rows"
                                            : stream_.empty()   ? "the request names no stream"
                                                                : "the connection has no writer schema yet");
    }
    return Serialize(response);
  }

  // Starts what is due. Under the lock: gRPC calls back on another thread.
  void GoOn() {
    if (finished_) return;
    if (!writing_ && !waiting_ && (broken_ || (reads_done_ && answers_.empty()))) {
      finished_ = true;
      Finish(grpc::Status::OK);
      return;
    }
    if (broken_) return;
    if (!reading_ && !reads_done_ && answers_.size() < kUnansweredRequestsMax) {
      reading_ = true;
      StartRead(&request_);
    }
    if (writing_ || waiting_ || answers_.empty()) return;
    const auto wait = answers_.front().time - SteadyClock::now();
    if (wait <= std::chrono::nanoseconds(0)) {
      writing_ = true;
      StartWrite(&answers_.front().answer);
      return;
    }
    waiting_ = true;
    alarm_.Set(std::chrono::system_clock::now() + wait, [this](bool) {
      std::lock_guard lock(mutex_);
      waiting_ = false;
      GoOn();
    });
  }

  Counters& counters_;
  const std::chrono::milliseconds delay_;
  std::mutex mutex_;
  grpc::ByteBuffer request_;
  std::deque<Due> answers_;
  grpc::Alarm alarm_;
  std::string stream_;
  bool schema_known_ = false;
  bool reading_ = true, reads_done_ = false, writing_ = false, waiting_ = false, broken_ = false,
       finished_ = false;
};

// Table resources by "projects/P/datasets/D/tables/T", as they were inserted.
class Tables {
 public:
  void Insert(const std::string& name, Json table) {
    std::lock_guard lock(mutex_);
    table["type"] = "TABLE";
    table["creationTime"] = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                               std::chrono::system_clock::now().time_since_epoch())
                                               .count());
    table["etag"] = NextEtag();
    tables_[name] = std::move(table);
  }

  // Null where there is none.
  Json Get(const std::string& name) {
    std::lock_guard lock(mutex_);
    const auto found = tables_.find(name);
    return found == tables_.end() ? Json() : found->second;
  }

  // The HTTP code of a patch of labels; `table` is what stands there after a 200.
  int Patch(const std::string& name, const std::string& if_match, const Json& patch, Json* table) {
    std::lock_guard lock(mutex_);
    const auto found = tables_.find(name);
    if (found == tables_.end()) return 404;
    if (!if_match.empty() && if_match != found->second["etag"]) return 412;
    found->second["labels"].merge_patch(patch.value("labels", Json::object()));
    found->second["etag"] = NextEtag();
    *table = found->second;
    return 200;
  }

 private:
  std::string NextEtag() { return "\"" + std::to_string(++changes_) + "\""; }

  std::mutex mutex_;
  std::map<std::string, Json> tables_;
  int64_t changes_ = 0;
};

// REST names of types that the Storage API calls otherwise.
v1::TableFieldSchema::Type StorageType(const std::string& name) {
  static const std::map<std::string, v1::TableFieldSchema::Type> kOtherNames = {
      {"INTEGER", v1::TableFieldSchema::INT64},
      {"FLOAT", v1::TableFieldSchema::DOUBLE},
      {"FLOAT64", v1::TableFieldSchema::DOUBLE},
      {"BOOLEAN", v1::TableFieldSchema::BOOL},
      {"BIGNUMERIC", v1::TableFieldSchema::BIGNUMERIC}};
  const auto other = kOtherNames.find(name);
  if (other != kOtherNames.end()) return other->second;
  v1::TableFieldSchema::Type type = v1::TableFieldSchema::TYPE_UNSPECIFIED;
  v1::TableFieldSchema::Type_Parse(name, &type);
  return type;
}

// AppendRows gets raw buffers: the sink must not cost more than the writers.
using ServiceBase = v1::BigQueryWrite::WithRawCallbackMethod_AppendRows<
    v1::BigQueryWrite::WithCallbackMethod_GetWriteStream<v1::BigQueryWrite::Service>>;

class WriteService final : public ServiceBase {
 public:
  WriteService(Tables& tables, std::chrono::milliseconds delay) : tables_(tables), delay_(delay) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AppendRows(
      grpc::CallbackServerContext*) override {
    return new Connection(counters_, delay_);
  }

  grpc::ServerUnaryReactor* GetWriteStream(grpc::CallbackServerContext* context,
                                           const v1::GetWriteStreamRequest* request,
                                           v1::WriteStream* stream) override {
    auto* const reactor = context->DefaultReactor();
    const Json table = tables_.Get(request->name().substr(0, request->name().find("/streams/")));
    if (table.is_null()) {
      reactor->Finish({grpc::StatusCode::NOT_FOUND, "no such table: " + request->name()});
      return reactor;
    }
    stream->set_name(request->name());
    stream->set_type(v1::WriteStream::COMMITTED);
    stream->set_location("us");
    for (const Json& column : table["schema"]["fields"]) {
      auto* const field = stream->mutable_table_schema()->add_fields();
      field->set_name(column.value("name", ""));
      field->set_type(StorageType(column.value("type", "")));
      field->set_mode(column.value("mode", "") == "REQUIRED" ? v1::TableFieldSchema::REQUIRED
                                                             : v1::TableFieldSchema::NULLABLE);
    }
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  Counters& counters() { return counters_; }

 private:
  Tables& tables_;
  const std::chrono::milliseconds delay_;
  Counters counters_;
};

void SendJson(httplib::Response& response, const Json& body, int code = 200) {
  response.status = code;
  response.set_content(body.dump(), "application/json");
}

void SendError(httplib::Response& response, int code, const std::string& message) {
  SendJson(response, {{"error", {{"code", code}, {"message", message}, {"errors", Json::array()}}}}, code);
}

void SetUpRest(httplib::Server& http, Tables& tables, Counters& counters, const std::string& storage) {
  const std::string dataset = "/bigquery/v2/(projects/[^/]+/datasets/[^/]+)";
  const std::string table = dataset + "/tables/([^/?]+)";
  const auto name_of = [](const httplib::Request& request) {
    return request.matches[1].str() + "/tables/" + request.matches[2].str();
  };
  http.Get("/bqcdc/v1/endpoints", [storage](const httplib::Request&, httplib::Response& response) {
    SendJson(response, {{"storage", storage}});
  });
  http.Get("/stats", [&counters](const httplib::Request&, httplib::Response& response) {
    SendJson(response, counters.ToJson());
  });
  http.Post("/stats/reset", [&counters](const httplib::Request&, httplib::Response& response) {
    counters.Reset();
    SendJson(response, counters.ToJson());
  });
  const auto any_dataset = [](const httplib::Request&, httplib::Response& response) {
    SendJson(response, Json::object());
  };
  http.Get(dataset, any_dataset);
  http.Post("/bigquery/v2/projects/[^/]+/datasets", any_dataset);
  http.Post(dataset + "/tables", [&tables](const httplib::Request& request, httplib::Response& response) {
    const Json body = Json::parse(request.body, nullptr, false);
    const Json reference = body.is_object() ? body.value("tableReference", Json::object()) : Json();
    if (!reference.is_object() || !reference.contains("tableId") || !reference["tableId"].is_string())
      return SendError(response, 400, "tableReference.tableId is missing");
    const std::string name = request.matches[1].str() + "/tables/" + reference["tableId"].get<std::string>();
    tables.Insert(name, body);
    SendJson(response, tables.Get(name));
  });
  http.Get(table, [&tables, name_of](const httplib::Request& request, httplib::Response& response) {
    const Json found = tables.Get(name_of(request));
    if (found.is_null()) return SendError(response, 404, "Not found: " + name_of(request));
    SendJson(response, found);
  });
  http.Patch(table, [&tables, name_of](const httplib::Request& request, httplib::Response& response) {
    const Json patch = Json::parse(request.body, nullptr, false);
    if (!patch.is_object()) return SendError(response, 400, "the patch is no JSON object");
    Json after;
    const int code = tables.Patch(name_of(request), request.get_header_value("If-Match"), patch, &after);
    if (code != 200)
      return SendError(response, code, code == 404 ? "Not found" : "Precondition check failed.");
    SendJson(response, after);
  });
}

struct Options {
  int http_port = 0, grpc_port = 0, ack_delay_ms = 0;
  std::string endpoints_file;
};

int Fail(const std::string& message) {
  std::fprintf(stderr, "bqcdc_null_sink: %s\n", message.c_str());
  return EXIT_FAILURE;
}

int Run(const Options& options, const sigset_t& signals) {
  Tables tables;
  WriteService service(tables, std::chrono::milliseconds(options.ack_delay_ms));
  grpc::ServerBuilder builder;
  int grpc_port = 0;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kRequestBytesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kFrameBytesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookaheadBytes);
  builder.AddListeningPort("127.0.0.1:" + std::to_string(options.grpc_port),
                           grpc::InsecureServerCredentials(), &grpc_port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || grpc_port == 0) return Fail("cannot listen for gRPC: is the port taken?");

  httplib::Server http;
  // Else the second part of an answer waits 40 ms for the client's delayed acknowledgement of the first.
  http.set_tcp_nodelay(true);
  const std::string storage = "127.0.0.1:" + std::to_string(grpc_port);
  SetUpRest(http, tables, service.counters(), storage);
  int http_port = options.http_port;
  if (http_port == 0)
    http_port = http.bind_to_any_port("127.0.0.1");
  else if (!http.bind_to_port("127.0.0.1", http_port))
    http_port = -1;
  if (http_port <= 0) return Fail("cannot listen for HTTP: is the port taken?");
  std::thread http_thread([&http] { http.listen_after_bind(); });

  const std::string rest = "http://127.0.0.1:" + std::to_string(http_port);
  std::printf("bqcdc_null_sink: REST %s\nbqcdc_null_sink: gRPC %s\n", rest.c_str(), storage.c_str());
  std::fflush(stdout);
  bool written = true;
  if (!options.endpoints_file.empty()) {
    const std::string temporary = options.endpoints_file + ".tmp";
    std::ofstream file(temporary, std::ios::trunc);
    file << Json({{"rest", rest}, {"storage", storage}}).dump() << "\n";
    file.close();
    written = file.good() && std::rename(temporary.c_str(), options.endpoints_file.c_str()) == 0;
  }
  int signal_number = 0;
  if (written) sigwait(&signals, &signal_number);
  http.stop();
  http_thread.join();
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  server->Wait();
  std::printf("%s\n", service.counters().ToJson().dump().c_str());
  return written ? EXIT_SUCCESS : Fail("cannot write " + options.endpoints_file);
}

// Memory of one request serves the next. glibc would give each block of a request back to the system, and
// take it anew page by page: two thirds of the system time that a request costs here.
void KeepMemory() {
  constexpr int kBlockBytes = 32 * 1024 * 1024, kKeptBytes = 1024 * 1024 * 1024;
  mallopt(M_MMAP_THRESHOLD, kBlockBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

}  // namespace

int main(int argc, char** argv) {
  KeepMemory();
  Options options;
  CLI::App app(
      "Takes rows by the Storage Write API, counts them and acknowledges them; the null end of a benchmark "
      "of writers");
  app.add_option("--http-port", options.http_port, "REST, on loopback; 0: a free one")->capture_default_str();
  app.add_option("--grpc-port", options.grpc_port, "Storage Write API, on loopback; 0: a free one")
      ->capture_default_str();
  app.add_option("--endpoints-file", options.endpoints_file,
                 "Where both addresses are written once it is ready");
  app.add_option("--ack-delay-ms", options.ack_delay_ms,
                 "Acknowledge this many milliseconds after the request")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  // Every thread has them blocked, so that sigwait() sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return Run(options, signals);
}
