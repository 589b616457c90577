#include "bqcdc/emulator/convert/wire_reader.h"

namespace bqcdc::emulator::convert {

bool WireReader::ReadLongVarint(uint64_t* value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_ == end_) return false;
    const uint8_t byte = static_cast<uint8_t>(*at_++);
    // Bits beyond 64 are dropped, as protobuf does.
    if (shift < 64) result |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      *value = result;
      return true;
    }
  }
  return false;
}

bool WireReader::ReadGroup(uint32_t number, int depth, std::string_view* content) {
  if (depth >= kNestingMax) return false;
  const char* const start = at_;
  while (at_ != end_) {
    const char* const tag_start = at_;
    uint32_t inner;
    WireType type;
    if (!ReadTag(&inner, &type)) return false;
    if (type == WireType::kGroupEnd) {
      *content = std::string_view(start, static_cast<size_t>(tag_start - start));
      return inner == number;
    }
    if (!Skip(inner, type, depth + 1)) return false;
  }
  return false;
}

bool WireReader::Skip(uint32_t number, WireType type, int depth) {
  uint64_t scalar64;
  uint32_t scalar32;
  std::string_view bytes;
  switch (type) {
    case WireType::kVarint:
      return ReadVarint(&scalar64);
    case WireType::kFixed64:
      return ReadFixed64(&scalar64);
    case WireType::kFixed32:
      return ReadFixed32(&scalar32);
    case WireType::kBytes:
      return ReadBytes(&bytes);
    case WireType::kGroupStart:
      return ReadGroup(number, depth, &bytes);
    case WireType::kGroupEnd:
      return false;  // of no group that was started
  }
  return false;
}

bool IsMessage(std::string_view bytes) {
  WireReader reader(bytes);
  while (!reader.done()) {
    uint32_t number;
    WireType type;
    if (!reader.ReadTag(&number, &type) || !reader.Skip(number, type)) return false;
  }
  return true;
}

}  // namespace bqcdc::emulator::convert
