// SPDX-License-Identifier: MIT
#include "emulator/node_runner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <clusterless/error.hpp>
#include <filesystem>
#include <fstream>

#include "emulator/command_line.hpp"
#include "os/fail.hpp"

namespace clusterless::emulator {

namespace fs = std::filesystem;

struct node_runner::command {
  explicit command(action what) : order(std::move(what)) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) os::fail("a pipe");
    wake_read = os::unique_fd(ends[0]);
    wake_write = os::unique_fd(ends[1]);
  }
  action order;
  std::atomic<bool> stopped{false};
  os::unique_fd wake_read;
  os::unique_fd wake_write;
  std::thread thread;
};

namespace {

int code_of(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

os::unique_fd appended(const std::string& path, bool afresh) {
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (afresh ? O_TRUNC : 0);
  os::unique_fd made(::open(path.c_str(), flags, 0644));
  if (!made) os::fail("the file " + path);
  return made;
}

failure launch_failure(const char* code, const char* message, const std::string& more) {
  return {"usererror", code, message, {{"Message", more}}};
}

}  // namespace

node_runner::node_runner(node_runner_options options, clock now, teller tell)
    : options_(std::move(options)), now_(std::move(now)), tell_(std::move(tell)) {}

node_runner::~node_runner() {
  shut_down();
}

std::string node_runner::root(int number) const {
  return options_.directory + '/' + std::to_string(number);
}

void node_runner::perform(const action& order) {
  join_finished();
  std::error_code ignored;
  switch (order.what) {
    case action::kind::run:
      return start(order);
    case action::kind::stop:
      return stop(order.run);
    case action::kind::sweep:
      return sweep(order);
    case action::kind::remove_directory: {
      sweep(order);
      action of = order;
      of.command = run_kind::task;
      fs::remove_all(root(order.number) + '/' + directory_of(of), ignored);
      return;
    }
    case action::kind::wipe_node:
      sweep(order);
      fs::remove_all(root(order.number), ignored);
      return;
  }
}

void node_runner::start(const action& order) {
  const auto made = std::make_shared<command>(order);
  const std::lock_guard lock(mutex_);
  commands_[order.run] = made;
  made->thread = std::thread([this, made] { work(made); });
}

void node_runner::stop(std::uint64_t run) {
  const std::lock_guard lock(mutex_);
  const auto at = commands_.find(run);
  if (at == commands_.end()) return;
  at->second->stopped = true;
  const char byte = 0;
  if (::write(at->second->wake_write.get(), &byte, 1) < 0) os::fail("a byte into a pipe");
}

void node_runner::sweep(const action& order) {
  action of = order;
  of.command = run_kind::task;
  const bool whole_node = order.job.empty();
  const std::string directory =
      whole_node ? root(order.number) : root(order.number) + '/' + directory_of(of);
  std::vector<os::child_process> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = kept_.begin(); at != kept_.end();) {
      const bool ours = at->first == directory || at->first.starts_with(directory + '/');
      if (ours)
        for (os::child_process& each : at->second)
          ended.push_back(std::move(each));
      at = ours ? kept_.erase(at) : std::next(at);
    }
  }
  ended.clear();
  if (whole_node)
    kill_by_environment("AZ_BATCH_NODE_ROOT_DIR=" + directory);
  else if (!order.task.empty())
    kill_by_environment("AZ_BATCH_TASK_DIR=" + directory);
}

void node_runner::work(const std::shared_ptr<command>& of) {
  command_result result;
  try {
    result = run(*of);
  } catch (const std::exception& caught) {
    result.failed =
        launch_failure("CommandLaunchFailed", "The command could not be launched", caught.what());
  }
  if (result.started == 0) result.started = now_();
  if (result.ended == 0) result.ended = now_();
  {
    const std::lock_guard lock(mutex_);
    commands_.erase(of->order.run);
  }
  if (!over_) tell_(of->order.run, result);
  // Last, because whoever joins this thread may hold what tell_ waits for.
  const std::lock_guard lock(mutex_);
  finished_.push_back(of);
}

