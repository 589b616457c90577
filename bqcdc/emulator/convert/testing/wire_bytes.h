#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

// Exact bytes of protobuf's encoding, written down field by field.
namespace bqcdc::emulator::convert::testing {

inline std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
inline std::string Tag(uint32_t number, int wire_type) {
  return Varint((static_cast<uint64_t>(number) << 3) | static_cast<uint64_t>(wire_type));
}
inline std::string Little(uint64_t value, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i, value >>= 8) result.push_back(static_cast<char>(value));
  return result;
}

inline std::string VarintField(uint32_t number, uint64_t value) { return Tag(number, 0) + Varint(value); }
inline std::string SignedField(uint32_t number, int64_t value) {
  return VarintField(number, static_cast<uint64_t>(value));
}
inline std::string Fixed64Field(uint32_t number, uint64_t value) { return Tag(number, 1) + Little(value, 8); }
inline std::string Fixed32Field(uint32_t number, uint32_t value) { return Tag(number, 5) + Little(value, 4); }
inline std::string DoubleField(uint32_t number, double value) {
  return Fixed64Field(number, std::bit_cast<uint64_t>(value));
}
inline std::string FloatField(uint32_t number, float value) {
  return Fixed32Field(number, std::bit_cast<uint32_t>(value));
}
inline std::string BytesField(uint32_t number, std::string_view bytes) {
  return Tag(number, 2) + Varint(bytes.size()) + std::string(bytes);
}
inline std::string GroupField(uint32_t number, std::string_view content) {
  return Tag(number, 3) + std::string(content) + Tag(number, 4);
}
// "00ca9a3b" → four bytes.
inline std::string Hex(std::string_view digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

}  // namespace bqcdc::emulator::convert::testing
