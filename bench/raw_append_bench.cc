// The two halves of a writer's work, each alone, on the rows of one file: JSON to wire bytes on one thread,
// and ready requests through gRPC with nothing else to do. Together they bound what a writer can reach on two
// cores: 1 / (1/raw + 1/(2 × encode)). A writer has to read the file, too, which is told beside it: on one
// thread, out of the page cache, with 1/(2 × read) more below the line.
//
//   raw_append_bench --endpoint HOST:PORT --table PROJECT.DATASET.TABLE --schema SCHEMA FILE
//
// With --rate ROWS the ready requests go one at a time, so many rows a second, and nothing else is done
// meanwhile: the bare round trip. --times N reads the file and sends the requests so often in a turn.
//
// The sender here knows neither order, windows of bytes, retries nor settlement: it is no writer.

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/write/destination.h"
#include "bqcdc/write/request_builder.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"

namespace {

namespace encode = bqcdc::encode;
namespace schema = bqcdc::schema;
namespace write = bqcdc::write;
namespace storage = google::cloud::bigquery::storage::v1;
using Batches = std::vector<std::shared_ptr<encode::EncodedRows>>;
using Clock = std::chrono::steady_clock;

constexpr char kMethod[] = "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows";

[[noreturn]] void Fail(const std::string& why) {
  std::cerr << "raw_append_bench: " << why << "\n";
  std::exit(1);
}

double Seconds(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// The file's lines, one behind the other, as a reader has them.
struct Input {
  std::string bytes;
  std::vector<encode::PaddedLine> lines;

  explicit Input(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(stream), {});
    if (bytes.empty()) Fail(absl::StrCat(path, ": nothing to read"));
    const std::size_t size = bytes.size();
    bytes.resize(size + encode::kLinePaddingBytes, ' ');
    for (std::size_t at = 0; at < size;) {
      const std::size_t end = std::min(bytes.find('\n', at), size);
      lines.emplace_back(bytes.data() + at, end - at);
      at = end + 1;
    }
  }
};

// Reads the file once, as LineReader does: 1 MiB at a time, into pieces of memory in turn, so that it is not
// the one that the cache holds.
double ReadSeconds(const std::string& path) {
  constexpr std::size_t kPieceBytes = 1024 * 1024, kPieces = 16;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) Fail(absl::StrCat("cannot open ", path));
  std::vector<char> memory(kPieces * kPieceBytes);
  const auto begin = Clock::now();
  ssize_t count = 1;
  for (std::size_t piece = 0; count > 0; ++piece)
    count = read(file, memory.data() + piece % kPieces * kPieceBytes, kPieceBytes);
  const double seconds = Seconds(begin);
  close(file);
  if (count < 0) Fail(absl::StrCat("cannot read ", path));
  return seconds;
}

// Encodes every line once, in batches of at most `batch_bytes`; only the encoding is timed.
Batches EncodeAll(const Input& input, const schema::TableSchema& table, std::size_t batch_bytes,
                  double* seconds) {
  const auto plan = encode::EncodePlan::Create(table);
  if (!plan.ok()) Fail(std::string(plan.status().message()));
  encode::JsonRowEncoder encoder(*plan);
  Batches batches;
  encode::EncodedRows reused;
  *seconds = 0;
  std::uint64_t number = 0;
  const auto hand_on = [&] {
    auto batch = std::make_shared<encode::EncodedRows>();
    for (std::size_t row = 0; row < reused.row_count(); ++row)
      batch->Append(reused.row(row), reused.facts(row));
    batches.push_back(std::move(batch));
    reused.Clear();
  };
  auto begin = Clock::now();
  std::size_t scanned = 0;  // lines before this one
  for (const encode::PaddedLine& line : input.lines) {
    if (number == scanned)
      scanned += encoder.ScanAhead(
          std::span(input.lines).subspan(scanned, std::min<std::size_t>(32, input.lines.size() - scanned)));
    if (encoder.EncodeLine(line, {{1, ++number, 1, 0}}, &reused) != encode::EncodeError::kNone)
      Fail(absl::StrCat("line ", number, " is refused"));
    if (reused.byte_count() + 4096 < batch_bytes) continue;
    *seconds += Seconds(begin);
    hand_on();
    begin = Clock::now();
  }
  *seconds += Seconds(begin);
  if (!reused.empty()) hand_on();
  return batches;
}

