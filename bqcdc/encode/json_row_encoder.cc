#include "bqcdc/encode/json_row_encoder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "bqcdc/encode/json_scalar_encoder.h"
#include "bqcdc/encode/json_string.h"
#include "bqcdc/encode/json_tokens.h"
#include "bqcdc/encode/line_state.h"
#include "bqcdc/encode/mutant.h"
#include "bqcdc/encode/row_finisher.h"
#include "bqcdc/encode/row_output.h"
#include "bqcdc/encode/shaped_line_encoder.h"
#include "bqcdc/encode/usual_value.h"
#include "bqcdc/encode/wire.h"
#include "bqcdc/values/json_text.h"
#include "bqcdc/values/range_text.h"

namespace bqcdc::encode {
namespace {

constexpr std::string_view kInsert = "INSERT";

// Errors after which the parser stands nowhere: the rest of the line cannot be read.
bool EndsLine(EncodeError error) {
  return error == EncodeError::kJsonSyntax || error == EncodeError::kInvalidUtf8;
}

// Where a value should stand.
bool IsPunctuation(char kind) {
  return kind == ',' || kind == ':' || kind == '}' || kind == ']' || kind == '\0';
}

// JsonRowEncoder. In the unnamed namespace, where the compiler knows all callers and merges functions that
// are called once: a tenth of the time.
class LineEncoder {
 public:
  LineEncoder(std::shared_ptr<const EncodePlan> plan, JsonRowEncoderOptions options);

  EncodeError EncodeLine(const PaddedLine& line, const values::SequenceNumber& assigned, EncodedRows* rows);

  size_t lines_to_scan() const { return short_way_.lines_left_out(); }
  size_t ScanAhead(std::span<const PaddedLine> lines) {
    return tokens_.ScanAhead(lines.first(std::clamp<size_t>(lines_to_scan(), 1, lines.size())));
  }
  const EncodeFailure& failure() const { return failure_; }
  // After kJsonSyntax: the encoder itself only sees that something is wrong in a token or behind it.
  void LocateFault(const PaddedLine& line) {
    const std::optional<size_t> at = values::FindJsonFault({line.data(), line.size()});
    failure_.bytes = at.has_value() ? *at + 1 : 0;
  }
  void set_sequence_source(SequenceSource source) { options_.sequence_source = source; }
  const EncodePlan& plan() const { return *plan_; }

 private:
  // The two sets of columns of an open object: given at all, and given with a value.
  struct ObjectSets {
    uint64_t* seen;
    uint64_t* present;
  };

  bool EncodeByTokens(const ColumnPlan& column, std::string_view value);

  // All take what they name at the cursor and leave it behind that.
  EncodeError EncodeObject();
  bool TakeUsualColumn(const MessagePlan& message, uint64_t* seen, uint32_t* previous, bool* ended);
  EncodeError EncodeRowColumn(const ColumnPlan& column, size_t index);
  EncodeError EncodePseudoColumn(const ColumnPlan& column);
  EncodeError EncodeColumn(const ColumnPlan& column, bool* present);
  EncodeError EncodeArray(const ColumnPlan& column);
  EncodeError EncodeValue(const ColumnPlan& column, std::string_view token);
  EncodeError EncodeMessage(const ColumnPlan& column);
  EncodeError EncodeFields(const MessagePlan& message, uint32_t message_index);
  EncodeError EncodeRangeText(const ColumnPlan& column, std::string_view token);
  EncodeError CheckRange(const ColumnPlan& column, size_t begin);
  EncodeError EncodeJsonTree(const ColumnPlan& column);
  EncodeError EncodeByteArray(const ColumnPlan& column);
  EncodeError FinishRow(const values::SequenceNumber& assigned);
  EncodeError CheckPresence();

