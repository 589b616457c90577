// JSON lines → wire bytes, one thread: our encoder beside protobuf's JsonStringToMessage on a dynamic message
// and beside simdjson alone ("parse-only": on demand, line by line, every value read by its typed getter,
// nothing written).
//
// Results are compared before anything is timed: every row with the reference encoder, and with protobuf's
// own. Where protobuf's JSON is another one than ours (times, decimals), protobuf is given the same message
// in its JSON: values that are converted already, so its rate is a bound. Contestants run in turns and the
// best turn of each counts, because shared machines are noisy: only the ratios travel.
//
//   json_to_wire_bench [--lines N] [--turns N] [--only NAME]

#include <google/protobuf/util/json_util.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/base/testing/allocation_count.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/testing/reference_encoder.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/schema/schema_json.h"
#include "bqcdc/values/civil_time.h"

namespace {

namespace encode = bqcdc::encode;
namespace schema = bqcdc::schema;
namespace values = bqcdc::values;
namespace ondemand = simdjson::ondemand;

constexpr values::SequenceNumber kSequence = {{0x18F2EBB6480, 1, 2, 0}};
constexpr size_t kCheckedLines = 2000;
// Rows that an encoder holds before the arena is cleared, about a request.
constexpr size_t kRowsPerBatch = 500;
// As pipeline::BlockEncoder has it.
constexpr size_t kLinesAhead = 32;

struct Workload {
  std::string name;
  schema::TableSchema table;
  std::vector<std::string> lines;
  bool protobuf_takes_it = false;  // where JSON and proto3's JSON mapping agree
};

// All lines in one buffer, one behind the other, as a reader has them.
struct Input {
  std::string bytes;
  std::vector<encode::PaddedLine> lines;

  explicit Input(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) bytes += text + "\n";
    bytes.resize(bytes.size() + encode::kLinePaddingBytes, ' ');
    size_t at = 0;
    for (const std::string& text : texts) {
      lines.emplace_back(bytes.data() + at, text.size());
      at += text.size() + 1;
    }
  }
};

