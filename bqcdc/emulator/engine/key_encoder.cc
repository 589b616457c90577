#include "bqcdc/emulator/engine/key_encoder.h"

#include <atomic>
#include <cstdint>
#include <string_view>

#include "bqcdc/emulator/cdc/mutant.h"

namespace bqcdc::emulator::engine {
namespace {

using cdc::Mutant;
using cdc::Mutated;
using schema::ColumnType;

constexpr size_t kKeyBytesGuess = 16;

template <typename T>
void AppendFixed(T value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void AppendVariable(std::string_view bytes, std::string& out) {
  if (!Mutated(Mutant::kKeyTextsJoined)) AppendFixed(static_cast<uint32_t>(bytes.size()), out);
  out.append(bytes);
}

void AppendValue(const VectorReader& reader, ColumnType type, bool picoseconds, size_t row,
                 std::string& out) {
  if (reader.IsNull(row)) {
    out.push_back('\0');
    if (Mutated(Mutant::kNullKeyNeverMatches)) {
      static std::atomic<uint64_t> unique{0};
      AppendFixed(++unique, out);
    }
    return;
  }
  out.push_back('\1');
  if (picoseconds) {
    constexpr int kPicosPerMicro = 1'000'000;
    return AppendFixed(reader.Int128(row) / (Mutated(Mutant::kKeyPicosecondsCut) ? kPicosPerMicro : 1), out);
  }
  switch (type) {
    case ColumnType::kBool:
      return AppendFixed(reader.Bool(row), out);
    case ColumnType::kDate:
      return AppendFixed(reader.Int32(row), out);
    case ColumnType::kNumeric:
      return AppendFixed(reader.Int128(row), out);
    case ColumnType::kInt64:
    case ColumnType::kDatetime:
    case ColumnType::kTime:
    case ColumnType::kTimestamp:
      return AppendFixed(reader.Int64(row), out);
    default:
      return AppendVariable(reader.Bytes(row), out);
  }
}

}  // namespace

KeyEncoder::KeyEncoder(const catalog::Table& table) {
  for (const std::string& name : table.schema.primary_key) {
    if (columns_.size() == 2 && Mutated(Mutant::kKeyThirdColumnIgnored)) break;
    const size_t index = *table.schema.FindColumnIndex(name);
    const schema::Column& column = table.schema.columns[index];
    columns_.push_back({index, column.type, column.picoseconds()});
    if (Mutated(Mutant::kKeyFirstColumnOnly)) break;
  }
}

KeyEncoder KeyEncoder::ForKeyColumnsOnly(const catalog::Table& table, size_t first_column) {
  KeyEncoder encoder(table);
  for (size_t i = 0; i < encoder.columns_.size(); ++i) encoder.columns_[i].index = first_column + i;
  return encoder;
}

void KeyEncoder::Encode(const Chunk& chunk, cdc::EncodedKeys& keys) const {
  const size_t rows = chunk.row_count();
  std::vector<VectorReader> readers;
  readers.reserve(columns_.size());
  for (const KeyColumn& column : columns_) readers.push_back(chunk.Reader(column.index));
  keys.Reserve(keys.size() + rows, keys.bytes().size() + rows * kKeyBytesGuess * columns_.size());
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      AppendValue(readers[i], columns_[i].type, columns_[i].picoseconds, row, keys.bytes());
    }
    keys.End();
  }
}

}  // namespace bqcdc::emulator::engine
