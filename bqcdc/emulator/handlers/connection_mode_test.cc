#include "bqcdc/emulator/handlers/connection_mode.h"

#include "gtest/gtest.h"

namespace bqcdc::emulator::handlers {
namespace {

using convert::ChangeKind;
using Mode = ConnectionMode::Mode;
using Scope = ConnectionMode::Scope;

constexpr char kMixed[] = "The given value is not a valid CHANGE_TYPE";
constexpr char kUpsertInInsert[] = "The given value is not a valid CHANGE_TYPE in insert mode: UPSERT";
constexpr char kDeleteInInsert[] = "The given value is not a valid CHANGE_TYPE in insert mode: DELETE";

// One request: a letter for each row. U UPSERT, D DELETE, I INSERT, - unset, ? invalid; "n" rows of a message
// without the field. Destination "a" unless it says "b:". "!" in front: the table has no primary key.
struct Step {
  std::string rows;
  std::string outcome;  // "ok", "key", or row numbers with the message of the first: "1: text"
};
struct ModeCase {
  std::string name;
  Scope scope;
  std::vector<Step> steps;
  Mode mode;  // of destination a, at the end
};

class ModeTest : public ::testing::TestWithParam<ModeCase> {};

ChangeKind KindOf(char letter) {
  switch (letter) {
    case 'U':
      return ChangeKind::kUpsert;
    case 'D':
      return ChangeKind::kDelete;
    case 'I':
      return ChangeKind::kInsert;
    case '?':
      return ChangeKind::kInvalid;
    default:
      return ChangeKind::kUnspecified;
  }
}

std::string Ask(ConnectionMode& mode, std::string rows) {
  ConnectionMode::Request request;
  request.destination = "a";
  if (rows.rfind("b:", 0) == 0) {
    request.destination = "b";
    rows.erase(0, 2);
  }
  request.has_primary_key = rows[0] != '!';
  if (!request.has_primary_key) rows.erase(0, 1);
  request.has_change_type = rows[0] != 'n';
  request.row_count = rows.size();
  std::vector<ChangeKind> kinds;
  for (char letter : rows) kinds.push_back(KindOf(letter));
  if (request.has_change_type) request.kinds = kinds;
  const ConnectionMode::Verdict verdict = mode.Judge(request);
  if (verdict.needs_primary_key) return "key";
  if (verdict.good()) {
    mode.Accept(request, verdict);
    return "ok";
  }
  std::string text;
  for (const convert::RowFault& fault : verdict.faults)
    text += (text.empty() ? "" : ",") + std::to_string(fault.index);
  return text + ": " + verdict.faults[0].message;
}

TEST_P(ModeTest, Judges) {
  ConnectionMode mode(GetParam().scope);
  for (const Step& step : GetParam().steps) EXPECT_EQ(Ask(mode, step.rows), step.outcome) << step.rows;
  EXPECT_EQ(mode.mode("a"), GetParam().mode);
}

constexpr Scope kOne = Scope::kConnection;
constexpr Scope kEach = Scope::kDestination;

INSTANTIATE_TEST_SUITE_P(
    All, ModeTest,
    ::testing::Values(
        ModeCase{"open", kOne, {}, Mode::kOpen},
        ModeCase{"upserts_and_deletes", kOne, {{"UUD", "ok"}, {"D", "ok"}}, Mode::kUpsert},
        ModeCase{"inserts_and_unset", kOne, {{"I-I", "ok"}, {"-", "ok"}, {"n", "ok"}}, Mode::kInsert},
        ModeCase{"first_row_decides_upsert", kOne, {{"UI-D", std::string("1,2: ") + kMixed}}, Mode::kOpen},
        ModeCase{
            "first_row_decides_insert", kOne, {{"IUD", std::string("1,2: ") + kUpsertInInsert}}, Mode::kOpen},
        ModeCase{"unset_counts_as_insert", kOne, {{"-D", std::string("1: ") + kDeleteInInsert}}, Mode::kOpen},
        ModeCase{"insert_after_upsert",
                 kOne,
                 {{"U", "ok"}, {"I", std::string("0: ") + kMixed}, {"U", "ok"}},
                 Mode::kUpsert},
        ModeCase{
            "unset_after_upsert", kOne, {{"U", "ok"}, {"U-", std::string("1: ") + kMixed}}, Mode::kUpsert},
        ModeCase{"upsert_after_insert",
                 kOne,
                 {{"I", "ok"}, {"U", std::string("0: ") + kUpsertInInsert}},
                 Mode::kInsert},
        ModeCase{"refused_request_decides_nothing",
                 kOne,
                 {{"UI", std::string("1: ") + kMixed}, {"I", "ok"}},
                 Mode::kInsert},
        ModeCase{"plain_does_not_decide", kOne, {{"nn", "ok"}, {"U", "ok"}}, Mode::kUpsert},
        ModeCase{
            "plain_after_upsert", kOne, {{"U", "ok"}, {"nn", std::string("0,1: ") + kMixed}}, Mode::kUpsert},
        ModeCase{"invalid_rows_are_skipped", kOne, {{"?U?", "ok"}}, Mode::kUpsert},
        ModeCase{"no_key_upsert", kOne, {{"!IU", "key"}}, Mode::kOpen},
        ModeCase{"no_key_delete", kOne, {{"!D", "key"}}, Mode::kOpen},
        ModeCase{"no_key_insert_does_not_decide", kOne, {{"!I-", "ok"}, {"U", "ok"}}, Mode::kUpsert},
        ModeCase{
            "one_mode_for_all", kOne, {{"U", "ok"}, {"b:I", std::string("0: ") + kMixed}}, Mode::kUpsert},
        ModeCase{"a_mode_for_each",
                 kEach,
                 {{"U", "ok"}, {"b:I", "ok"}, {"b:U", std::string("0: ") + kUpsertInInsert}},
                 Mode::kUpsert}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace bqcdc::emulator::handlers
