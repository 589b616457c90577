#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Varints, tags and lengths of the protobuf wire format
// (https://protobuf.dev/programming-guides/encoding/), written to memory that the caller has reserved.
namespace bqcdc::encode {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

inline constexpr size_t kVarintBytesMax = 10;
// Largest field number of protobuf.
inline constexpr int32_t kFieldNumberMax = (1 << 29) - 1;

constexpr uint32_t MakeTag(int32_t field_number, WireType type) {
  return (static_cast<uint32_t>(field_number) << 3) | static_cast<uint32_t>(type);
}

// Bytes that the varint of `value` takes, 1..10.
constexpr size_t VarintSize(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Writes the varint to `out`, returns its end.
inline char* WriteVarint(uint64_t value, char* out) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

// The same without a branch for each byte, for values whose sizes vary. Writes kVarintBytesMax bytes or
// fewer, of which those before the end that it returns count.
inline char* WriteVarintByWord(uint64_t value, char* out) {
  static_assert(std::endian::native == std::endian::little);
  if (value >> 56 != 0) return WriteVarint(value, out);
  // Groups of seven bits move apart: halves, quarters, eighths.
  uint64_t groups = (value & 0x00FFFFFFF0000000) << 4 | (value & 0x000000000FFFFFFF);
  groups = (groups & 0x0FFFC0000FFFC000) << 2 | (groups & 0x00003FFF00003FFF);
  groups = (groups & 0x3F803F803F803F80) << 1 | (groups & 0x007F007F007F007F);
  const size_t size = VarintSize(value);
  groups |= 0x8080808080808080 & ((uint64_t{1} << (8 * (size - 1))) - 1);  // More follows.
  std::memcpy(out, &groups, sizeof groups);
  return out + size;
}

// Signed integers travel sign-extended: negative ones take ten bytes.
inline char* WriteSignedVarint(int64_t value, char* out) {
  return WriteVarint(static_cast<uint64_t>(value), out);
}

inline char* WriteFixed64(uint64_t value, char* out) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

inline char* WriteDouble(double value, char* out) {
  return WriteFixed64(std::bit_cast<uint64_t>(value), out);
}

inline char* WriteBytes(const void* data, size_t size, char* out) {
  if (size != 0) std::memcpy(out, data, size);
  return out + size;
}

// Reads a varint from [begin, end) into `value`; returns its end, or nullptr where it is cut off or longer
// than ten bytes.
inline const char* ReadVarint(const char* begin, const char* end, uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70 && begin != end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*begin++);
    result |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      *value = result;
      return begin;
    }
  }
  return nullptr;
}

}  // namespace bqcdc::encode