// One AppendRows call that sends every batch and counts the answers.
class RawCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  RawCall(grpc::GenericStub& stub, std::shared_ptr<const write::Destination> destination,
          const Batches& batches, std::size_t window)
      : destination_(std::move(destination)), batches_(batches), window_(window) {
    context_.AddMetadata("x-goog-request-params",
                         "write_stream=" + absl::StrReplaceAll(destination_->write_stream, {{"/", "%2F"}}));
    stub.PrepareBidiStreamingCall(&context_, kMethod, grpc::StubOptions(), this);
  }

  // `window` of them under way.
  void Run() {
    absl::MutexLock lock(&mutex_);
    Start();
    Finish();
  }

  // One at a time, so many rows a second. Returns how long the answers took, in order.
  std::vector<Clock::duration> RunPaced(double rows_per_second) {
    absl::MutexLock lock(&mutex_);
    paced_ = true;
    Start();
    const auto answered = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return answers_ == sent_ || done_; };
    for (Clock::time_point due = Clock::now(); sent_ < batches_.size() && !done_;) {
      mutex_.Unlock();
      std::this_thread::sleep_until(due);
      mutex_.Lock();
      mutex_.Await(absl::Condition(&answered));
      due += std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(static_cast<double>(batches_[sent_]->row_count()) / rows_per_second));
      WriteNext();
    }
    Finish();
    return took_;
  }

 private:
  void Start() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    AddHold();
    if (!paced_) WriteNext();
    StartRead(&read_);
    StartCall();
  }
  void Finish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    mutex_.Await(absl::Condition(&done_));
    if (!status_.ok()) Fail(absl::StrCat("the call ended: ", status_.error_message()));
    if (answers_ != batches_.size())
      Fail(absl::StrCat(answers_, " answers to ", batches_.size(), " requests"));
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (ok && !paced_) WriteNext();
  }
  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    if (!ok) return EndOnce();
    std::vector<grpc::Slice> slices;
    storage::AppendRowsResponse response;
    std::string bytes;
    if (!read_.Dump(&slices).ok()) Fail("an answer without bytes");
    for (const grpc::Slice& slice : slices)
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    if (!response.ParseFromString(bytes) || response.has_error())
      Fail(absl::StrCat("refused: ", response.error().message()));
    ++answers_;
    took_.push_back(Clock::now() - sent_at_);
    if (answers_ == batches_.size()) {
      StartWritesDone();
      EndOnce();
    } else if (!paced_) {
      WriteNext();
    }
    StartRead(&read_);
  }
  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    done_ = true;
  }

  void EndOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!std::exchange(ended_, true)) RemoveHold();
  }
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || sent_ == batches_.size() || sent_ - answers_ >= window_) return;
    const encode::EncodedRows& rows = *batches_[sent_];
    const write::Preamble preamble{sent_ == 0 ? destination_.get() : nullptr, {}, {}};
    const std::string head = write::BuildPreamble(preamble, rows.byte_count());
    const std::string_view body = rows.framed();
    grpc::Slice slices[2] = {grpc::Slice(head),
                             grpc::Slice(body.data(), body.size(), grpc::Slice::STATIC_SLICE)};
    write_ = grpc::ByteBuffer(slices, 2);
    ++sent_;
    sent_at_ = Clock::now();
    writing_ = true;
    StartWrite(&write_);
  }

  const std::shared_ptr<const write::Destination> destination_;
  const Batches& batches_;
  const std::size_t window_;
  grpc::ClientContext context_;
  absl::Mutex mutex_;
  grpc::ByteBuffer write_, read_;
  std::size_t sent_ = 0, answers_ = 0;
  Clock::time_point sent_at_;  // the last one
  std::vector<Clock::duration> took_;
  bool paced_ = false, writing_ = false, ended_ = false, done_ = false;
  grpc::Status status_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Encoding alone and sending alone, on the rows of one file");
  std::string endpoint, table, inline_schema, file;
  std::size_t window = 16, batch_bytes = 1024 * 1024;
  int turns = 3, times = 1;
  double rate = 0;
  app.add_option("--endpoint", endpoint, "gRPC, HOST:PORT")->required();
  app.add_option("--table", table, "PROJECT.DATASET.TABLE, to exist")->required();
  app.add_option("--schema", inline_schema, "name:TYPE,…; the first is the key")->required();
  app.add_option("--requests-in-flight", window, "requests under way");
  app.add_option("--batch-bytes", batch_bytes, "bytes a request");
  app.add_option("--turns", turns, "the best counts; with --rate there is one")->check(CLI::Range(1, 1000));
  app.add_option("--times", times, "how often the rows are sent in a turn")->check(CLI::Range(1, 1000));
  app.add_option("--rate", rate, "rows a second, one request at a time: tells how long answers take");
  app.add_option("file", file, "JSON lines")->required();
  CLI11_PARSE(app, argc, argv);

  const auto fields = schema::ParseInlineSchema(inline_schema);
  if (!fields.ok()) Fail(std::string(fields.status().message()));
  const schema::TableSchema parsed{*fields, {fields->front().name}};
  const std::vector<std::string> parts = absl::StrSplit(table, '.');
  if (parts.size() != 3) Fail("--table is PROJECT.DATASET.TABLE");
  const auto destination = write::MakeDestination(
      absl::StrCat("projects/", parts[0], "/datasets/", parts[1], "/tables/", parts[2]), parsed);
  if (!destination.ok()) Fail(std::string(destination.status().message()));

  const Input input(file);
  double read_seconds = 1e9, encode_seconds = 1e9, raw_seconds = 1e9;
  Batches batches;
  for (int turn = 0; turn < (rate > 0 ? 1 : turns); ++turn) {
    for (int i = 0; i < times; ++i) read_seconds = std::min(read_seconds, ReadSeconds(file));
    double seconds = 0;
    batches = EncodeAll(input, parsed, batch_bytes, &seconds);
    encode_seconds = std::min(encode_seconds, seconds);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  grpc::GenericStub stub(grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments));
  const std::size_t once = batches.size();
  for (std::size_t i = once; i < once * static_cast<std::size_t>(times); ++i)
    batches.push_back(batches[i - once]);
  if (rate > 0) {
    std::vector<Clock::duration> took = RawCall(stub, *destination, batches, 1).RunPaced(rate);
    std::sort(took.begin(), took.end());
    const auto quantile = [&](double part) {
      const auto at = static_cast<std::size_t>(part * static_cast<double>(took.size()));
      return std::chrono::duration<double, std::milli>(took[std::min(at, took.size() - 1)]).count();
    };
    std::printf("%zu requests of %zu rows, one at a time: answered within %.1f ms (half), %.1f ms (99 %%)\n",
                took.size(), input.lines.size() / once, quantile(0.5), quantile(0.99));
    return 0;
  }
  for (int turn = 0; turn < turns; ++turn) {
    const auto begin = Clock::now();
    RawCall(stub, *destination, batches, window).Run();
    raw_seconds = std::min(raw_seconds, Seconds(begin) / times);
  }
  const auto rows = static_cast<double>(input.lines.size());
  const double bound_seconds = raw_seconds + encode_seconds / 2;
  std::printf(
      "%.0f rows, %zu requests; encode %.0f rows/s, raw gRPC %.0f rows/s, bound %.0f rows/s; read %.0f "
      "rows/s, "
      "with it bound %.0f rows/s\n",
      rows, once, rows / encode_seconds, rows / raw_seconds, rows / bound_seconds, rows / read_seconds,
      rows / (bound_seconds + read_seconds / 2));
}
