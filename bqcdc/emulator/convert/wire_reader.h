#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bqcdc::emulator::convert {

// Wire types of the protobuf encoding (https://protobuf.dev/programming-guides/encoding/#structure).
enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroupStart = 3,
  kGroupEnd = 4,
  kFixed32 = 5,
};

// Reads protobuf's encoding from foreign bytes and never leaves them. A reader whose call returned false is
// not used again. Does not own the bytes.
class WireReader {
 public:
  // protobuf's own limit of nested messages and groups.
  static constexpr int kNestingMax = 100;
  static constexpr int kTagBytesMax = 5;
  static constexpr int kLengthBytesMax = 5;

  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return at_ == end_; }
  const char* position() const { return at_; }

  [[nodiscard]] bool ReadVarint(uint64_t* value) {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) {
      *value = static_cast<uint8_t>(*at_++);
      return true;
    }
    return ReadLongVarint(value);
  }

  // Field number 1 .. 2^29-1 and a wire type that exists. As protobuf: up to five bytes, of which 32 bits
  // count.
  [[nodiscard]] bool ReadTag(uint32_t* number, WireType* type) {
    const char* const begin = at_;
    uint64_t wide;
    if (!ReadVarint(&wide) || at_ - begin > kTagBytesMax) return false;
    const auto tag = static_cast<uint32_t>(wide);
    if ((tag & 7) > 5 || (tag >> 3) == 0) return false;
    *number = tag >> 3;
    *type = static_cast<WireType>(tag & 7);
    return true;
  }

  [[nodiscard]] bool ReadFixed32(uint32_t* value) { return ReadRaw(value); }
  [[nodiscard]] bool ReadFixed64(uint64_t* value) { return ReadRaw(value); }

  // As protobuf: a length of up to five bytes, also where leading zeros make it longer than it must be.
  [[nodiscard]] bool ReadBytes(std::string_view* bytes) {
    const char* const begin = at_;
    uint64_t size;
    if (!ReadVarint(&size) || at_ - begin > kLengthBytesMax || size > static_cast<uint64_t>(end_ - at_))
      return false;
    *bytes = std::string_view(at_, size);
    at_ += size;
    return true;
  }

  // After the start tag of group `number`: its content without the end tag.
  [[nodiscard]] bool ReadGroup(uint32_t number, int depth, std::string_view* content);

  // Passes over the value behind a tag.
  [[nodiscard]] bool Skip(uint32_t number, WireType type, int depth = 0);

 private:
  [[nodiscard]] bool ReadLongVarint(uint64_t* value);

  // The wire is little-endian, as every machine that DuckDB runs on.
  template <typename T>
  bool ReadRaw(T* value) {
    if (static_cast<size_t>(end_ - at_) < sizeof(T)) return false;
    std::memcpy(value, at_, sizeof(T));
    at_ += sizeof(T);
    return true;
  }

  const char* at_;
  const char* end_;
};

// Whether the bytes are fields one after the other, whatever they mean.
[[nodiscard]] bool IsMessage(std::string_view bytes);

// Protobuf's zigzag decoding of sint32 and sint64.
constexpr int64_t DecodeZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace bqcdc::emulator::convert
