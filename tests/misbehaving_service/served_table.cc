#include "tests/misbehaving_service/served_table.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace bqcdc::misbehaving {
namespace {

namespace pb = google::protobuf;

// As the nasty variant of the local server: bqcdc/emulator/unconfirmed.h.
constexpr std::int64_t kForgetMicros = 48LL * 3600 * 1'000'000;
// The service applies in the background; how often is its own matter.
constexpr std::int64_t kApplyMicros = 60LL * 1'000'000;

}  // namespace

RowReader::~RowReader() = default;

absl::StatusOr<std::shared_ptr<RowReader>> RowReader::Create(const std::string& descriptor) {
  auto reader = std::shared_ptr<RowReader>(new RowReader);
  pb::FileDescriptorProto file;
  file.set_name("row.proto");
  file.set_syntax("proto2");
  if (!file.add_message_type()->ParseFromString(descriptor))
    return absl::InvalidArgumentError("Invalid proto schema: unreadable");
  reader->pool_ = std::make_unique<pb::DescriptorPool>();
  const pb::FileDescriptor* built = reader->pool_->BuildFile(file);
  if (built == nullptr) return absl::InvalidArgumentError("Invalid proto schema: not self-contained");
  for (const char* name :
       {"id", "value", "note", "region", "day", "_CHANGE_TYPE", "_CHANGE_SEQUENCE_NUMBER"}) {
    if (built->message_type(0)->FindFieldByName(name) == nullptr)
      return absl::InvalidArgumentError(absl::StrCat("Invalid proto schema: ", name, " is missing"));
  }
  reader->factory_ = std::make_unique<pb::DynamicMessageFactory>(reader->pool_.get());
  reader->prototype_ = reader->factory_->GetPrototype(built->message_type(0));
  return reader;
}

absl::StatusOr<oracle::Row> RowReader::Read(const std::string& bytes) const {
  const std::unique_ptr<pb::Message> message(prototype_->New());
  if (!message->ParseFromString(bytes))
    return absl::InvalidArgumentError("a row is no message of the writer schema");
  const pb::Reflection& reflection = *message->GetReflection();
  const pb::Descriptor& type = *message->GetDescriptor();
  const auto text = [&](const char* name) -> std::optional<std::string> {
    const pb::FieldDescriptor* field = type.FindFieldByName(name);
    if (!reflection.HasField(*message, field)) return {};
    return reflection.GetString(*message, field);
  };
  const auto number = [&](const char* name) -> std::optional<std::int64_t> {
    const pb::FieldDescriptor* field = type.FindFieldByName(name);
    if (!reflection.HasField(*message, field)) return {};
    return reflection.GetInt64(*message, field);
  };
  oracle::Row row;
  const std::optional<std::string> change = text("_CHANGE_TYPE");
  if (change != "UPSERT" && change != "DELETE") return absl::InvalidArgumentError("a row has no change type");
  row.operation = change == "UPSERT" ? oracle::Operation::kUpsert : oracle::Operation::kDelete;
  row.key.id = number("id");
  row.key.region = text("region");
  const pb::FieldDescriptor* day = type.FindFieldByName("day");
  if (reflection.HasField(*message, day))
    row.key.parts = {oracle::Scalar(absl::StrCat(reflection.GetInt32(*message, day)))};
  row.value = number("value").value_or(0);
  row.note = text("note");
  row.sequence = text("_CHANGE_SEQUENCE_NUMBER");
  if (!row.key.id || !row.sequence)
    return absl::InvalidArgumentError("a row has no key or no sequence number");
  return row;
}

std::vector<write::RowError> FindUnfitRows(const std::vector<oracle::Row>& rows) {
  std::vector<write::RowError> errors;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].operation == oracle::Operation::kUpsert && rows[i].note &&
        absl::StartsWith(*rows[i].note, "unfit")) {
      // Names the row, so that a text that lands at another row is seen.
      errors.push_back({static_cast<std::int64_t>(i),
                        absl::StrCat("Field note: value of row ", rows[i].value, " is unfit.")});
    }
  }
  return errors;
}

ServedTable::ServedTable(Options options)
    : options_(options),
      random_(options.seed),
      oracle_(options.shape, /*staleness_micros=*/0,
              {.ties_shuffled = false,
               .forget_sequences_after_micros =
                   options.forgets_numbers ? std::optional<std::int64_t>(kForgetMicros) : std::nullopt}) {}

void ServedTable::Append(std::vector<oracle::Row> rows, absl::Time now) {
  // Ingest times rise strictly.
  last_micros_ = std::max(last_micros_ + 1, absl::ToUnixMicros(now));
  if (last_micros_ >= last_apply_ + kApplyMicros) {
    oracle_.Apply(last_micros_);
    last_apply_ = last_micros_++;
  }
  // The service may take the rows of a request in any order.
  if (options_.shuffles_rows) std::shuffle(rows.begin(), rows.end(), random_);
  oracle_.Append(rows, last_micros_);
  ++append_count_;
}

oracle::View ServedTable::Show(absl::Time now) const {
  return oracle_.Expected(std::max(last_micros_, absl::ToUnixMicros(now)));
}

}  // namespace bqcdc::misbehaving
