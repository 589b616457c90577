#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "bqcdc/base/testing/proof.h"
#include "bqcdc/emulator/convert/testing/foreign_bytes.h"
#include "bqcdc/emulator/convert/testing/wire_bytes.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::convert {
namespace {

// One mutation that keeps the bytes near to a message: a changed, added or removed byte, a copied piece, a
// cut.
void Mutate(std::mt19937& random, std::string& bytes) {
  if (bytes.empty()) return;
  const size_t at = random() % bytes.size();
  switch (random() % 6) {
    case 0:
      bytes[at] = static_cast<char>(random());
      break;
    case 1:
      bytes[at] ^= static_cast<char>(1 << (random() % 8));
      break;
    case 2:
      bytes.insert(at, 1, static_cast<char>(random()));
      break;
    case 3:
      bytes.erase(at, 1 + random() % 4);
      break;
    case 4:
      bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 16));
      break;
    case 5:
      bytes.resize(at);
      break;
  }
}

std::string InHex(std::string_view bytes) { return absl::BytesToHexString({bytes.data(), bytes.size()}); }

TEST(ForeignBytesTest, MutatedRowsAreWhatProtobufReads) {
  const auto seed = static_cast<uint32_t>(base::TestSeed());
  SCOPED_TRACE(seed);
  const google::protobuf::LogSilencer silence;  // it complains of texts that are no UTF-8
  std::mt19937 random(seed);
  const std::vector<std::string> seeds = testing::ForeignSeeds();
  for (const std::string& good : seeds) ASSERT_EQ(testing::CompareForeignRow(good), "") << InHex(good);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = seeds[random() % seeds.size()];
    for (int i = 1 + random() % 6; i > 0; --i) Mutate(random, bytes);
    ASSERT_EQ(testing::CompareForeignRow(bytes), "") << InHex(bytes);
  }
}

TEST(ForeignBytesTest, MutatedDescriptorsDoNoHarm) {
  const auto seed = static_cast<uint32_t>(base::TestSeed());
  SCOPED_TRACE(seed);
  const google::protobuf::LogSilencer silence;  // it complains about mutated names on standard error
  std::mt19937 random(seed);
  ASSERT_TRUE(testing::CompileForeignDescriptor(testing::ForeignDescriptor()).ok());
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes = testing::ForeignDescriptor();
    for (int i = 1 + random() % 6; i > 0; --i) Mutate(random, bytes);
    const absl::Status status = testing::CompileForeignDescriptor(bytes);
    ASSERT_TRUE(status.ok() || !status.message().empty()) << InHex(bytes);
  }
}