  // The key and the colon behind it; what the key names.
  EncodeError TakeKey(const MessagePlan& message, uint32_t message_index, uint32_t* previous, size_t* index);
  EncodeError FindColumn(const MessagePlan& message, uint32_t message_index, const char* key,
                         uint32_t* previous, size_t* index);
  // The sign, if it stands at the cursor.
  bool TakeIfNext(char sign) {
    const bool is_next = tokens_.Peek() == sign;
    if (is_next) tokens_.Skip();
    return is_next;
  }
  // What follows an element of an array or object that ends with `bracket`.
  EncodeError TakeSeparator(char bracket, bool* ended);
  EncodeError ReadKey(const char* key, std::string_view* name);
  EncodeError MarkSeen(const ColumnPlan& column, size_t index, uint64_t* seen);
  EncodeError CheckRequired(const MessagePlan& message, const uint64_t* present);
  ObjectSets PushSets(const MessagePlan& message);
  void PopSets(const MessagePlan& message) { sets_top_ -= 2 * message.set_words(); }

  ABSL_ATTRIBUTE_NOINLINE ABSL_ATTRIBUTE_COLD EncodeError Fail(EncodeError error) {
    failure_.error = error;
    failure_.has_type = false;
    failure_.bytes = error == EncodeError::kRowTooLarge ? options_.row_bytes_max : 0;
    failure_.step_count = 0;
    failure_.unknown_name_bytes = 0;
    return error;
  }
  EncodeError FailAt(EncodeError error, const ColumnPlan& column) {
    Fail(error);
    failure_.has_type = true;
    failure_.type = column.type;
    return error;
  }
  // Adds the column around a failure while the calls unwind.
  EncodeError At(EncodeError error, const ColumnPlan& column, int64_t element = -1) {
    if (failure_.step_count < EncodeFailure::kPathStepsMax) {
      failure_.steps[failure_.step_count++] = {column.name, element};
    }
    return error;
  }

  std::shared_ptr<const EncodePlan> plan_;
  JsonRowEncoderOptions options_;
  JsonTokens tokens_;
  JsonScalarEncoder scalars_;
  RowFinisher finisher_;
  RowOutput output_;

  // State of the current line.
  const char* line_end_ = nullptr;
  LineState line_;
  bool deferred_ = false;           // a column that a DELETE would not need has failed
  EncodeFailure deferred_failure_;  // where deferred_
  EncodeFailure failure_;

  ShapedLineEncoder short_way_;  // for most lines; writes the row of the members above

