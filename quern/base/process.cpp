#include "quern/base/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "quern/base/error.h"

namespace quern {
namespace {

/// What the new process does before it becomes the program.
class SpawnActions {
 public:
  explicit SpawnActions(const Streams& streams) {
    constexpr int kNew = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_init(&actions_);
    open(STDIN_FILENO, streams.input, O_RDONLY);
    open(STDOUT_FILENO, streams.output, kNew);
    open(STDERR_FILENO, streams.errors, kNew);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  void open(int descriptor, const std::filesystem::path& path, int flags) {
    constexpr mode_t kReadable = 0644;
    ::posix_spawn_file_actions_addopen(&actions_, descriptor, path.c_str(), flags, kReadable);
  }

  posix_spawn_file_actions_t actions_;
};

}  // namespace

int run_process(const std::vector<std::string>& arguments, const Streams& streams) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const SpawnActions actions(streams);
  pid_t child = 0;
  const int failure =
      ::posix_spawnp(&child, pointers[0], actions.get(), nullptr, pointers.data(), environ);
  if (failure != 0) {
    fail(ErrorCode::kIo, "cannot start {}: {}", arguments.at(0), std::strerror(failure));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    ensure(errno == EINTR, "waiting for {} failed: {}", arguments[0], std::strerror(errno));
  }
  constexpr int kSignals = 128;
  return WIFSIGNALED(status) ? kSignals + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace quern
