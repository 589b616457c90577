#include "tests/faults/io_trace.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace bqcdc::faults {
namespace {

struct Header {
  char kind;
  uint32_t name_size;
  uint64_t offset;
  uint64_t data_size;
} __attribute__((packed));

struct File {
  std::vector<size_t> changes;  // events, in order
  size_t synced_before = 0;     // changes of events below this one are durable
  size_t sync_started = 0;
};

void Change(const IoEvent& event, size_t keep_bytes, std::string* content) {
  if (event.kind == IoEvent::Kind::kTruncate) {
    content->resize(event.offset);
    return;
  }
  const size_t size = std::min(keep_bytes, event.data.size());
  if (content->size() < event.offset + size) content->resize(event.offset + size);
  std::memcpy(content->data() + event.offset, event.data.data(), size);
}

std::string KilledContent(const std::vector<IoEvent>& events, const File& file, size_t crash,
                          std::mt19937& random) {
  constexpr size_t kPageBytes = 4096;
  std::string content;
  for (const size_t index : file.changes) {
    const size_t pages = events[index].data.size() / kPageBytes;
    Change(events[index], index + 1 == crash ? random() % (pages + 1) * kPageBytes : SIZE_MAX, &content);
  }
  return content;
}

std::string Content(const std::vector<IoEvent>& events, const File& file, size_t crash, Unsynced unsynced,
                    std::mt19937& random) {
  if (unsynced == Unsynced::kKilled) return KilledContent(events, file, crash, random);
  std::string content;
  size_t after = 0;
  for (const size_t index : file.changes) after += index >= file.synced_before;
  size_t keep = unsynced == Unsynced::kPrefix && after > 0 ? random() % (after + 1) : 0;
  for (const size_t index : file.changes) {
    if (index < file.synced_before) {
      Change(events[index], SIZE_MAX, &content);
    } else if (keep > 0) {
      // The last of them reached the disk in part.
      const size_t bytes = --keep == 0 ? random() % (events[index].data.size() + 1) : SIZE_MAX;
      Change(events[index], bytes, &content);
    }
  }
  return content;
}

}  // namespace

absl::StatusOr<std::vector<IoEvent>> ReadIoTrace(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("no trace at ", path));
  std::stringstream text;
  text << file.rdbuf();
  const std::string bytes = text.str();
  std::vector<IoEvent> events;
  for (size_t at = 0; at < bytes.size();) {
    Header header;
    if (bytes.size() - at < sizeof(header)) break;  // the process was killed while it wrote
    std::memcpy(&header, bytes.data() + at, sizeof(header));
    if (bytes.size() - at < sizeof(header) + header.name_size + header.data_size) break;
    IoEvent& event = events.emplace_back();
    event.kind = static_cast<IoEvent::Kind>(header.kind);
    event.name = bytes.substr(at + sizeof(header), header.name_size);
    event.offset = header.offset;
    event.data = bytes.substr(at + sizeof(header) + header.name_size, header.data_size);
    at += sizeof(header) + header.name_size + header.data_size;
  }
  return events;
}

absl::Status RebuildFiles(const std::vector<IoEvent>& events, size_t crash, const std::string& directory,
                          Unsynced unsynced, uint32_t seed, const std::string& target) {
  std::map<std::string, std::shared_ptr<File>> files;
  for (size_t i = 0; i < crash; ++i) {
    const IoEvent& event = events[i];
    if (event.kind == IoEvent::Kind::kAcknowledge) continue;
    std::shared_ptr<File>& file = files[event.name];
    if (file == nullptr) file = std::make_shared<File>();
    switch (event.kind) {
      case IoEvent::Kind::kWrite:
      case IoEvent::Kind::kTruncate:
        file->changes.push_back(i);
        break;
      case IoEvent::Kind::kSyncStart:
        file->sync_started = i;
        break;
      case IoEvent::Kind::kSyncEnd:
        file->synced_before = file->sync_started;
        break;
      case IoEvent::Kind::kUnlink:
        files.erase(event.name);
        break;
      case IoEvent::Kind::kRename:
        files[event.data] = file;
        files.erase(event.name);
        break;
      case IoEvent::Kind::kAcknowledge:
        break;
    }
  }
  std::mt19937 random(seed);
  for (const auto& [path, file] : files) {
    if (file->changes.empty()) continue;  // a directory that was synced
    const std::string to = absl::StrCat(target, path.substr(directory.size()));
    std::filesystem::create_directories(std::filesystem::path(to).parent_path());
    std::ofstream out(to, std::ios::binary | std::ios::trunc);
    out << Content(events, *file, crash, unsynced, random);
    if (!out.good()) return absl::InternalError(absl::StrCat("cannot write ", to));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::faults