  // Memory that is reused.
  std::vector<uint64_t>
      sets_;  // a stack of ObjectSets; deep enough for every object that can be open at once
  size_t sets_top_ = 0;
  std::vector<std::vector<uint32_t>> successors_;  // by message: the column that last followed each column
  std::string key_name_;                           // a name that was written with escapes
};

LineEncoder::LineEncoder(std::shared_ptr<const EncodePlan> plan, JsonRowEncoderOptions options)
    : plan_(std::move(plan)),
      options_(options),
      finisher_(plan_),
      short_way_(plan_, options.line_shapes_max, {&line_, &finisher_, &output_, options.row_bytes_max},
                 [this](const ColumnPlan& column, std::string_view value) {
                   return EncodeByTokens(column, value);
                 }) {
  size_t words = 0;
  for (size_t i = 0; i < plan_->message_count(); ++i) {
    const MessagePlan& message = plan_->message(i);
    words += 2 * message.set_words();
    // At first each column is expected behind the one before it, and the first one at the start.
    std::vector<uint32_t>& successors = successors_.emplace_back(message.column_count() + 1);
    for (size_t j = 0; j < successors.size(); ++j) {
      successors[j] = static_cast<uint32_t>(j < message.column_count() ? j : 0);
    }
  }
  sets_.resize(words);
}

EncodeError LineEncoder::EncodeLine(const PaddedLine& line, const values::SequenceNumber& assigned,
                                    EncodedRows* rows) {
  if (line.size() > options_.line_bytes_max) {
    tokens_.DropAhead();  // It is not counted off.
    return Fail(EncodeError::kLineTooLong);
  }
  line_end_ = line.data() + line.size();
  output_.Open(rows);
  deferred_ = false;
  const bool tried = short_way_.TriesNext();
  if (tried && short_way_.Take(line)) return FinishRow(assigned);

  line_ = {};
  sets_top_ = 0;
  output_.Rewind(0);
  finisher_.Begin();
  if (const EncodeError error = tokens_.Scan(line); error != EncodeError::kNone) return Fail(error);
  if (tokens_.Peek() != '{') return Fail(EncodeError::kNotAnObject);
  if (tokens_.last() != '}') return Fail(EncodeError::kJsonSyntax);  // It was cut off.
  if (const EncodeError error = EncodeObject(); error != EncodeError::kNone) return error;
  if (!tokens_.done()) return Fail(EncodeError::kJsonSyntax);
  const EncodeError error = FinishRow(assigned);
  if (tried && error == EncodeError::kNone) short_way_.Learn(line);
  return error;
}

// For the short way, which takes most values itself.
bool LineEncoder::EncodeByTokens(const ColumnPlan& column, std::string_view value) {
  sets_top_ = 0;
  bool present = false;
  return tokens_.Scan({value.data(), value.size()}) == EncodeError::kNone &&
         EncodeColumn(column, &present) == EncodeError::kNone && tokens_.done();
}

EncodeError LineEncoder::EncodeObject() {
  const MessagePlan& message = plan_->row();
  uint64_t* const seen = PushSets(message).seen;
  tokens_.Skip();
  bool ended = TakeIfNext('}');
  uint32_t previous = 0;
  while (!ended) {
    if (TakeUsualColumn(message, seen, &previous, &ended)) continue;
    size_t index = 0;
    if (const EncodeError error = TakeKey(message, EncodePlan::kRowMessage, &previous, &index);
        error != EncodeError::kNone) {
      return error;
    }
    const ColumnPlan& column = message.column(index);
    if (const EncodeError error = MarkSeen(column, index, seen); error != EncodeError::kNone) return error;
    if (const EncodeError error = EncodeRowColumn(column, index); error != EncodeError::kNone) return error;
    if (const EncodeError error = TakeSeparator('}', &ended); error != EncodeError::kNone) return error;
  }
  return EncodeError::kNone;
}

// A key where it is expected, a value that WriteUsualValue takes and what stands behind it; false, and
// nothing is taken, where anything else stands there, right or wrong. Most columns of a line that is
// scanned come this way, in one function.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool LineEncoder::TakeUsualColumn(const MessagePlan& message,
                                                                      uint64_t* seen, uint32_t* previous,
                                                                      bool* ended) {
  constexpr size_t kKey = 0, kColon = 1, kValue = 2, kSeparator = 3, kTokens = 4;
  if (Mutated(Mutant::kHashOfSpelling) || !tokens_.Has(kTokens)) return false;
  const char separator = tokens_.Ahead(kSeparator);
  if (tokens_.Ahead(kKey) != '"' || tokens_.Ahead(kColon) != ':' || (separator != ',' && separator != '}'))
    return false;
  const uint32_t index = successors_[EncodePlan::kRowMessage][*previous];
  const ColumnPlan& column = message.column(index);
  if (!column.key.Matches(tokens_.AheadPosition(kKey) + 1)) return false;
  const uint64_t bit = uint64_t{1} << (index % 64);
  const bool needed = line_.change_type == ChangeType::kUpsert || column.key_position >= 0;
  if ((seen[index / 64] & bit) != 0 || column.repeated || !needed) return false;

  const size_t begin = output_.position();
  if (!WriteUsualValue(column, tokens_.TextAhead(kValue), &output_)) return false;
  finisher_.MarkPresent(index, column, begin, output_.position());
  seen[index / 64] |= bit;
  tokens_.SkipAhead(kTokens);
  *previous = index + 1;
  *ended = separator == '}';
  return true;
}

// A failed column ends the line unless the line may still turn out to be a DELETE, which does not need it.
EncodeError LineEncoder::EncodeRowColumn(const ColumnPlan& column, size_t index) {
  if (column.encoder >= ValueEncoder::kChangeType) return EncodePseudoColumn(column);
  const bool is_key = column.key_position >= 0;
  if (is_key && Mutated(Mutant::kHashOfSpelling)) NoteKeySpelling(tokens_.Text());
  if (line_.change_type == ChangeType::kDelete && !is_key)
    return tokens_.SkipValue() ? EncodeError::kNone : Fail(EncodeError::kJsonSyntax);

  const size_t begin = output_.position();
  const size_t sets_top = sets_top_;
  const JsonTokens::Mark mark = tokens_.mark();
  bool present = false;
  const EncodeError error = EncodeColumn(column, &present);
  if (error == EncodeError::kNone) {
    if (present) finisher_.MarkPresent(index, column, begin, output_.position());
    return EncodeError::kNone;
  }
  if (is_key || line_.has_change_type || EndsLine(error)) return error;
  if (!deferred_) {
    deferred_ = true;
    deferred_failure_ = failure_;
  }
  output_.Rewind(begin);
  sets_top_ = sets_top;
  tokens_.Return(mark);
  return tokens_.SkipValue() ? EncodeError::kNone : Fail(EncodeError::kJsonSyntax);
}

EncodeError LineEncoder::EncodePseudoColumn(const ColumnPlan& column) {
  const std::string_view token = tokens_.Text();
  tokens_.Skip();
  if (IsNullToken(token)) return EncodeError::kNone;
  std::string_view text;
  const bool is_text = scalars_.Text(token, &text) == EncodeError::kNone;
  if (is_text && line_.Take(column, text)) return EncodeError::kNone;
  if (column.encoder != ValueEncoder::kChangeType) return Fail(EncodeError::kSequenceInvalid);
  return Fail(is_text && text == kInsert ? EncodeError::kChangeTypeInsert : EncodeError::kChangeTypeInvalid);
}

EncodeError LineEncoder::EncodeColumn(const ColumnPlan& column, bool* present) {
  const std::string_view token = tokens_.Text();
  if (IsNullToken(token)) {
    tokens_.Skip();
    return EncodeError::kNone;
  }
  *present = true;
  if (column.repeated) return EncodeArray(column);
  const EncodeError error = EncodeValue(column, token);
  return error == EncodeError::kNone ? error : At(error, column);
}

EncodeError LineEncoder::EncodeArray(const ColumnPlan& column) {
  const char kind = tokens_.Take();
  if (kind != '[') {
    const bool is_value = kind == '{' || !IsPunctuation(kind);
    return At(Fail(is_value ? EncodeError::kNotAnArray : EncodeError::kJsonSyntax), column);
  }
  bool ended = TakeIfNext(']');
  for (int64_t ordinal = 0; !ended; ++ordinal) {
    const std::string_view token = tokens_.Text();
    EncodeError error = EncodeError::kNone;
    if (IsNullToken(token)) {
      error = Fail(EncodeError::kNullElement);
    } else if (output_.position() > options_.row_bytes_max) {
      error = Fail(EncodeError::kRowTooLarge);
    } else {
      error = EncodeValue(column, token);
    }
    if (error == EncodeError::kNone) error = TakeSeparator(']', &ended);
    if (error != EncodeError::kNone) return At(error, column, ordinal);
  }
  return EncodeError::kNone;
}

EncodeError LineEncoder::EncodeValue(const ColumnPlan& column, std::string_view token) {
  const char kind = token.empty() ? '\0' : token.front();
  if (IsPunctuation(kind)) return Fail(EncodeError::kJsonSyntax);
  if (column.encoder == ValueEncoder::kStruct || column.encoder == ValueEncoder::kRange) {
    if (kind == '{') return EncodeMessage(column);
    if (kind != '"' || column.encoder != ValueEncoder::kRange) return FailAt(EncodeError::kWrongKind, column);
    tokens_.Skip();
    return EncodeRangeText(column, token);
  }
  if (kind == '[' && column.encoder == ValueEncoder::kBytes) return EncodeByteArray(column);
  if (kind == '{' || kind == '[') {
    // An object in a GEOGRAPHY is GeoJSON, which travels as text.
    const bool takes_tree =
        column.encoder == ValueEncoder::kJson || (column.encoder == ValueEncoder::kGeography && kind == '{');
    return takes_tree ? EncodeJsonTree(column) : FailAt(EncodeError::kWrongKind, column);
  }
  tokens_.Skip();
  if (WriteUsualValue(column, token, &output_)) return EncodeError::kNone;
  const EncodeError error = scalars_.Encode(column, token, &output_);
  return error == EncodeError::kNone ? error : FailAt(error, column);
}

EncodeError LineEncoder::EncodeMessage(const ColumnPlan& column) {
  output_.Ensure(kTagBytesMax + 1);
  output_.WriteTag(column);
  const size_t begin = output_.BeginLength();
  if (const EncodeError error = EncodeFields(plan_->message(column.message), column.message);
      error != EncodeError::kNone) {
    return error;
  }
  if (column.encoder == ValueEncoder::kRange) {
    if (const EncodeError error = CheckRange(column, begin); error != EncodeError::kNone) return error;
  }
  output_.EndLength(begin);
  return EncodeError::kNone;
}

EncodeError LineEncoder::EncodeFields(const MessagePlan& message, uint32_t message_index) {
  const ObjectSets sets = PushSets(message);
  tokens_.Skip();
  bool ended = TakeIfNext('}');
  uint32_t previous = 0;
  while (!ended) {
    size_t index = 0;
    if (const EncodeError error = TakeKey(message, message_index, &previous, &index);
        error != EncodeError::kNone) {
      return error;
    }
    const ColumnPlan& column = message.column(index);
    if (const EncodeError error = MarkSeen(column, index, sets.seen); error != EncodeError::kNone)
      return error;
    bool present = false;
    EncodeError error = EncodeColumn(column, &present);
    if (error == EncodeError::kNone) error = TakeSeparator('}', &ended);
    if (error != EncodeError::kNone) return error;
    if (present) sets.present[index / 64] |= uint64_t{1} << (index % 64);
  }
  const EncodeError error = CheckRequired(message, sets.present);
  PopSets(message);
  return error;
}

// "[start, end)" with UNBOUNDED or NULL for an open end, as the service writes ranges.
EncodeError LineEncoder::EncodeRangeText(const ColumnPlan& column, std::string_view token) {
  constexpr size_t kBoundBytesMax = 80;
  const std::optional<values::RangeText> text = values::SplitRange(TextBetweenQuotes(token));
  if (!text.has_value()) return FailAt(EncodeError::kMalformed, column);
  output_.Ensure(kTagBytesMax + 1);
  output_.WriteTag(column);
  const size_t begin = output_.BeginLength();
  const std::optional<std::string_view> bounds[] = {text->start, text->end};
  for (size_t i = 0; i < 2; ++i) {
    if (!bounds[i].has_value()) continue;
    const std::string_view bound = *bounds[i];
    char quoted[kBoundBytesMax + 2];
    if (bound.size() > kBoundBytesMax) return FailAt(EncodeError::kMalformed, column);
    quoted[0] = '"';
    std::memcpy(quoted + 1, bound.data(), bound.size());
    quoted[bound.size() + 1] = '"';
    const ColumnPlan& bound_column = plan_->message(column.message).column(i);
    const EncodeError error =
        scalars_.Encode(bound_column, std::string_view(quoted, bound.size() + 2), &output_);
    if (error != EncodeError::kNone) return FailAt(error, column);
  }
  if (const EncodeError error = CheckRange(column, begin); error != EncodeError::kNone) return error;
  output_.EndLength(begin);
  return EncodeError::kNone;
}

// A range's start must lie before its end. Both are varints whose order is that of the values they stand for.
EncodeError LineEncoder::CheckRange(const ColumnPlan& column, size_t begin) {
  const MessagePlan& message = plan_->message(column.message);
  const char* at = output_.At(begin);
  const char* const end = output_.cursor();
  int64_t bounds[2] = {};
  int count = 0;
  for (; at < end; ++count) {
    const size_t index = *at == message.column(0).tag[0] ? 0 : 1;
    uint64_t value = 0;
    at = ReadVarint(at + 1, end, &value);
    bounds[index] = static_cast<int64_t>(value);
  }
  if (count == 2 && bounds[0] >= bounds[1]) return FailAt(EncodeError::kOutOfRange, column);
  return EncodeError::kNone;
}

EncodeError LineEncoder::EncodeJsonTree(const ColumnPlan& column) {
  std::string_view text;
  if (!tokens_.SkipValue(&text)) return Fail(EncodeError::kJsonSyntax);
  // It was passed by its brackets alone.
  if (!values::IsJson(text)) return FailAt(EncodeError::kJsonSyntax, column);
  if (column.encoder == ValueEncoder::kGeography && !IsGeographyText(text)) {
    return FailAt(EncodeError::kMalformed, column);
  }
  return scalars_.EncodeVerbatim(column, text, &output_);
}

// Bytes one by one, signed, as Google's JsonStreamWriter takes them.
EncodeError LineEncoder::EncodeByteArray(const ColumnPlan& column) {
  constexpr size_t kLengthBytesMax = kVarintBytesMax;
  output_.Ensure(kTagBytesMax + kLengthBytesMax);
  output_.WriteTag(column);
  const size_t begin = output_.BeginLength();
  tokens_.Skip();
  bool ended = TakeIfNext(']');
  while (!ended) {
    const std::string_view token = tokens_.Text();
    if (token.empty() || IsPunctuation(token.front())) return Fail(EncodeError::kJsonSyntax);
    int64_t byte = 0;
    if (!ReadShortInteger(token, &byte)) return FailAt(EncodeError::kWrongKind, column);
    if (byte < std::numeric_limits<int8_t>::min() || byte > std::numeric_limits<int8_t>::max())
      return FailAt(EncodeError::kOutOfRange, column);
    tokens_.Skip();
    output_.Ensure(1);
    *output_.cursor() = static_cast<char>(byte);
    output_.set_cursor(output_.cursor() + 1);
    if (const EncodeError error = TakeSeparator(']', &ended); error != EncodeError::kNone) return error;
  }
  const size_t size = output_.position() - begin;
  if (column.max_length >= 0 && static_cast<int64_t>(size) > column.max_length)
    return FailAt(EncodeError::kTooLong, column);
  output_.EndLength(begin);
  return EncodeError::kNone;
}

EncodeError LineEncoder::FinishRow(const values::SequenceNumber& assigned) {
  if (!line_.has_change_type) return Fail(EncodeError::kChangeTypeMissing);
  if (line_.has_sequence && options_.sequence_source == SequenceSource::kAssigned) {
    return Fail(EncodeError::kSequenceUnexpected);
  }
  if (!line_.has_sequence && options_.sequence_source == SequenceSource::kOwn) {
    return Fail(EncodeError::kSequenceMissing);
  }
  if (const EncodeError error = CheckPresence(); error != EncodeError::kNone) return error;
  if (!line_.has_sequence) line_.sequence = assigned;
  const EncodeError error = finisher_.Finish(line_.change_type, line_.sequence, line_.has_sequence,
                                             options_.row_bytes_max, &output_);
  return error == EncodeError::kNone ? error : Fail(error);
}

EncodeError LineEncoder::CheckPresence() {
  const ColumnPlan* missing = nullptr;
  if (const EncodeError error = finisher_.CheckKey(&missing); error != EncodeError::kNone)
    return At(Fail(error), *missing);
  if (line_.change_type == ChangeType::kDelete) return EncodeError::kNone;
  if (deferred_) {
    failure_ = deferred_failure_;
    return failure_.error;
  }
  const EncodeError error = finisher_.CheckRequired(&missing);
  return error == EncodeError::kNone ? error : At(Fail(error), *missing);
}

EncodeError LineEncoder::FindColumn(const MessagePlan& message, uint32_t message_index, const char* key,
                                    uint32_t* previous, size_t* index) {
  std::string_view name;
  if (const EncodeError error = ReadKey(key, &name); error != EncodeError::kNone) return error;
  const int32_t found = message.Find(name);
  if (found == MessagePlan::kNotFound) {
    Fail(EncodeError::kUnknownColumn);
    failure_.unknown_name_bytes =
        static_cast<uint8_t>(std::min(name.size(), EncodeFailure::kUnknownNameBytesMax));
    std::memcpy(failure_.unknown_name_text.data(), name.data(), failure_.unknown_name_bytes);
    return EncodeError::kUnknownColumn;
  }
  successors_[message_index][*previous] = static_cast<uint32_t>(found);
  *index = static_cast<size_t>(found);
  *previous = static_cast<uint32_t>(found) + 1;
  return EncodeError::kNone;
}

// Most inputs give columns in one order, so the column that followed last time is tried first, by one
// comparison of raw bytes. (The parser has made sure that the key ends within the line.) `previous` is 1 +
// the index of the column before, 0 at the start of an object.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline EncodeError LineEncoder::TakeKey(const MessagePlan& message,
                                                                     uint32_t message_index,
                                                                     uint32_t* previous, size_t* index) {
  const char* const key = tokens_.position() + 1;
  if (tokens_.Take() != '"' || tokens_.Take() != ':') return Fail(EncodeError::kJsonSyntax);
  const uint32_t guess = successors_[message_index][*previous];
  if (!message.column(guess).key.Matches(key))
    return FindColumn(message, message_index, key, previous, index);
  *index = guess;
  *previous = guess + 1;
  return EncodeError::kNone;
}

