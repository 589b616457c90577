#include "bqcdc/cli/own_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "bqcdc/base/testing/temporary_directory.h"

namespace bqcdc::cli {
namespace {

TEST(OwnFilesTest, AreNeitherInputsNorEachOther) {
  const base::TemporaryDirectory directory;
  const std::string here = directory.path() + "/";
  for (const char* name : {"in", "other"}) std::ofstream(here + name) << "x";
  std::filesystem::create_symlink(here + "in", here + "link");
  const struct {
    std::string checkpoint, dead_letter;
    std::vector<std::string> inputs;
    std::string error;
  } cases[] = {
      {here + "cp", here + "dead", {here + "in", here + "other"}, ""},
      {"", "", {here + "in"}, ""},
      {"", here + "dead", {"-"}, ""},
      {here + "cp", here + "dead", {here + "missing"}, ""},  // whoever opens it says so
      {"",
       here + "other",
       {here + "in", here + "other"},
       "--dead-letter " + here + "other is the input " + here + "other itself; give another name"},
      {"",
       here + "link",
       {here + "in"},
       "--dead-letter " + here + "link is the input " + here + "in itself; give another name"},
      {here + "in",
       "",
       {here + "./in"},
       "--checkpoint " + here + "in is the input " + here + "./in itself; give another name"},
      {here + "new",
       here + "./new",
       {here + "in"},
       "--dead-letter and --checkpoint are both " + here + "./new; give another name"},
      {here + "other",
       here + "other",
       {here + "in"},
       "--dead-letter and --checkpoint are both " + here + "other; give another name"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(
        CheckOwnFiles({{"--checkpoint", c.checkpoint}, {"--dead-letter", c.dead_letter}}, c.inputs).message(),
        c.error);
  }
}

}  // namespace
}  // namespace bqcdc::cli
