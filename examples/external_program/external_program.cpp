// SPDX-License-Identifier: MIT
// An external program for each item: it goes to the nodes as a file, reads a file and writes one. A
// run that fails is an error with its exit code and what it said; where a shorter step may help,
// the retry takes one.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <clusterless/clusterless.hpp>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace cl = clusterless;
namespace fs = std::filesystem;

// Runs a program and waits for it; what it writes to stderr goes to the file `errors`. Returns its
// wait status.
int run(std::vector<std::string> words, const std::string& errors) {
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int problem = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) throw std::system_error(problem, std::generic_category(), words[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

struct program_failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The step is halved with each attempt.
cl::file solve(const cl::file& input, const cl::file& solver) {
  const std::string folder = cl::scratch_dir();
  const double step = 0.2 / (1 << (cl::attempt() - 1));
  const std::string errors = folder + "/stderr.txt";
  input.save(folder);
  const int status =
      run({solver.path(), folder + "/" + input.name(), folder + "/out.dat", std::to_string(step)},
          errors);
  if (!WIFEXITED(status))
    throw program_failed("killed by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    throw program_failed("exit code " + std::to_string(WEXITSTATUS(status)) + ", attempt " +
                         std::to_string(cl::attempt()) + ": " + cl::file(errors).contents());
  return cl::file("out.dat");
}

int main(int argc, char** argv) {
  cl::init(argc, argv);
  const fs::path solver = fs::read_symlink("/proc/self/exe").parent_path() / "decay_solver";
  const fs::path folder = argc > 1 ? argv[1] : "solved";
  fs::create_directories(folder);

  std::vector<cl::file> inputs;
  for (const char* rate : {"1", "9", "11", "70", "-3"})
    inputs.push_back(cl::file::from_contents("rate.txt", rate));

  auto pool = cl::create_pool();
  auto job =
      pool.pmap(cl::bind(solve, cl::file(solver.string())), inputs, {.retries = {.user = 3}});
  for (const auto& outcome : job.outcomes()) {
    const std::string name = "case_" + std::to_string(outcome.item()) + ".dat";
    if (outcome) {
      outcome.value().save((folder / name).string());
      std::printf("%s: %zu bytes\n", name.c_str(), outcome.value().size());
    } else {
      std::printf("%s: failed: %s", name.c_str(), outcome.error().message().c_str());
    }
  }
  std::printf("%zu attempts beyond the first\n", job.status().retried);
}