EncodeError LineEncoder::TakeSeparator(char bracket, bool* ended) {
  const char sign = tokens_.Take();
  *ended = sign == bracket;
  return *ended || sign == ',' ? EncodeError::kNone : Fail(EncodeError::kJsonSyntax);
}

EncodeError LineEncoder::ReadKey(const char* key, std::string_view* name) {
  const char* end = key;
  bool escaped = false;
  for (; end < line_end_ && *end != '"'; ++end) {
    if (*end == '\\') {
      escaped = true;
      ++end;
    }
  }
  if (end >= line_end_) return Fail(EncodeError::kJsonSyntax);
  *name = std::string_view(key, static_cast<size_t>(end - key));
  if (!escaped) return EncodeError::kNone;
  key_name_.resize(name->size());
  const char* const text_end = UnescapeJson(*name, key_name_.data());
  if (text_end == nullptr) return Fail(EncodeError::kInvalidEscape);
  *name = std::string_view(key_name_.data(), static_cast<size_t>(text_end - key_name_.data()));
  return EncodeError::kNone;
}

EncodeError LineEncoder::MarkSeen(const ColumnPlan& column, size_t index, uint64_t* seen) {
  const uint64_t bit = uint64_t{1} << (index % 64);
  if ((seen[index / 64] & bit) != 0) return At(Fail(EncodeError::kDuplicateColumn), column);
  seen[index / 64] |= bit;
  return EncodeError::kNone;
}

