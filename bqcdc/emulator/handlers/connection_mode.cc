#include "bqcdc/emulator/handlers/connection_mode.h"

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::handlers {
namespace {

using convert::ChangeKind;

constexpr char kMixed[] = "The given value is not a valid CHANGE_TYPE";

bool IsChange(ChangeKind kind) { return kind == ChangeKind::kUpsert || kind == ChangeKind::kDelete; }

ConnectionMode::Mode ModeOf(ChangeKind kind) {
  return IsChange(kind) ? ConnectionMode::Mode::kUpsert : ConnectionMode::Mode::kInsert;
}

}  // namespace

ConnectionMode::Mode ConnectionMode::mode(const std::string& destination) const {
  const auto found = modes_.find(scope_ == Scope::kConnection ? "" : destination);
  return found == modes_.end() ? Mode::kOpen : found->second;
}

ConnectionMode::Verdict ConnectionMode::Judge(const Request& request) const {
  Verdict verdict;
  verdict.mode = request.inserts_only ? Mode::kInsert : mode(request.destination);
  const bool decides = request.has_change_type && request.has_primary_key;
  for (size_t row = 0; row < request.row_count; ++row) {
    const ChangeKind kind = request.has_change_type ? request.kinds[row] : ChangeKind::kUnspecified;
    if (kind == ChangeKind::kInvalid) continue;  // refused already
    if (IsChange(kind) && !request.has_primary_key && !request.inserts_only) {
      verdict.needs_primary_key = true;
      return verdict;
    }
    if (verdict.mode == Mode::kOpen && decides) verdict.mode = ModeOf(kind);
    if (verdict.mode == Mode::kOpen || verdict.mode == ModeOf(kind)) continue;
    const std::string message =
        IsChange(kind)
            ? base::StrCat(kMixed, " in insert mode: ", kind == ChangeKind::kUpsert ? "UPSERT" : "DELETE")
            : kMixed;
    verdict.faults.push_back({static_cast<int64_t>(row), message});
  }
  return verdict;
}

void ConnectionMode::Accept(const Request& request, const Verdict& verdict) {
  if (verdict.mode == Mode::kOpen || request.inserts_only) return;
  modes_[scope_ == Scope::kConnection ? "" : request.destination] = verdict.mode;
}

}  // namespace bqcdc::emulator::handlers
