#include "bqcdc/emulator/engine/balanced_chain.h"

#include <cstddef>

namespace bqcdc::emulator::engine {
namespace {

void AppendChain(const std::string* operands, size_t count, std::string_view between, std::string& text) {
  if (count == 1) {
    text += *operands;
    return;
  }
  const size_t left = count / 2;
  text += '(';
  AppendChain(operands, left, between, text);
  text += between;
  AppendChain(operands + left, count - left, between, text);
  text += ')';
}

}  // namespace

std::string BalancedChain(const std::vector<std::string>& operands, std::string_view between) {
  std::string text;
  AppendChain(operands.data(), operands.size(), between, text);
  return text;
}

}  // namespace bqcdc::emulator::engine
