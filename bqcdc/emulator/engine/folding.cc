#include "bqcdc/emulator/engine/folding.h"

#include <utility>
#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/cdc/mutant.h"
#include "bqcdc/emulator/engine/relation_sql.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr uint8_t kRowLookedUp = 1;

absl::Status LookUpAppliedWinners(const catalog::Table& table, const PendingView& view,
                                  const std::vector<size_t>& wanted, cdc::Fold& fold,
                                  Connection& connection) {
  const cdc::PendingRows& rows = *view.rows;
  std::vector<uint8_t> bits(wanted.back() + 1);
  for (const size_t row : wanted) bits[row] = kRowLookedUp;
  const RowFlags flags(rows.first_ordinal(), std::move(bits));
  return connection.Read(AppliedWinnersSql(table, view, flags, kRowLookedUp), [&](const Chunk& chunk) {
    const VectorReader ordinal = chunk.Reader(0), is_delete = chunk.Reader(1), high = chunk.Reader(2),
                       low = chunk.Reader(3), ingest = chunk.Reader(4);
    for (size_t i = 0; i < chunk.row_count(); ++i) {
      cdc::Winner winner;
      winner.is_delete = is_delete.Bool(i);
      winner.ingest_us = ingest.Int64(i);
      winner.has_sequence = !high.IsNull(i);
      if (winner.has_sequence) {
        winner.sequence = values::SequenceNumber::FromHighLow(high.Uint128(i), low.Uint128(i));
      }
      fold.SetAppliedWinner(rows[ordinal.Int64(i) - rows.first_ordinal()].key, winner);
    }
    return absl::OkStatus();
  });
}

absl::Status ExtendFold(const catalog::Table& table, const PendingView& view, cdc::Fold& fold,
                        Connection& connection) {
  const std::vector<size_t> wanted = fold.RowsToLookUp(*view.rows, view.row_count);
  if (!wanted.empty()) BQCDC_RETURN_IF_ERROR(LookUpAppliedWinners(table, view, wanted, fold, connection));
  fold.Extend(*view.rows, view.row_count);
  return absl::OkStatus();
}

std::shared_ptr<const FoldedView> MakeView(const cdc::PendingRows& rows, const cdc::Fold& fold) {
  auto view = std::make_shared<FoldedView>();
  view->flags = std::make_shared<RowFlags>(rows.first_ordinal(), fold.flags());
  view->shown_count = fold.shown_count();
  view->hidden_key_count = fold.hidden_key_count();
  view->tombstone_count = fold.tombstone_count();
  return view;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const FoldedView>> FoldPending(const cdc::FoldRules& rules,
                                                              const catalog::Table& table,
                                                              const PendingView& view, TableState& state,
                                                              Connection& connection) {
  absl::MutexLock lock(&state.fold_mutex_);
  const bool same_rows = state.folded_rows_ == view.rows;
  if (same_rows && state.fold_->row_count() > view.row_count) {
    // A session that began before the last one to fold: its view is older than what is kept.
    cdc::Fold fold(rules, view.record.highest);
    BQCDC_RETURN_IF_ERROR(ExtendFold(table, view, fold, connection));
    return MakeView(*view.rows, fold);
  }
  if (!same_rows) {
    state.folded_rows_ = view.rows;
    state.fold_ = std::make_unique<cdc::Fold>(rules, view.record.highest);
    state.folded_view_ = nullptr;
  }
  if (state.folded_view_ == nullptr || state.fold_->row_count() < view.row_count) {
    BQCDC_RETURN_IF_ERROR(ExtendFold(table, view, *state.fold_, connection));
    state.folded_view_ = MakeView(*view.rows, *state.fold_);
  }
  return state.folded_view_;
}

}  // namespace bqcdc::emulator::engine