EncodeError LineEncoder::CheckRequired(const MessagePlan& message, const uint64_t* present) {
  const std::vector<uint64_t>& required = message.required_set();
  for (size_t word = 0; word < required.size(); ++word) {
    const uint64_t missing = required[word] & ~present[word];
    if (missing == 0) continue;
    const size_t index = word * 64 + static_cast<size_t>(std::countr_zero(missing));
    return At(Fail(EncodeError::kNullRequired), message.column(index));
  }
  return EncodeError::kNone;
}

LineEncoder::ObjectSets LineEncoder::PushSets(const MessagePlan& message) {
  const size_t words = message.set_words();
  uint64_t* const base = sets_.data() + sets_top_;
  std::fill_n(base, 2 * words, 0);
  sets_top_ += 2 * words;
  return {base, base + words};
}

}  // namespace

class JsonRowEncoder::Impl final : public LineEncoder {
 public:
  using LineEncoder::LineEncoder;
};

JsonRowEncoder::JsonRowEncoder(std::shared_ptr<const EncodePlan> plan, JsonRowEncoderOptions options)
    : impl_(std::make_unique<Impl>(std::move(plan), options)) {}
JsonRowEncoder::~JsonRowEncoder() = default;
JsonRowEncoder::JsonRowEncoder(JsonRowEncoder&&) noexcept = default;
JsonRowEncoder& JsonRowEncoder::operator=(JsonRowEncoder&&) noexcept = default;

EncodeError JsonRowEncoder::EncodeLine(const PaddedLine& line, const values::SequenceNumber& assigned,
                                       EncodedRows* rows) {
  const EncodeError error = impl_->EncodeLine(line, assigned, rows);
  if (error == EncodeError::kJsonSyntax) impl_->LocateFault(line);
  return error;
}

size_t JsonRowEncoder::lines_to_scan() const { return impl_->lines_to_scan(); }
size_t JsonRowEncoder::ScanAhead(std::span<const PaddedLine> lines) { return impl_->ScanAhead(lines); }
const EncodeFailure& JsonRowEncoder::failure() const { return impl_->failure(); }
void JsonRowEncoder::set_sequence_source(SequenceSource source) { impl_->set_sequence_source(source); }
const EncodePlan& JsonRowEncoder::plan() const { return impl_->plan(); }

}  // namespace bqcdc::encode
