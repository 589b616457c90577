#include "bqcdc/pipeline/input_sources.h"

namespace bqcdc::pipeline {

std::size_t InputSources::Add(std::string name, std::string path) {
  absl::MutexLock lock(&mutex_);
  sources_.push_back({std::move(name), std::move(path), nullptr, {}});
  return sources_.size() - 1;
}

std::size_t InputSources::count() const {
  absl::MutexLock lock(&mutex_);
  return sources_.size();
}

std::string InputSources::name(std::size_t source) const {
  absl::MutexLock lock(&mutex_);
  return sources_[source].name;
}

std::string InputSources::path(std::size_t source) const {
  absl::MutexLock lock(&mutex_);
  return sources_[source].path;
}

void InputSources::Keep(std::size_t source, std::shared_ptr<const OpenFile> file) {
  absl::MutexLock lock(&mutex_);
  sources_[source].file = std::move(file);
}

std::shared_ptr<const OpenFile> InputSources::kept(std::size_t source) const {
  absl::MutexLock lock(&mutex_);
  return sources_[source].file;
}

void InputSources::ReleaseBefore(std::size_t source) {
  absl::MutexLock lock(&mutex_);
  for (; released_ < source && released_ < sources_.size(); ++released_) sources_[released_].file = nullptr;
}

void InputSources::SetEnd(std::size_t source, std::uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  sources_[source].end = bytes;
}

std::optional<std::uint64_t> InputSources::end(std::size_t source) const {
  absl::MutexLock lock(&mutex_);
  return sources_[source].end;
}

}  // namespace bqcdc::pipeline
