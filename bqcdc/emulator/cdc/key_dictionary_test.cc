#include "bqcdc/emulator/cdc/key_dictionary.h"

#include <string>

#include "gtest/gtest.h"

namespace bqcdc::emulator::cdc {
namespace {

TEST(KeyDictionaryTest, NumbersKeysDensely) {
  KeyDictionary keys;
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < 50'000; ++i) {
      const std::string key = "key" + std::to_string(i);
      ASSERT_EQ(keys.FindOrAdd(key, HashKey(key)), i);
      ASSERT_EQ(keys.key(i), key);
    }
  }
  EXPECT_EQ(keys.size(), 50'000u);
}

TEST(KeyDictionaryTest, TellsKeysOfOneHashApart) {
  KeyDictionary keys;
  EXPECT_EQ(keys.FindOrAdd("a", 42), 0u);
  EXPECT_EQ(keys.FindOrAdd("b", 42), 1u);
  EXPECT_EQ(keys.FindOrAdd("", 42), 2u);
  EXPECT_EQ(keys.FindOrAdd("a", 42), 0u);
}

TEST(EncodedKeysTest, KeepsBoundaries) {
  EncodedKeys keys;
  keys.bytes() += "ab";
  keys.End();
  keys.End();
  keys.bytes() += "c";
  keys.End();
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys.key(0), "ab");
  EXPECT_EQ(keys.key(1), "");
  EXPECT_EQ(keys.key(2), "c");
  EXPECT_EQ(keys.hash(2), HashKey("c"));
}

}  // namespace
}  // namespace bqcdc::emulator::cdc