command_result node_runner::run(command& of) {
  const action& order = of.order;
  command_result result;
  result.started = now_();
  const node_paths at = make_directories(root(order.number), order);
  const environment env = variables_of(order, at, options_.account, options_.account_url);
  const auto stopped = [&] { return of.stopped.load(); };
  const json& multi = member(order.spec, "multiInstanceSettings");
  const bool coordinates = order.command == run_kind::coordination;
  if (coordinates) {
    result.failed = fetch_files(member(multi, "commonResourceFiles"), at.task, stopped);
    if (!result.failed && order.instance == 0)
      result.failed = fetch_files(member(order.spec, "resourceFiles"), at.working, stopped);
  } else if (!multi.is_object()) {
    result.failed = fetch_files(member(order.spec, "resourceFiles"), at.working, stopped);
  }
  if (result.failed || stopped()) {
    result.ended = now_();
    return result;
  }
  result = launch(of, at, env);
  if (coordinates || stopped()) return result;
  const bool success = !result.failed && result.exit_code.value_or(1) == 0;
  const auto unsent = send_files(member(order.spec, "outputFiles"), at, env, success);
  if (unsent && success) result.failed = unsent;
  result.ended = now_();
  return result;
}

command_result node_runner::launch(command& of, const node_paths& at, const environment& env) {
  const action& order = of.order;
  const bool coordinates = order.command == run_kind::coordination;
  const json& multi = member(order.spec, "multiInstanceSettings");
  const std::string line =
      coordinates ? text_of(multi, "coordinationCommandLine") : text_of(order.spec, "commandLine");
  command_result result;
  result.started = now_();
  const std::vector<std::string> words = command_words(line);
  const std::string path = env.front().second;
  const std::string program =
      words.empty() ? std::string() : find_program(words[0], at.working, path);
  if (program.empty()) {
    result.failed =
        launch_failure("CommandProgramNotFound", "The specified command program is not found",
                       "there is no program for the command line: " + line);
    return result;
  }
  // An application writes on where its coordination command did; other attempts begin afresh.
  const bool afresh = coordinates || !multi.is_object();
  const os::unique_fd output = appended(at.task + "/stdout.txt", afresh);
  const os::unique_fd errors = appended(at.task + "/stderr.txt", afresh);
  os::start_request request;
  request.path = program;
  request.argv = words;
  request.env = env;
  request.only_env = true;
  request.output = output.get();
  request.errors = errors.get();
  request.directory = at.working;
  os::child_process child;
  os::child_process twin;
  try {
    const std::lock_guard lock(spawning_);
    child = spawner_.start(request);
    if (order.command == run_kind::task && duplicates_ > 0) {
      --duplicates_;
      twin = spawner_.start(request);
    }
  } catch (const error& caught) {
    result.failed =
        launch_failure("CommandLaunchFailed", "The command could not be launched", caught.what());
    return result;
  }
  const ticks started = result.started;
  result = wait_for(of, std::move(child));
  result.started = started;
  if (twin) wait_for(of, std::move(twin));
  return result;
}

command_result node_runner::wait_for(command& of, os::child_process child) {
  bool killed = false;
  bool asked = options_.stop_takes == 0;
  while (!child.ended()) {
    std::array<pollfd, 2> watched{
        {{child.pidfd(), POLLIN, 0}, {killed ? -1 : of.wake_read.get(), POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), -1);
    if (!asked && of.stopped) {
      asked = true;
      child.signal_group(SIGTERM);
      ::poll(watched.data(), 1, static_cast<int>(options_.stop_takes / (one_second / 1000)));
      continue;
    }
    if (!killed && of.stopped) {
      child.kill_group();
      killed = true;
    }
  }
  command_result result;
  result.exit_code = code_of(*child.ended());
  result.ended = now_();
  if (of.order.command == run_kind::coordination && !of.stopped) {
    const std::lock_guard lock(mutex_);
    kept_[root(of.order.number) + '/' + directory_of(of.order)].push_back(std::move(child));
  }
  return result;
}

void node_runner::join_finished() {
  std::vector<std::shared_ptr<command>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(finished_);
  }
  for (const auto& each : done)
    if (each->thread.joinable()) each->thread.join();
}

void node_runner::shut_down() {
  over_ = true;
  std::vector<std::shared_ptr<command>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [run, each] : commands_)
      all.push_back(each);
  }
  for (const auto& each : all) {
    each->stopped = true;
    const char byte = 0;
    if (::write(each->wake_write.get(), &byte, 1) < 0) continue;
  }
  for (const auto& each : all)
    if (each->thread.joinable()) each->thread.join();
  join_finished();
  kept_.clear();
  end_leftovers();
}

void node_runner::end_leftovers() {
  std::error_code problem;
  for (fs::directory_iterator at(options_.directory, problem), end; !problem && at != end;
       at.increment(problem))
    kill_by_environment("AZ_BATCH_NODE_ROOT_DIR=" + at->path().string());
}

}  // namespace clusterless::emulator