class Generator {
 public:
  std::string Integer(int digits_max) {
    return std::to_string(Below(Power(1 + Below(static_cast<uint64_t>(digits_max)))));
  }
  std::string Text(size_t size, bool escapes) {
    std::string text;
    while (text.size() < size) {
      text += static_cast<char>('a' + Below(26));
      if (Below(7) == 0) text += ' ';
      if (escapes && Below(10) == 0) text += "\\n";
      if (escapes && Below(20) == 0) text += "\\u00e9";
    }
    return text;
  }
  std::string Decimal() { return std::to_string(Below(100'000)) + "." + std::to_string(10 + Below(90)); }
  std::string Timestamp() {
    return values::FormatTimestamp(static_cast<int64_t>(1'600'000'000'000'000 + Below(150'000'000'000'000)),
                                   "Z", values::FractionDigits::kShortest, 'T');
  }
  std::string Date() { return values::FormatDate(static_cast<int32_t>(Below(20'000))); }
  std::string Time() {
    return values::FormatTime(static_cast<int64_t>(Below(values::kMicrosPerDay)),
                              values::FractionDigits::kShortest);
  }
  // All digits that a double has.
  std::string Float() {
    return std::to_string(Below(1'000'000)) + "." + std::to_string(1'000'000'000 + Below(9'000'000'000));
  }
  // `count` digits.
  std::string Digits(size_t count) {
    std::string digits(1, static_cast<char>('1' + Below(9)));
    while (digits.size() < count) digits += static_cast<char>('0' + Below(10));
    return digits;
  }
  // Three bytes for each four digits.
  std::string Base64(size_t digits) {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    while (text.size() < digits) text += kDigits[Below(64)];
    return text;
  }
  uint64_t Below(uint64_t limit) { return random_() % limit; }

 private:
  static uint64_t Power(uint64_t digits) {
    uint64_t power = 1;
    for (uint64_t i = 0; i < digits; ++i) power *= 10;
    return power;
  }
  std::mt19937_64 random_{1};
};

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::string Object(std::vector<std::string> members, std::mt19937* shuffle) {
  if (shuffle != nullptr) std::shuffle(members.begin(), members.end(), *shuffle);
  std::string object = "{";
  for (const std::string& member : members) object += (object.size() > 1 ? "," : "") + member;
  return object + "}";
}

schema::TableSchema Table(std::string_view inline_schema) {
  return {*schema::ParseInlineSchema(inline_schema), {"id"}};
}

// Nine columns that protobuf's JSON parser takes as they are.
Workload Flat(const std::string& name, size_t count, bool escapes, bool shuffled) {
  Workload work{
      name,
      Table("id:INT64,customer:INT64,name:STRING,email:STRING,city:STRING,score:FLOAT64,active:BOOL,"
            "day:DATE,changed_at:TIMESTAMP"),
      {},
      true};
  Generator make;
  std::mt19937 shuffle(1);
  for (size_t i = 0; i < count; ++i) {
    work.lines.push_back(Object(
        {"\"id\":" + std::to_string(i), "\"customer\":" + make.Integer(9),
         "\"name\":" + Quoted(make.Text(18, escapes)), "\"email\":" + Quoted(make.Text(24, escapes)),
         "\"city\":" + Quoted(make.Text(10, escapes)), "\"score\":" + make.Decimal(),
         std::string("\"active\":") + (make.Below(2) == 0 ? "true" : "false"),
         "\"day\":" + std::to_string(make.Below(20'000)),
         "\"changed_at\":" + std::to_string(1'600'000'000'000'000 + make.Below(150'000'000'000'000)),
         "\"_CHANGE_TYPE\":\"UPSERT\"", "\"_CHANGE_SEQUENCE_NUMBER\":\"" + kSequence.ToString() + "\""},
        shuffled ? &shuffle : nullptr));
  }
  return work;
}

// Nine columns with the types that need work: decimals, times as text, bytes.
Workload Typed(const std::string& name, size_t count) {
  Workload work{name,
                Table("id:INT64,name:STRING,price:NUMERIC,total:BIGNUMERIC,day:DATE,changed_at:TIMESTAMP,"
                      "local:DATETIME,payload:BYTES,extra:JSON"),
                {}};
  Generator make;
  for (size_t i = 0; i < count; ++i) {
    work.lines.push_back(
        Object({"\"id\":" + std::to_string(i), "\"name\":" + Quoted(make.Text(18, false)),
                "\"price\":" + make.Decimal(), "\"total\":" + Quoted(make.Decimal()),
                "\"day\":" + Quoted(make.Date()), "\"changed_at\":" + Quoted(make.Timestamp()),
                "\"local\":" + Quoted(make.Date() + " 12:34:56.5"), "\"payload\":\"SGVsbG8sIHdvcmxkIQ==\"",
                "\"extra\":{\"a\":" + make.Integer(6) + ",\"b\":[true,null]}", "\"_CHANGE_TYPE\":\"UPSERT\""},
               nullptr));
  }
  return work;
}

Workload Nested(const std::string& name, size_t count) {
  Workload work{name, {}, {}};
  work.table = {*schema::ColumnsFromJsonText(R"([{"name":"id","type":"INT64"},{"name":"name","type":"STRING"},
      {"name":"address","type":"STRUCT","fields":[{"name":"street","type":"STRING"},{"name":"zip","type":"INT64"},{"name":"city","type":"STRING"}]},
      {"name":"items","type":"STRUCT","mode":"REPEATED","fields":[{"name":"sku","type":"STRING"},{"name":"count","type":"INT64"},{"name":"price","type":"NUMERIC"}]},
      {"name":"tags","type":"STRING","mode":"REPEATED"}])"),
                {"id"}};
  Generator make;
  for (size_t i = 0; i < count; ++i) {
    const auto item = [&make] {
      return Object({"\"sku\":" + Quoted(make.Text(8, false)), "\"count\":" + make.Integer(3),
                     "\"price\":" + make.Decimal()},
                    nullptr);
    };
    work.lines.push_back(Object(
        {"\"id\":" + std::to_string(i), "\"name\":" + Quoted(make.Text(18, false)),
         "\"address\":" + Object({"\"street\":" + Quoted(make.Text(20, false)), "\"zip\":" + make.Integer(5),
                                  "\"city\":" + Quoted(make.Text(10, false))},
                                 nullptr),
         "\"items\":[" + item() + "," + item() + "," + item() + "]", "\"tags\":[\"red\",\"green\",\"blue\"]",
         "\"_CHANGE_TYPE\":\"UPSERT\""},
        nullptr));
  }
  return work;
}

// A line of the table for a family of types: columns of that type alone beside the key, their keys in order.
struct Family {
  const char* name;
  const char* column;  // as in a JSON schema, without its name
  std::string (*value)(Generator&);
  bool protobuf_takes_it = false;
};
constexpr size_t kFamilyColumns = 8;

const Family kFamilies[] = {
    {"BOOL", R"("type":"BOOL")",
     [](Generator& make) { return std::string(make.Below(2) == 0 ? "true" : "false"); }, true},
    {"INT64", R"("type":"INT64")", [](Generator& make) { return make.Integer(18); }, true},
    {"FLOAT64", R"("type":"FLOAT64")", [](Generator& make) { return make.Float(); }, true},
    {"STRING", R"("type":"STRING")", [](Generator& make) { return Quoted(make.Text(18, false)); }, true},
    {"BYTES", R"("type":"BYTES")", [](Generator& make) { return Quoted(make.Base64(24)); }, true},
    {"NUMERIC", R"("type":"NUMERIC")", [](Generator& make) { return make.Decimal(); }},
    {"NUMERIC, 29 + 9 digits", R"("type":"NUMERIC")",
     [](Generator& make) { return Quoted(make.Digits(29) + "." + make.Digits(9)); }},
    {"BIGNUMERIC", R"("type":"BIGNUMERIC")",
     [](Generator& make) { return Quoted(make.Digits(30) + "." + make.Digits(30)); }},
    {"DATE", R"("type":"DATE")", [](Generator& make) { return Quoted(make.Date()); }},
    {"TIME", R"("type":"TIME")", [](Generator& make) { return Quoted(make.Time()); }},
    {"DATETIME", R"("type":"DATETIME")",
     [](Generator& make) { return Quoted(make.Date() + " " + make.Time()); }},
    {"TIMESTAMP", R"("type":"TIMESTAMP")", [](Generator& make) { return Quoted(make.Timestamp()); }},
    {"TIMESTAMP(12)", R"("type":"TIMESTAMP","timestampPrecision":"12")",
     [](Generator& make) { return Quoted(make.Date() + " 12:34:56." + make.Digits(12) + "+00"); }, true},
    {"INTERVAL", R"("type":"INTERVAL")",
     [](Generator& make) { return Quoted("1-2 " + make.Integer(4) + " " + make.Time()); }, true},
    {"GEOGRAPHY", R"("type":"GEOGRAPHY")",
     [](Generator& make) {
       return Quoted("POINT(" + make.Integer(2) + ".123456 " + make.Integer(1) + ".654321)");
     },
     true},
    {"RANGE", R"("type":"RANGE","rangeElementType":{"type":"DATE"})",
     [](Generator& make) { return R"({"start":)" + Quoted(make.Date()) + R"(,"end":"2200-01-01"})"; }},
    {"JSON", R"("type":"JSON")",
     [](Generator& make) {
       return R"({"a":)" + make.Integer(6) + R"(,"b":[true,null],"c":)" + Quoted(make.Text(10, false)) + "}";
     }},
    {"nested",
     R"("type":"STRUCT","fields":[{"name":"a","type":"INT64"},{"name":"b","type":"STRUCT","fields":[{"name":"c","type":"STRING"}]}])",
     [](Generator& make) {
       return R"({"a":)" + make.Integer(9) + R"(,"b":{"c":)" + Quoted(make.Text(8, false)) + "}}";
     },
     true},
    {"repeated", R"("type":"INT64","mode":"REPEATED")",
     [](Generator& make) {
       return "[" + make.Integer(9) + "," + make.Integer(9) + "," + make.Integer(9) + "]";
     },
     true},
};

Workload FamilyWorkload(const Family& family, size_t count) {
  std::string columns = R"([{"name":"id","type":"INT64"})";
  for (size_t i = 0; i < kFamilyColumns; ++i) {
    columns += R"(,{"name":"c)" + std::to_string(i) + "\"," + family.column + "}";
  }
  Workload work{
      family.name, {*schema::ColumnsFromJsonText(columns + "]"), {"id"}}, {}, family.protobuf_takes_it};
  Generator make;
  for (size_t i = 0; i < count; ++i) {
    std::vector<std::string> members = {"\"id\":" + std::to_string(i)};
    for (size_t j = 0; j < kFamilyColumns; ++j) {
      members.push_back("\"c" + std::to_string(j) + "\":" + family.value(make));
    }
    members.emplace_back("\"_CHANGE_TYPE\":\"UPSERT\"");
    members.push_back("\"_CHANGE_SEQUENCE_NUMBER\":" + Quoted(kSequence.ToString()));
    work.lines.push_back(Object(std::move(members), nullptr));
  }
  return work;
}

// The encoder over all lines, some of them scanned at once as `bqcdc stream` does it; returns the bytes
// written.
size_t RunEncoder(encode::JsonRowEncoder* encoder, const Input& input, encode::EncodedRows* rows) {
  const std::span<const encode::PaddedLine> lines = input.lines;
  size_t bytes = 0;
  size_t scanned = 0;
  rows->Clear();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i == scanned)
      scanned += encoder->ScanAhead(lines.subspan(i, std::min(kLinesAhead, lines.size() - i)));
    if (encoder->EncodeLine(lines[i], kSequence, rows) != encode::EncodeError::kNone) std::abort();
    if (rows->row_count() == kRowsPerBatch) {
      bytes += rows->byte_count();
      rows->Clear();
    }
  }
  return bytes + rows->byte_count();
}

// Reads every value by its typed getter. The sum keeps the compiler from leaving reads out.
size_t ReadValue(ondemand::value value);

size_t ReadObject(ondemand::object object) {
  size_t sum = 0;
  for (auto field : object) {
    sum += static_cast<size_t>(field.key().value_unsafe().raw()[0]);
    sum += ReadValue(field.value().value_unsafe());
  }
  return sum;
}

size_t ReadValue(ondemand::value value) {
  const std::string_view token = value.raw_json_token();
  switch (token.front()) {
    case '"':
      return std::string_view(value.get_string()).size();
    case '{':
      return ReadObject(value.get_object());
    case '[': {
      size_t sum = 0;
      for (auto element : value.get_array()) sum += ReadValue(element.value_unsafe());
      return sum;
    }
    case 't':
    case 'f':
      return static_cast<size_t>(bool(value.get_bool()));
    case 'n':
      return 0;
    default:
      return token.find('.') == std::string_view::npos ? static_cast<size_t>(int64_t(value.get_int64()))
                                                       : static_cast<size_t>(double(value.get_double()));
  }
}

size_t RunParseOnly(ondemand::parser* parser, const Input& input) {
  size_t sum = 0;
  for (const encode::PaddedLine& line : input.lines) {
    ondemand::document document =
        parser->iterate(line.data(), line.size(), line.size() + encode::kLinePaddingBytes);
    sum += ReadObject(document.get_object());
  }
  return sum;
}

size_t RunProtobuf(google::protobuf::Message* message, const Input& input) {
  size_t bytes = 0;
  std::string row;
  for (const encode::PaddedLine& line : input.lines) {
    message->Clear();
    const auto status =
        google::protobuf::util::JsonStringToMessage(google::protobuf::StringPiece(line.data(), line.size()),
                                                    message, google::protobuf::util::JsonParseOptions());
    if (!status.ok()) std::abort();
    row.clear();
    message->AppendToString(&row);
    bytes += row.size();
  }
  return bytes;
}

void Fail(const Workload& work, size_t line, const char* why) {
  std::fprintf(stderr, "%s, line %zu: %s\n", work.name.c_str(), line, why);
  std::exit(1);
}

// The JSON of protobuf's own for a part of the lines, which is enough to tell its rate: the line as it is, or
// the message of its row as protobuf prints it.
std::vector<std::string> ProtobufLines(const Workload& work,
                                       const encode::testing::ReferenceEncoder& reference) {
  const size_t count = std::min(work.lines.size(), std::max(kCheckedLines, work.lines.size() / 10));
  std::vector<std::string> lines(work.lines.begin(), work.lines.begin() + static_cast<long>(count));
  if (work.protobuf_takes_it) return lines;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  const auto message = reference.NewRow();
  for (size_t i = 0; i < count; ++i) {
    const auto row = reference.Encode(lines[i], kSequence.ToString());
    lines[i].clear();
    if (!row.ok() || !message->ParseFromString(*row) ||
        !google::protobuf::util::MessageToJsonString(*message, &lines[i], options).ok()) {
      Fail(work, i, "has no JSON of protobuf's");
    }
  }
  return lines;
}

// The first lines of a workload: the encoder's rows must be those of the reference, and of protobuf.
void Check(const Workload& work, const std::vector<std::string>& protobuf_lines,
           encode::JsonRowEncoder* encoder, const encode::testing::ReferenceEncoder& reference) {
  encode::EncodedRows rows;
  const auto message = reference.NewRow();
  for (size_t i = 0; i < std::min(kCheckedLines, work.lines.size()); ++i) {
    const encode::OwnedLine line(work.lines[i]);
    if (encoder->EncodeLine(line.line(), kSequence, &rows) != encode::EncodeError::kNone)
      Fail(work, i, "refused");
    const auto got = reference.Normalize(rows.row(i));
    const auto want = reference.Encode(work.lines[i], kSequence.ToString());
    if (!got.ok() || !want.ok() || *got != *want) Fail(work, i, "differs from the reference");
    message->Clear();
    if (!google::protobuf::util::JsonStringToMessage(protobuf_lines[i], message.get()).ok())
      Fail(work, i, "refused by protobuf");
    if (message->SerializeAsString() != *want) Fail(work, i, "differs from protobuf");
  }
}

double Seconds(const std::function<void()>& run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void Print(const char* contestant, double seconds, const Input& input, double encoder_seconds) {
  const auto lines = static_cast<double>(input.lines.size());
  std::printf("  %-28s %8.3f M rows/s %8.1f MB/s of JSON   ours is %5.2f x\n", contestant,
              lines / seconds / 1e6, static_cast<double>(input.bytes.size()) / seconds / 1e6,
              seconds / encoder_seconds);
}

void Measure(const Workload& work, int turns) {
  const auto plan = encode::EncodePlan::Create(work.table);
  const auto reference = encode::testing::ReferenceEncoder::Create(work.table);
  if (!plan.ok() || !reference.ok()) Fail(work, 0, "no plan");
  encode::JsonRowEncoder encoder(*plan);
  const std::vector<std::string> protobuf_lines = ProtobufLines(work, **reference);
  Check(work, protobuf_lines, &encoder, **reference);

  const Input input(work.lines);
  const Input protobuf_input(protobuf_lines);
  encode::EncodedRows rows;
  ondemand::parser parser;
  const auto message = (*reference)->NewRow();
  double encoder_seconds = 1e9;
  double parse_seconds = 1e9;
  double protobuf_seconds = 1e9;
  volatile size_t sink = 0;
  size_t allocations = 0;
  size_t wire_bytes = 0;
  for (int turn = 0; turn < turns; ++turn) {
    const size_t before = bqcdc::base::AllocationCount();
    encoder_seconds =
        std::min(encoder_seconds, Seconds([&] { wire_bytes = RunEncoder(&encoder, input, &rows); }));
    allocations = bqcdc::base::AllocationCount() - before;
    parse_seconds = std::min(parse_seconds, Seconds([&] { sink = sink + RunParseOnly(&parser, input); }));
    protobuf_seconds = std::min(protobuf_seconds,
                                Seconds([&] { sink = sink + RunProtobuf(message.get(), protobuf_input); }));
  }
  std::printf("%s: %zu lines of %.0f bytes, rows of %.0f bytes; allocations of the last turn: %zu\n",
              work.name.c_str(), work.lines.size(),
              static_cast<double>(input.bytes.size()) / static_cast<double>(work.lines.size()),
              static_cast<double>(wire_bytes) / static_cast<double>(work.lines.size()), allocations);
  Print("JsonRowEncoder", encoder_seconds, input, encoder_seconds);
  Print("simdjson, parse-only", parse_seconds, input, encoder_seconds);
  Print(work.protobuf_takes_it ? "protobuf JsonStringToMessage" : "protobuf, values converted",
        protobuf_seconds, protobuf_input,
        encoder_seconds * static_cast<double>(protobuf_input.lines.size()) /
            static_cast<double>(input.lines.size()));
}

}  // namespace

int main(int argc, char** argv) {
  size_t lines = 200'000;
  int turns = 7;
  std::string_view only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--lines") lines = static_cast<size_t>(std::atol(argv[i + 1]));
    if (flag == "--turns") turns = std::atoi(argv[i + 1]);
    if (flag == "--only") only = argv[i + 1];
  }
  std::printf("simdjson kernel at run time: %s; results compared on %zu lines each before timing\n",
              simdjson::get_active_implementation()->name().c_str(), std::min(lines, kCheckedLines));
  // Each is made when its turn comes: all of them together are more than a gigabyte of text.
  struct Entry {
    std::string name;
    std::function<Workload(const std::string& name)> make;
  };
  std::vector<Entry> table = {
      {"flat, in order", [=](const std::string& name) { return Flat(name, lines, false, false); }},
      {"flat, shuffled keys", [=](const std::string& name) { return Flat(name, lines, false, true); }},
      {"flat, with escapes", [=](const std::string& name) { return Flat(name, lines, true, false); }},
      {"typed", [=](const std::string& name) { return Typed(name, lines); }},
      {"nested + repeated", [=](const std::string& name) { return Nested(name, lines); }},
  };
  for (const Family& family : kFamilies) {
    table.push_back({family.name, [=](const std::string&) { return FamilyWorkload(family, lines); }});
  }
  for (const Entry& entry : table) {
    if (only.empty() || only == entry.name) Measure(entry.make(entry.name), turns);
  }
}
