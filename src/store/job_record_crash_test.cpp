// SPDX-License-Identifier: MIT
// The record under kill -9, full disks and several processes at once.
#include <doctest/doctest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <clusterless/error.hpp>
#include <functional>
#include <random>

#include "store/directory_store.hpp"
#include "store/job_record.hpp"
#include "store/test_packs.hpp"
#include "support/scratch_directory.hpp"

using namespace clusterless;
using namespace clusterless::store;
using namespace clusterless::store::tests;
using clusterless::tests::scratch_directory;
using clusterless::tests::small_file_system;

namespace {

/// A child process that reports numbers through a pipe; killed at the latest at the end.
class child_process {
 public:
  using reporter = std::function<void(std::uint64_t)>;
  explicit child_process(const std::function<void(const reporter&)>& body) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[0]);
      try {
        body([&](std::uint64_t n) {
          if (::write(ends[1], &n, sizeof n) != static_cast<ssize_t>(sizeof n)) ::_exit(2);
        });
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    reports_ = ends[0];
  }
  ~child_process() {
    kill();
    ::close(reports_);
  }
  /// The next number; false when the child has ended.
  bool next(std::uint64_t& n) {
    return ::read(reports_, &n, sizeof n) == static_cast<ssize_t>(sizeof n);
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  int reports_ = -1;
};

/// Lets a moment pass that is never the same: how long a child lives before it is killed.
void spend(std::uint64_t steps) {
  for (std::atomic<std::uint64_t> i = 0; i < steps; ++i) {
  }
}

/// Item i's outcome: short for most, long enough to be written past the gathering for some.
buffer outcome_pack(std::uint64_t first, std::uint64_t count) {
  buffer pack;
  for (std::uint64_t i = first; i < first + count; ++i)
    add_entry(pack, std::to_string(i) + std::string(i % 50 == 0 ? 300000 : i % 7, 'x'));
  return pack;
}

void check_items(job_record& job, std::uint64_t until) {
  REQUIRE(job.counts().done >= until);
  for (std::uint64_t i = 0; i < job.counts().done; ++i) {
    const std::string text = text_of(job.read_outcome(i));
    REQUIRE(text == std::to_string(i) + std::string(i % 50 == 0 ? 300000 : i % 7, 'x'));
  }
}

}  // namespace

TEST_CASE("a driver killed at any instant loses nothing it committed, and the next goes on") {
  const scratch_directory place;
  const std::shared_ptr<object_store> in = open_directory_store(place.path());
  job_record::create(in, small_manifest("x"), {});
  std::mt19937 random(5);
  std::uint64_t committed = 0;

  for (int round = 0; round < 40; ++round) {
    child_process driver([&](const child_process::reporter& report) {
      const auto job = job_record::open(in, "x");
      if (!job->drive()) throw error(error_kind::busy, "held");
      for (std::uint64_t item = job->counts().done;;) {
        const std::uint64_t count = 1 + item % 5;
        job->append_outcomes(item, count, 1, 1, bytes_of(outcome_pack(item, count)));
        job->append_output({1, 1, item, 1, 1, "n", "line\n"});
        job->commit(round % 2 == 0);
        job->flush();
        item += count;
        report(item);
      }
    });
    std::uint64_t reported = 0;
    for (auto wanted = random() % 6; wanted > 0 && driver.next(reported); --wanted) {
    }
    spend(random() % 300000);
    driver.kill();
    while (driver.next(reported)) {
    }
    committed = std::max(committed, reported);
    const auto job = job_record::open(in, "x");
    check_items(*job, committed);
    REQUIRE(job->counts().duplicates == 0);
    committed = job->counts().done;
  }
  CHECK(committed > 0);
}

TEST_CASE("a creator killed at any instant leaves no job or a whole one") {
  const scratch_directory place;
  const std::shared_ptr<object_store> in = open_directory_store(place.path());
  std::mt19937 random(6);
  int whole = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string run = "run-" + std::to_string(round);
    child_process creator([&](const child_process::reporter& report) {
      report(0);
      job_record::create(in, small_manifest("x", run), bytes_of(std::string("bound")));
      report(1);
    });
    std::uint64_t reported = 0;
    REQUIRE(creator.next(reported));
    if (round % 4 == 0) {
      creator.next(reported);
    } else {
      spend(random() % 1500000);
    }
    creator.kill();
    while (creator.next(reported)) {
    }

    if (list_jobs(*in).empty()) {
      REQUIRE(reported == 0);
      continue;
    }
    ++whole;
    const auto job = job_record::open(in, "x");
    REQUIRE(job->about().run == run);
    REQUIRE(job->bound().size() == 5);
    REQUIRE(job->drive());
    job->release();
    REQUIRE(destroy_job(*in, "x").empty());
  }
  CHECK(whole >= 10);
}

