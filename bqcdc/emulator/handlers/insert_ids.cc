#include "bqcdc/emulator/handlers/insert_ids.h"

namespace bqcdc::emulator::handlers {

bool InsertIds::Contains(int64_t table_uid, const std::string& id, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  ForgetOld(now);
  return known_.contains({table_uid, id});
}

void InsertIds::Remember(int64_t table_uid, const std::vector<std::string>& ids, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  for (const std::string& id : ids) {
    Key key(table_uid, id);
    if (known_.insert(key).second) by_age_.push_back({now, std::move(key)});
  }
  ForgetOld(now);
}

void InsertIds::ForgetOld(absl::Time now) {
  while (!by_age_.empty() &&
         (by_age_.size() > kInsertIdsMax || now - by_age_.front().stored > kInsertIdAgeMax)) {
    known_.erase(by_age_.front().key);
    by_age_.pop_front();
  }
}

}  // namespace bqcdc::emulator::handlers