// protobuf's rules one by one, which mutations may miss.
TEST(ForeignBytesTest, RowsByProtobufsRules) {
  using testing::BytesField, testing::DoubleField, testing::Fixed32Field, testing::Fixed64Field,
      testing::FloatField, testing::GroupField, testing::Hex, testing::Little, testing::SignedField,
      testing::Tag, testing::Varint, testing::VarintField;
  const google::protobuf::LogSilencer silence;
  const std::string key = VarintField(2, 2);
  const std::pair<const char*, std::string> rows[] = {
      {"nothing at all, and nothing but defaults of the descriptor", ""},
      {"the last value wins",
       VarintField(2, 1) + BytesField(7, "a") + VarintField(2, 5) + BytesField(7, "b")},
      {"a later empty text wins, too", BytesField(7, "a") + BytesField(7, "")},
      {"packed, not packed, and both", BytesField(15, Varint(1) + Varint(2)) + VarintField(15, 3) +
                                           BytesField(15, "") + BytesField(15, Varint(4))},
      {"a packed field one by one", VarintField(29, 1) + BytesField(29, Varint(2)) + VarintField(29, 3)},
      {"packed fixed widths", BytesField(30, Little(0, 16)) + BytesField(31, Little(~uint64_t{0}, 8))},
      {"a packed field whose last value is cut", BytesField(30, Little(0, 9))},
      {"a packed varint that is cut", BytesField(15, Varint(1) + "\x80")},
      {"packed bytes for a field that is not repeated", BytesField(27, Varint(1))},
      {"unnamed numbers of an enum, packed and not",
       VarintField(16, 5) + VarintField(16, 4) + BytesField(16, Varint(0) + Varint(9) + Varint(5))},
      {"an unnamed number behind a named one", VarintField(40, 5) + VarintField(40, 6)},
      {"parts of a message are merged",
       BytesField(12, VarintField(1, 60)) + BytesField(12, VarintField(2, 5))},
      {"parts of a range", BytesField(23, VarintField(1, 1)) +
                               BytesField(23, BytesField(2, VarintField(1, 5))) +
                               BytesField(23, BytesField(2, VarintField(2, 7)))},
      {"parts of a wrapper", BytesField(14, BytesField(1, "a")) + BytesField(14, "")},
      {"parts of a group", GroupField(17, Fixed32Field(1, 9)) + GroupField(17, BytesField(2, "a")) +
                               GroupField(17, BytesField(2, "b"))},
      {"a repeated message's are not", BytesField(18, BytesField(1, "2024-01-01")) + BytesField(18, "")},
      {"nested parts", BytesField(18, BytesField(2, "") + BytesField(2, BytesField(1, "z")))},
      {"a required field of the table that is missing", BytesField(18, BytesField(2, ""))},
      {"unknown fields of every wire type, also nested ones",
       VarintField(99, 1) + Fixed64Field(99, 1) + BytesField(99, "x") + GroupField(99, GroupField(98, key)) +
           Fixed32Field(99, 1) + BytesField(12, VarintField(3, 1) + VarintField(1, 5))},
      {"other wire types than the fields have", BytesField(2, "x") + VarintField(7, 1) + Fixed32Field(26, 1) +
                                                    BytesField(17, "") + GroupField(12, "") +
                                                    VarintField(18, 1)},
      {"the largest field number", VarintField(536870911, 1)},
      {"field number 0", VarintField(0, 1)},
      {"a group that is not ended", Tag(17, 3) + Fixed32Field(1, 9)},
      {"a group that is ended by another's end", Tag(17, 3) + Tag(18, 4)},
      {"an end without a group", Tag(17, 4)},
      {"wire type 6", Tag(2, 6) + Varint(1)},
      {"a length beyond the end", Tag(7, 2) + Varint(5) + "abc"},
      {"a length of five bytes", Tag(7, 2) + Hex("8180808000") + "a"},
      {"a length of six bytes", Tag(7, 2) + Hex("818080808000") + "a"},
      {"a length of six bytes of an unknown field", Tag(99, 2) + Hex("808080808000")},
      {"a packed field's length of six bytes", Tag(15, 2) + Hex("808080808000")},
      {"a varint of eleven bytes", Tag(2, 0) + std::string(10, '\xff') + "\x01"},
      {"a varint of ten bytes", Tag(27, 0) + std::string(9, '\xff') + "\x7f"},
      {"a long varint of a small value", Tag(2, 0) + "\x82" + std::string(8, '\x80') + std::string(1, '\0')},
      {"integers wider than their fields",
       VarintField(15, uint64_t{1} << 32 | 5) + VarintField(27, uint64_t{7} << 32) +
           VarintField(1, uint64_t{1} << 40) + VarintField(29, uint64_t{3} << 32 | 3)},
      {"a message that is cut inside", BytesField(12, Tag(1, 0))},
      {"a wrapper that is cut inside", BytesField(38, Tag(1, 1) + "abc")},
      {"a repeated wrapper that is cut inside", BytesField(39, VarintField(1, 1)) + BytesField(39, "\x08")},
      {"not-a-number and infinities", DoubleField(26, std::numeric_limits<double>::quiet_NaN()) +
                                          FloatField(3, -std::numeric_limits<float>::infinity())},
      {"not-a-number as a decimal", FloatField(44, std::numeric_limits<float>::quiet_NaN())},
      {"too long a text, in characters", BytesField(7, std::string(21, 'x'))},
      {"a text of as many characters, more bytes", BytesField(7, "ääääääääääääääääääää")},
      {"a text that is no UTF-8", BytesField(7, "\xc0\x80")},
      {"bytes in a string field", BytesField(45, "\xc0\x80")},
      {"an empty decimal", BytesField(4, "")},
      {"a padded decimal", BytesField(4, Hex("0100000000000000"))},
      {"a decimal of too many bytes", BytesField(4, std::string(17, '\0'))},
      {"a bad change type", BytesField(19, "upsert")},
      {"a bad sequence number", BytesField(19, "UPSERT") + BytesField(20, "1//2")},
      {"a change type that is set twice", BytesField(19, "x") + BytesField(19, "UPSERT")},
      {"a DELETE with values that no column takes", key + BytesField(19, "DELETE") + BytesField(9, "x")},
      {"a DELETE with a message that is cut inside", key + BytesField(19, "DELETE") + BytesField(12, "\x08")},
      {"a range that ends before it starts", BytesField(24, SignedField(1, 5) + BytesField(2, "1970-01-01"))},
  };
  for (const auto& [what, row] : rows)
    EXPECT_EQ(testing::CompareForeignRow(row), "") << what << ": " << InHex(row);
}

}  // namespace
}  // namespace bqcdc::emulator::convert
