#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace bqcdc::encode {

// Sixteen bytes that are looked at together. A mask has a bit for each byte, the lowest for the first.
class ByteBlock {
 public:
  static constexpr size_t kSize = 16;

  // Reads kSize bytes.
  explicit ByteBlock(const char* bytes) { std::memcpy(&bytes_, bytes, kSize); }
  // Writes kSize bytes.
  void CopyTo(char* out) const { std::memcpy(out, &bytes_, kSize); }

  uint32_t Equal(const ByteBlock& other) const { return MaskOf(bytes_ == other.bytes_); }
  uint32_t Equal(char c) const { return MaskOf(Are(c)); }
  // Bytes that end the plain part of a JSON string: quotes, backslashes and control characters.
  uint32_t TextStops() const { return MaskOf(Are('"') | Are('\\') | (bytes_ < ' ')); }
  // Bytes that are no decimal digits.
  uint32_t NoDigits() const { return MaskOf(bytes_ - '0' > 9); }
  // Bytes above 127.
  uint32_t NotAscii() const { return MaskOf(std::bit_cast<Ones>(bytes_)); }

  // The highest bit of each of kSize bytes, without instructions of one processor.
  static uint32_t PortableMask(const char* bytes) {
    const auto half = [&](size_t at) {
      uint64_t word = 0;
      std::memcpy(&word, bytes + at, sizeof word);
      // Moves the highest bit of each byte into the highest byte.
      return static_cast<uint32_t>(((word & 0x8080808080808080) * 0x0002040810204081) >> 56);
    };
    return half(0) | half(sizeof(uint64_t)) << 8;
  }

 private:
  using Bytes = unsigned char __attribute__((vector_size(kSize)));
  // A comparison sets all bits of a byte, or none.
  using Ones = signed char __attribute__((vector_size(kSize)));

  Ones Are(char c) const { return bytes_ == static_cast<unsigned char>(c); }
  static uint32_t MaskOf(Ones ones) {
#ifdef __SSE2__
    return static_cast<uint32_t>(_mm_movemask_epi8(std::bit_cast<__m128i>(ones)));
#else
    return PortableMask(reinterpret_cast<const char*>(&ones));
#endif
  }

  Bytes bytes_;
};

}  // namespace bqcdc::encode
