#include "bqcdc/emulator/sql/parser/lexer.h"

#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/limits.h"
#include "bqcdc/emulator/sql/parser/literal_text.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::sql {
namespace {

// Tokens as "kind:text", literals by their value; or the error.
std::string Lex(std::string_view text) {
  const absl::StatusOr<std::vector<Token>> tokens = Tokenize(text);
  if (!tokens.ok()) return std::string(base::ToStd(tokens.status().message()));
  static constexpr std::string_view kKinds[] = {"end",   "id",  "key",   "quoted", "int",
                                                "float", "str", "bytes", "sym"};
  std::string out;
  for (const Token& token : *tokens) {
    if (token.kind == TokenKind::kEnd) break;
    const bool has_value = token.kind == TokenKind::kQuotedIdentifier || token.kind == TokenKind::kString ||
                           token.kind == TokenKind::kBytes;
    base::StrAppend(&out, out.empty() ? "" : " ", kKinds[static_cast<int>(token.kind)], ":",
                    has_value ? std::string_view(token.value) : token.image);
  }
  return out;
}

struct Case {
  const char* name;
  std::string_view text;
  std::string_view want;
};

constexpr Case kCases[] = {
    {"words", "Select foo _b1", "key:Select id:foo id:_b1"},
    {"offset is a name", "offset OFFSET", "id:offset id:OFFSET"},
    {"quoted name", "`p-1.d.t` `a\\`b`", "quoted:p-1.d.t quoted:a`b"},
    {"integers", "0 12 0xFf 0X1", "int:0 int:12 int:0xFf int:0X1"},
    {"floats", "1. .5 1.5e3 2E-1 1e+2", "float:1. float:.5 float:1.5e3 float:2E-1 float:1e+2"},
    {"no exponent without digits", "1e", "int:1 id:e"},
    {"field that begins with a digit", "t.1st", "id:t sym:. id:1st"},
    {"reserved word as a field", "t.from", "id:t sym:. id:from"},
    {"strings", R"('a' "b" '''c'd''' """e"f""")", "str:a str:b str:c'd str:e\"f"},
    {"empty strings", R"('' "" '''''' """""")", "str: str: str: str:"},
    {"quotes inside", R"('it\'s' "say \"x\"")", "str:it's str:say \"x\""},
    {"raw strings", R"(r'a\n' R"\d" r'\'')", R"(str:a\n str:\d str:\')"},
    {"bytes", R"(b'a\x00' B"z" rb'\n' br"q" Rb'''x''')",
     std::string_view("bytes:a\0 bytes:z bytes:\\n bytes:q bytes:x", 41)},
    {"escapes", R"('\a\b\f\n\r\t\v\\\?\'\"\`')", "str:\a\b\f\n\r\t\v\\\?'\"`"},
    {"numbers in escapes", R"('\101 \x41 \X41 \u00e9 \U0001F600')", "str:A A A \u00e9 \U0001F600"},
    {"hex in a string is a code point", R"('\xff')", "str:\u00ff"},
    {"hex in bytes is a byte", R"(b'\xff\377')", "bytes:\xff\xff"},
    {"lines in triple quotes", "'''a\r\nb\rc\nd'''", "str:a\nb\nc\nd"},
    {"prefix without a quote", "r b rb br", "id:r id:b id:rb id:br"},
    {"comments", "a -- x\nb # y\nc /* z\n * */ d", "id:a id:b id:c id:d"},
    {"comment at the end", "a --", "id:a"},
    {"minus minus", "1 - -1", "int:1 sym:- sym:- int:1"},
    {"operators", "<< >> <= >= <> != || => -> @@x @y ?",
     "sym:<< sym:>> sym:<= sym:>= sym:<> sym:!= sym:|| sym:=> sym:-> sym:@@ id:x sym:@ id:y sym:?"},
    {"unicode spaces", "a\u00a0b\u3000c", "id:a id:b id:c"},
    {"nothing", " \n\t ", ""},
    // errors
    {"open string", "SELECT 'abc", "Syntax error: Unclosed string literal at [1:8]"},
    {"string ends with its line", "SELECT 'a\nb'", "Syntax error: Unclosed string literal at [1:8]"},
    {"open triple", "x '''a''", "Syntax error: Unclosed triple-quoted string literal at [1:3]"},
    {"open bytes", "b'a", "Syntax error: Unclosed bytes literal at [1:1]"},
    {"open raw", "r'a\\'", "Syntax error: Unclosed raw string literal at [1:1]"},
    {"backslash at the end", "'a\\", "Syntax error: Unclosed string literal at [1:1]"},
    {"open name", "`a", "Syntax error: Unclosed identifier literal at [1:1]"},
    {"empty name", "  ``", "Syntax error: Invalid empty identifier at [1:3]"},
    {"open comment", "a\n /* b", "Syntax error: Unclosed comment at [2:2]"},
    {"not a comment", "/*/", "Syntax error: Unclosed comment at [1:1]"},
    {"unknown escape", R"(SELECT 'ab\q')", R"(Syntax error: Illegal escape sequence: \q at [1:11])"},
    {"unknown escape of two bytes", R"('\é')", R"(Syntax error: Illegal escape sequence: \é at [1:2])"},
    {"short octal", R"('\12')",
     "Syntax error: Illegal escape sequence: Octal escape must be followed by 3 octal digits at [1:2]"},
    {"short hex", R"('\x1')",
     "Syntax error: Illegal escape sequence: Hex escape must be followed by 2 hex digits at [1:2]"},
    {"short unicode", R"('\u12')",
     R"(Syntax error: Illegal escape sequence: \u must be followed by 4 hex digits at [1:2])"},
    {"surrogate", R"('\ud800')",
     R"(Syntax error: Illegal escape sequence: Unicode value \ud800 is invalid at [1:2])"},
    {"too high", R"('\U00110000')",
     R"(Syntax error: Illegal escape sequence: Value of \U00110000 exceeds Unicode limit (0x0010FFFF) at [1:2])"},
    {"unicode in bytes", R"(b'\u0041')",
     R"(Syntax error: Illegal escape sequence: Unicode escape sequence \u cannot be used in bytes literals at [1:3])"},
    {"bad utf-8", "'a\xff'", "Syntax error: Structurally invalid UTF8 string at [1:3]"},
    {"bad utf-8 in bytes is fine", "b'\xff'", "bytes:\xff"},
    {"letter outside of ASCII", "SELECT gr\u00f6\u00dfe",
     "Syntax error: Illegal input character \"\\303\" at [1:10]"},
    {"backslash", "a \\", "Syntax error: Illegal input character \"\\\\\" at [1:3]"},
};

TEST(LexerTest, Table) {
  for (const Case& c : kCases) EXPECT_EQ(Lex(c.text), c.want) << c.name;
}

TEST(LexerTest, PositionsCountCodePointsTabsAndLines) {
  const auto tokens = Tokenize("a\tb 'é' c\r\nd\re\n\n  f");
  ASSERT_TRUE(tokens.ok());
  std::string positions;
  for (const Token& token : *tokens) positions += FormatPosition(token.position);
  EXPECT_EQ(positions, "[1:1][1:9][1:11][1:15][2:1][3:1][5:3][5:4]");
  EXPECT_EQ(tokens->back().position.offset, 20);
}

TEST(LexerTest, TextHasALimit) {
  EXPECT_TRUE(Tokenize(std::string(kTextBytesMax, ' ')).ok());
  EXPECT_EQ(Lex(std::string(kTextBytesMax + 1, ' ')).substr(0, 23), "The query is too large.");
}

TEST(LexerTest, LongLiteralsAreShortenedInMessages) {
  const std::string text = "'" + std::string(48, 'x') + "\u00e9\u00e9yyyy'";
  const auto tokens = Tokenize(text);
  ASSERT_TRUE(tokens.ok());
  EXPECT_EQ(DescribeToken(tokens->front()), "string literal '" + std::string(48, 'x') + "...'");
}

TEST(LiteralTextTest, QuotesComeBack) {
  const std::string all = [] {
    std::string text;
    for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
    return text;
  }();
  EXPECT_EQ(Lex(QuoteBytes(all)), "bytes:" + all);
  const std::string ascii = all.substr(0, 128) + "\u00e9\U0001F600";
  EXPECT_EQ(Lex(QuoteString(ascii)), "str:" + ascii);
  EXPECT_EQ(QuoteIdentifier("plain_1"), "plain_1");
  EXPECT_EQ(QuoteIdentifier("select"), "`select`");
  EXPECT_EQ(QuoteIdentifier("1a"), "`1a`");
  EXPECT_EQ(QuoteIdentifier("a`b"), "`a\\`b`");
}

}  // namespace
}  // namespace bqcdc::emulator::sql
