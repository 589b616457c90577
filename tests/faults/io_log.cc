// libbqcdc_io_log.so, loaded with LD_PRELOAD: writes down what a process does to the files below
// BQCDC_IO_DIR, with their bytes, and which AppendRows acknowledgements it sends, in one order, to the file
// BQCDC_IO_LOG. A page cache survives `kill -9`, so only this shows whether an acknowledgement waited for its
// fsync. io_trace.h reads the log.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#define BQCDC_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct State {
  int log = -1;
  char directory[4096] = {};
  size_t directory_size = 0;
};

// Plain statics: this runs before and after everything else of the process.
State& Get() {
  static State* const state = [] {
    State* made = new State;
    const char* log = getenv("BQCDC_IO_LOG");
    const char* directory = getenv("BQCDC_IO_DIR");
    if (log == nullptr || directory == nullptr) return made;
    snprintf(made->directory, sizeof(made->directory), "%s", directory);
    made->directory_size = strlen(made->directory);
    made->log =
        static_cast<int>(syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    return made;
  }();
  return *state;
}

template <typename F>
F Next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

bool IsWatched(const char* path) {
  const State& state = Get();
  return state.log >= 0 && strncmp(path, state.directory, state.directory_size) == 0;
}

// The path of a descriptor, false where it is not a watched file.
bool WatchedPath(int fd, char* path, size_t size) {
  if (Get().log < 0) return false;
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, size - 1);
  if (length <= 0) return false;
  path[length] = 0;
  return IsWatched(path);
}

struct Header {
  char kind;
  uint32_t name_size;
  uint64_t offset;
  uint64_t data_size;
} __attribute__((packed));

// One writev on an O_APPEND file: records of several threads do not mix.
void Log(char kind, const char* name, uint64_t offset, const void* data, uint64_t data_size) {
  Header header{kind, static_cast<uint32_t>(strlen(name)), offset, data_size};
  iovec parts[3] = {{&header, sizeof(header)},
                    {const_cast<char*>(name), header.name_size},
                    {const_cast<void*>(data), static_cast<size_t>(data_size)}};
  const long written = syscall(SYS_writev, Get().log, parts, 3);
  if (written != static_cast<long>(sizeof(header) + header.name_size + data_size)) abort();
}

void LogWrite(int fd, uint64_t offset, const void* data, ssize_t size) {
  char path[4096];
  if (size > 0 && WatchedPath(fd, path, sizeof(path)))
    Log('W', path, offset, data, static_cast<uint64_t>(size));
}

// A successful AppendRowsResponse of a default stream is `0a 00` (append_result, empty) `2a` (write_stream)
// length name.
void LogAcknowledgements(const char* data, size_t size) {
  static constexpr char kMark[] = "\x0a\x00\x2a";
  for (size_t i = 0; i + 4 < size;) {
    const void* found = memmem(data + i, size - i, kMark, 3);
    if (found == nullptr) return;
    i = static_cast<size_t>(static_cast<const char*>(found) - data) + 3;
    const size_t length = static_cast<uint8_t>(data[i]);
    if (length >= 128 || i + 1 + length > size || memcmp(data + i + 1, "projects/", 9) != 0) continue;
    char name[128];
    memcpy(name, data + i + 1, length);
    name[length] = 0;
    Log('A', name, 0, nullptr, 0);
  }
}

}  // namespace

BQCDC_EXPORT ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = Next<ssize_t (*)(int, const void*, size_t)>("write");
  const ssize_t result = next(fd, data, size);
  if (result > 0 && Get().log >= 0) {
    const off_t end = lseek(fd, 0, SEEK_CUR);
    if (end >= 0) LogWrite(fd, static_cast<uint64_t>(end - result), data, result);
  }
  return result;
}

BQCDC_EXPORT ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static const auto next = Next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  const ssize_t result = next(fd, data, size, offset);
  LogWrite(fd, static_cast<uint64_t>(offset), data, result);
  return result;
}

BQCDC_EXPORT ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return pwrite(fd, data, size, offset);
}

BQCDC_EXPORT ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = Next<ssize_t (*)(int, const iovec*, int)>("writev");
  const ssize_t result = next(fd, parts, count);
  if (result <= 0 || Get().log < 0) return result;
  const off_t end = lseek(fd, 0, SEEK_CUR);
  if (end < 0) return result;
  uint64_t offset = static_cast<uint64_t>(end - result);
  ssize_t left = result;
  for (int i = 0; i < count && left > 0; ++i) {
    const ssize_t part =
        left < static_cast<ssize_t>(parts[i].iov_len) ? left : static_cast<ssize_t>(parts[i].iov_len);
    LogWrite(fd, offset, parts[i].iov_base, part);
    offset += static_cast<uint64_t>(part);
    left -= part;
  }
  return result;
}

template <typename Sync>
int LoggedSync(int fd, Sync next) {
  char path[4096];
  const bool watched = WatchedPath(fd, path, sizeof(path));
  if (watched) Log('s', path, 0, nullptr, 0);
  const int result = next(fd);
  if (watched && result == 0) Log('S', path, 0, nullptr, 0);
  return result;
}

BQCDC_EXPORT int fsync(int fd) {
  static const auto next = Next<int (*)(int)>("fsync");
  return LoggedSync(fd, next);
}

BQCDC_EXPORT int fdatasync(int fd) {
  static const auto next = Next<int (*)(int)>("fdatasync");
  return LoggedSync(fd, next);
}

BQCDC_EXPORT int ftruncate(int fd, off_t size) {
  static const auto next = Next<int (*)(int, off_t)>("ftruncate");
  const int result = next(fd, size);
  char path[4096];
  if (result == 0 && WatchedPath(fd, path, sizeof(path)))
    Log('T', path, static_cast<uint64_t>(size), nullptr, 0);
  return result;
}

BQCDC_EXPORT int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

BQCDC_EXPORT int rename(const char* from, const char* to) {
  static const auto next = Next<int (*)(const char*, const char*)>("rename");
  const int result = next(from, to);
  if (result == 0 && IsWatched(from)) Log('R', from, 0, to, strlen(to));
  return result;
}

BQCDC_EXPORT int unlink(const char* path) {
  static const auto next = Next<int (*)(const char*)>("unlink");
  const int result = next(path);
  if (result == 0 && IsWatched(path)) Log('U', path, 0, nullptr, 0);
  return result;
}

BQCDC_EXPORT int remove(const char* path) {
  static const auto next = Next<int (*)(const char*)>("remove");
  const int result = next(path);
  if (result == 0 && IsWatched(path)) Log('U', path, 0, nullptr, 0);
  return result;
}

BQCDC_EXPORT ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  static const auto next = Next<ssize_t (*)(int, const msghdr*, int)>("sendmsg");
  if (Get().log >= 0) {
    // Before it is sent: whoever is told may act on it at once.
    static constexpr size_t kAnswerBytesMax = 256 * 1024;
    size_t size = 0;
    for (size_t i = 0; i < message->msg_iovlen; ++i) size += message->msg_iov[i].iov_len;
    if (size <= kAnswerBytesMax) {
      char* all = static_cast<char*>(malloc(size + 1));
      size_t at = 0;
      for (size_t i = 0; i < message->msg_iovlen; ++i) {
        memcpy(all + at, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
        at += message->msg_iov[i].iov_len;
      }
      LogAcknowledgements(all, size);
      free(all);
    }
  }
  return next(fd, message, flags);
}