TEST_CASE("a removal killed at any instant leaves the job whole or gone, and can be repeated") {
  const scratch_directory place;
  const std::shared_ptr<object_store> in = open_directory_store(place.path());
  std::mt19937 random(7);
  for (int round = 0; round < 25; ++round) {
    {
      const auto job = job_record::create(in, small_manifest("x", "run-" + std::to_string(round)),
                                          bytes_of(std::string("bound")));
      job->append_outcomes(0, 3, 1, 1, bytes_of(outcome_pack(0, 3)));
      job->commit(false);
    }
    child_process remover([&](const child_process::reporter& report) {
      report(0);
      destroy_job(*in, "x");
    });
    std::uint64_t reported = 0;
    REQUIRE(remover.next(reported));
    spend(random() % 300000);
    remover.kill();

    if (!list_jobs(*in).empty()) {
      const auto job = job_record::open(in, "x");
      check_items(*job, 3);
    }
    if (!in->list("jobs/x").empty()) REQUIRE(destroy_job(*in, "x").empty());
    REQUIRE(in->list("jobs").empty());
  }
}

TEST_CASE("of two clients one drives, the other follows and takes over when the first is killed") {
  const scratch_directory place;
  const std::shared_ptr<object_store> in = open_directory_store(place.path());
  {
    const auto job = job_record::create(in, small_manifest("x"), {});
    job->seal(60);
    job->commit();
  }
  child_process first([&](const child_process::reporter& report) {
    const auto job = job_record::open(in, "x");
    if (!job->drive()) throw error(error_kind::busy, "held");
    for (std::uint64_t item = 0; item < 30; ++item) {
      job->append_outcomes(item, 1, 1, 1, bytes_of(outcome_pack(item, 1)));
      job->commit();
      report(item + 1);
    }
    for (;;)
      ::pause();
  });
  std::uint64_t reported = 0;
  REQUIRE(first.next(reported));
  const auto second = job_record::open(in, "x");
  REQUIRE(!second->drive());
  CHECK(second->driver().has_value());
  while (second->counts().done < 30) {
    second->refresh();
    ::sched_yield();
  }
  REQUIRE(!second->drive());
  first.kill();
  REQUIRE(second->drive());
  CHECK(second->missing() == std::vector<item_range>{{30, 30}});
  second->append_outcomes(30, 30, 1, 1, bytes_of(outcome_pack(30, 30)));
  second->commit();
  CHECK(second->complete());
  CHECK(second->counts().duplicates == 0);
  check_items(*second, 60);
}

TEST_CASE("of processes that create the same job at once one succeeds") {
  const scratch_directory place;
  const std::shared_ptr<object_store> in = open_directory_store(place.path());
  for (int round = 0; round < 10; ++round) {
    const std::string name = "job-" + std::to_string(round);
    const auto creator = [&](const std::string& run) {
      return [&in, name, run](const child_process::reporter& report) {
        std::uint64_t made = 0;
        try {
          job_record::create(in, small_manifest(name, run), {});
          made = 1;
        } catch (const error& e) {
          made = e.kind() == error_kind::busy ? 0 : 100;
        }
        report(made);
      };
    };
    child_process a(creator("run-a"));
    child_process b(creator("run-b"));
    std::uint64_t made_a = 9, made_b = 9;
    REQUIRE(a.next(made_a));
    REQUIRE(b.next(made_b));
    REQUIRE(made_a + made_b == 1);
    REQUIRE(job_record::open(in, name)->about().run == (made_a == 1 ? "run-a" : "run-b"));
  }
}

TEST_CASE("a job on a full disk keeps what was committed and goes on when there is room") {
  small_file_system disk("1m");
  if (!disk.mounted()) {
    MESSAGE("skipped: " << disk.why_not());
    return;
  }
  const std::shared_ptr<object_store> in = open_directory_store(disk.path());
  in->put("ballast", bytes_of(std::string(600000, 'b')));
  auto job = job_record::create(in, small_manifest("x"), {});
  std::uint64_t item = 1;
  std::string told;
  const auto fill = [&] {
    for (; item < 49; ++item) {
      job->append_outcomes(item, 1, 1, 1, bytes_of(pack_of(std::string(20000, 'y'), item, 1)));
      job->commit();
    }
  };
  CHECK_THROWS_WITH_AS(fill(), doctest::Contains("nothing that was committed is lost"), error);
  CHECK(item > 5);
  CHECK(job->counts().done == item - 1);
  CHECK(job_record::open(in, "x")->counts().done == item - 1);
  CHECK(job_record::open(in, "x")->remarks().empty());

  in->remove("ballast");
  job->commit();
  CHECK(job->counts().done == item);
  ++item;
  fill();
  job.reset();
  const auto after = job_record::open(in, "x");
  CHECK(after->counts().done == 48);
  CHECK(text_of(after->read_outcome(48)) == std::string(20000, 'y') + " 48");
  in->put("ballast", {});
  try {
    in->put("ballast", bytes_of(std::string(1u << 20, 'b')));
  } catch (const error&) {
  }
  CHECK(destroy_job(*in, "x").empty());
}
