#include "bqcdc/emulator/sql/functions/function_table.h"

#include <gtest/gtest.h>

#include <set>

#include "bqcdc/emulator/sql/functions/function_rows.h"
#include "bqcdc/emulator/sql/functions/own_function.h"

namespace bqcdc::emulator::sql {
namespace {

std::vector<FunctionRow> AllRows() {
  std::vector<FunctionRow> all;
  for (const auto* rows : {&OperatorRows(), &MathRows(), &StringRows(), &TimeRows(), &JsonAndArrayRows(),
                           &AggregateRows(), &WindowRows()}) {
    all.insert(all.end(), rows->begin(), rows->end());
  }
  return all;
}

TEST(FunctionTableTest, EveryFormNamesFunctionsThatExist) {
  std::set<std::string> known;
  for (const engine::ScalarFunction& function : AllOwnFunctions()) known.insert(function.name);
  for (const FunctionRow& row : AllRows()) {
    const std::string form = row.form;
    for (size_t at = form.find("bq_"); at != std::string::npos; at = form.find("bq_", at + 1)) {
      const size_t end = form.find_first_of("!(", at);
      const std::string name = form.substr(at, end - at);
      EXPECT_TRUE(known.contains(name)) << row.name << ": " << name;
      if (form[end] == '!') {
        EXPECT_TRUE(known.contains(name + "_safe")) << row.name << ": " << name << " cannot fail";
      }
    }
  }
}

TEST(FunctionTableTest, OwnFunctionsAreRegisteredOnce) {
  std::set<std::string> known;
  for (const engine::ScalarFunction& function : AllOwnFunctions()) {
    EXPECT_TRUE(known.insert(function.name).second) << function.name;
  }
}

TEST(FunctionTableTest, OperatorsCannotBeCalledByName) {
  for (const FunctionRow& row : OperatorRows()) EXPECT_FALSE(FindFunction(row.name).empty()) << row.name;
  EXPECT_TRUE(FindFunction("ADD").empty());
  EXPECT_TRUE(FindFunction("abs").empty()) << "names are given in upper case";
}

TEST(FunctionTableTest, SignaturesAreRead) {
  const FunctionSignature& substr = FindFunction("SUBSTR")[0];
  ASSERT_EQ(substr.parameters.size(), 3U);
  EXPECT_TRUE(substr.parameters[2].optional);
  EXPECT_EQ(substr.result.type, Type(TypeKind::kString));
  const FunctionSignature& coalesce = FindFunction("COALESCE")[0];
  EXPECT_TRUE(coalesce.parameters[1].repeated);
  EXPECT_EQ(coalesce.result.kind, ParameterKind::kTemplate);
  EXPECT_EQ(FindFunction("ARRAY_AGG")[0].mode, FunctionMode::kAggregate);
  EXPECT_EQ(FindFunction("ARRAY_AGG")[0].result.kind, ParameterKind::kArrayTemplate);
}

}  // namespace
}  // namespace bqcdc::emulator::sql
