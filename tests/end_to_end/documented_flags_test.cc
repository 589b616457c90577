// Every flag of `--help` stands in docs/reference/commands.md, and no page names a flag that is not there.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

using Flags = std::set<std::string>;

const std::string kDocs = BQCDC_SOURCE_DIRECTORY "/docs/";

// Of programs that the pages tell how to run: cmake, bq, ./run_tests.sh; and one that does not exist.
const Flags kForeign = {"--preset",     "--install",     "--component", "--prefix", "--api",
                        "--project_id", "--skip-client", "--nonsense",  "--help",   "--ca_certificates_file"};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n'); }

void AddFlagsOf(const std::string& text, Flags& flags) {
  static const std::regex flag(R"((^|[^-\w])(--[a-z][\w-]*))");
  for (std::sregex_iterator it(text.begin(), text.end(), flag), end; it != end; ++it) flags.insert((*it)[2]);
}

class DocumentedFlags : public Scenario {
 protected:
  // Those that the program defines: the first word of a line of options, and its spellings.
  Flags OfHelp(std::vector<std::string> command) {
    command.push_back("--help");
    Flags flags;
    for (const std::string& line : LinesOf(RunOk(command).out)) {
      if (absl::StartsWith(line, "  -")) AddFlagsOf(line.substr(0, line.find(' ', 2)), flags);
    }
    flags.erase("--help");
    return flags;
  }
};

TEST_F(DocumentedFlags, EachCommandHasItsOwnOnThePage) {
  std::map<std::string, Flags> told;  // by title: "bqcdc stream"
  std::string title;
  const std::regex heading("## `(bqcdc[a-z -]*?)( [A-Z].*)?`");
  for (const std::string& line : LinesOf(ReadAll(kDocs + "reference/commands.md"))) {
    std::smatch match;
    if (std::regex_match(line, match, heading)) told[title = match[1]];
    if (absl::StartsWith(line, "| `")) AddFlagsOf(line.substr(0, line.find(" | ", 2)), told[title]);
  }
  const std::vector<std::vector<std::string>> commands = {{},
                                                          {"create-table"},
                                                          {"stream"},
                                                          {"query"},
                                                          {"status"},
                                                          {"check"},
                                                          {"set-staleness"},
                                                          {"dead-letter", "retry"},
                                                          {"bench", "write"},
                                                          {"admin"}};
  EXPECT_EQ(told.size(), commands.size());
  for (const std::vector<std::string>& command : commands) {
    std::string name = "bqcdc";
    for (const std::string& word : command) absl::StrAppend(&name, " ", word);
    ASSERT_TRUE(told.contains(name)) << name;
    EXPECT_EQ(told[name], OfHelp(command)) << name;
  }
}

TEST_F(DocumentedFlags, NoPageNamesOneThatIsNotThere) {
  Flags known = kForeign;
  AddFlagsOf(ReadAll(kDocs + "reference/commands.md"), known);  // As the other test makes sure.
  const Flags serve = OfHelp({"serve"});
  known.insert(serve.begin(), serve.end());
  std::string pages;
  Flags named;
  for (const auto& entry : std::filesystem::directory_iterator(kDocs + "guides")) {
    const std::string text = ReadAll(entry.path());
    pages += text;
    AddFlagsOf(text, named);
  }
  AddFlagsOf(ReadAll(BQCDC_SOURCE_DIRECTORY "/README.md"), named);
  for (const std::string& flag : named) EXPECT_TRUE(known.contains(flag)) << flag;
  // Those of the server stand in its guide, or in that on credentials. The second is the default of another.
  for (const std::string& flag : serve)
    EXPECT_TRUE(flag == "--version" || flag == "--background-apply" || absl::StrContains(pages, flag))
        << flag;
}

}  // namespace
}  // namespace bqcdc::end_to_end
