// SPDX-License-Identifier: MIT
#include "session/remote_node.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <clusterless/error.hpp>

#include "os/program.hpp"
#include "support/scratch_directory.hpp"

using namespace clusterless;
using namespace clusterless::session;

namespace {

constexpr core::nanoseconds second = 1'000'000'000;

link_place place_for(const os::listener& at) {
  link_place place;
  place.address = "127.0.0.1";
  place.port = at.port;
  place.identity = "task";
  place.key = os::make_link_key();
  return place;
}

/// What an agent does, by hand.
struct agent_by_hand {
  os::listener at = os::listen_on("127.0.0.1", 0);
  link_place place = place_for(at);
  std::unique_ptr<os::tls_stream> stream = {};
  host_link link = {};
  bool open = false;

  void take(const os::link_key& key) {
    if (!stream && !open)
      if (auto got = os::accept_from(at))
        stream = std::make_unique<os::tls_stream>(std::move(got), os::tls_stream::end::accepts,
                                                  place.identity, key);
    if (!stream) return;
    const auto state = stream->advance();
    if (state == os::tls_stream::state::open) {
      link.attach(std::move(stream));
      open = true;
    } else if (state != os::tls_stream::state::handshaking) {
      stream.reset();
    }
  }
  void greet(std::uint8_t change = 0) {
    wire::link_greeting mine = own_greeting();
    mine.build_id[0] ^= change;
    link.send(wire::link::greeting, 0, mine);
    link.flush();
  }
};

struct seen final : member_events {
  std::vector<std::byte> data = {};
  std::vector<std::byte> beside = {};
  std::string text = {};
  int messages = 0;
  std::optional<last_moments> end = {};

  void received(member&, os::message& what) override {
    ++messages;
    data.assign(what.data, what.data + what.size);
    for (const auto& each : what.beside)
      beside.assign(each->data, each->data + each->capacity);
  }
  void printed(member&, std::string_view what) override { text += what; }
  void died(member&, const last_moments& how) override { end = how; }
};

/// A supervisor's end with one process, and the agent.
struct two_ends {
  host here = {};
  agent_by_hand agent = {};
  seen what = {};
  remote_node node{here, "far", agent.place, 10 * second};
  remote_member process{node, what, {.id = 2, .count = 2, .node = "far", .nodes = {"near", "far"}}};

  void go_on_until(const std::function<bool()>& done) {
    while (!done()) {
      agent.take(agent.place.key);
      agent.link.flush();
      node.tick();
    }
  }
  link_frame next_frame() {
    link_frame frame;
    go_on_until([&] { return agent.link.receive(frame); });
    return frame;
  }
  void meet() {
    go_on_until([&] { return agent.open; });
    agent.greet();
    CHECK(next_frame().kind == wire::link::greeting);
    go_on_until([&] { return node.reached(); });
  }
};

}  // namespace

TEST_CASE("what is sent before a node is reached arrives there, large payloads and segments too") {
  two_ends both;
  auto large = detail::allocate_segment(3'000'000);
  std::memset(large->data, 7, large->capacity);
  large->id = 99;
  both.process.start();
  both.process.send(wire::type::run, wire::call_key{5}, {large->data, 3'000'000, large}, {large});

  both.meet();

  const link_frame start = both.next_frame();
  CHECK(start.kind == wire::link::start);
  CHECK(start.member == 2);
  const link_frame run = both.next_frame();
  CHECK(run.type == wire::type::run);
  REQUIRE(run.size == 3'000'000);
  CHECK(run.data()[2'999'999] == std::byte{7});
  REQUIRE(run.beside.size() == 1);
  CHECK(run.beside.front()->id == 99);
  CHECK(run.beside.front()->data[1000] == std::byte{7});
}

TEST_CASE("messages, output and a death come back in their order") {
  two_ends both;
  both.meet();
  both.process.start();
  const std::string line = "a line\n";
  const std::vector<std::byte> answer(100'000, std::byte{3});
  auto& link = both.agent.link;

  link.send(wire::link::printed, 2, wire::type{}, nullptr, 0,
            {reinterpret_cast<const std::byte*>(line.data()), line.size(), {}}, {});
  const wire::outcomes head{1, 1, 1, 1, 0};
  link.send(wire::link::message, 2, wire::type::outcomes, &head, sizeof head,
            {answer.data(), answer.size(), {}}, {});
  link.send(wire::link::where, 2, wire::link_where{4, 6, 0});
  both.go_on_until([&] { return both.process.where().run == 4; });
  CHECK(both.what.text == line);
  CHECK(both.what.data == answer);
  const std::string words = std::string("SIGSEGV") + '\0' + "a fault" + '\0' + "#0 f" + '\0';
  const wire::link_died facts{static_cast<std::uint32_t>(cause::crashed), 1, 4, 5};
  link.send(wire::link::died, 2, facts,
            {reinterpret_cast<const std::byte*>(words.data()), words.size(), {}});
  both.go_on_until([&] { return both.what.end.has_value(); });

  CHECK(both.what.end->why.cause == cause::crashed);
  CHECK(both.what.end->why.type == "SIGSEGV");
  CHECK(both.what.end->why.message == "a fault");
  CHECK(both.what.end->trace == "#0 f");
  CHECK(both.what.end->item == 5);
  CHECK_FALSE(both.process.alive());
}

TEST_CASE("a connection that ends costs the processes there, blamed on the node") {
  two_ends both;
  both.meet();
  both.process.start();
  both.agent.link.send(wire::link::where, 2, wire::link_where{4, 6, 0});
  both.go_on_until([&] { return both.process.where().run == 4; });

  both.agent.link = {};
  while (!both.what.end)
    both.node.tick();

  CHECK(both.what.end->why.cause == cause::node_lost);
  CHECK(both.what.end->why.message.find("far") != std::string::npos);
  CHECK(both.what.end->run == 4);
  CHECK(both.what.end->item == 5);
  CHECK(both.process.lost());
  CHECK_THROWS_AS(both.process.start(), error);
}

TEST_CASE("an agent of another build, or one that talks nonsense, is not used") {
  two_ends both;
  both.go_on_until([&] { return both.agent.open; });
  SUBCASE("build") {
    both.agent.greet(1);
    both.go_on_until([&] { return both.node.lost(); });
    CHECK(both.node.why_lost().find("another build") != std::string::npos);
  }
  SUBCASE("nonsense") {
    both.agent.greet();
    both.go_on_until([&] { return both.node.reached(); });
    both.agent.link.send(static_cast<wire::link>(77), 2, wire::link_number{1});
    both.go_on_until([&] { return both.node.lost(); });
    CHECK(both.node.why_lost().find("makes no sense") != std::string::npos);
  }
  SUBCASE("a process that is not there") {
    both.agent.greet();
    both.go_on_until([&] { return both.node.reached(); });
    both.agent.link.send(wire::link::where, 55, wire::link_where{1, 1, 0});
    both.go_on_until([&] { return both.node.lost(); });
  }
  SUBCASE("a size that cannot be") {
    both.agent.greet();
    both.go_on_until([&] { return both.node.reached(); });
    wire::link_head head{};
    head.kind = static_cast<std::uint16_t>(wire::link::message);
    head.member = 2;
    head.data_size = std::uint64_t{1} << 40;
    const auto stream = both.agent.link.detach();
    REQUIRE(stream->write({reinterpret_cast<const std::byte*>(&head), sizeof head}) == sizeof head);
    both.go_on_until([&] { return both.node.lost(); });
  }
}

TEST_CASE("a caller with another key does not get in, and says why when its patience is over") {
  agent_by_hand agent;
  host here;
  link_place place = agent.place;
  place.key = os::make_link_key();
  remote_node node(here, "far", place, second / 2);

  while (!node.lost()) {
    agent.take(agent.place.key);
    node.tick();
  }

  CHECK_FALSE(agent.open);
  CHECK(node.why_lost().find("could not be reached") != std::string::npos);
}

TEST_CASE("a link file is for its owner, and what is wrong with it is said without the key") {
  const tests::scratch_directory folder;
  const std::string path = folder.path() + "/link";
  link_place place;
  place.address = "10.0.0.4";
  place.port = 4000;
  place.ports = 16;
  place.identity = "job-1-task-2";
  place.key = os::make_link_key();
  write_link_file(path, place);

  const link_place read = read_link_file(path);
  CHECK(read.address == place.address);
  CHECK(read.port == place.port);
  CHECK(read.ports == place.ports);
  CHECK(read.identity == place.identity);
  CHECK(read.key == place.key);
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);

  CHECK_THROWS_WITH_AS(read_link_file(folder.path() + "/none"), doctest::Contains("none"), error);
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK_THROWS_WITH_AS(read_link_file(path), doctest::Contains("chmod 600"), error);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  for (const char* wrong :
       {"", "clusterless-link 9\na\n1\n1\nb\n00\n", "clusterless-link 1\na\n99999\n1\nb\n00\n",
        "clusterless-link 1\na\n1\n1\nb\n00\n"}) {
    std::ofstream(path, std::ios::trunc) << wrong;
    CHECK_THROWS_AS(read_link_file(path), error);
  }
}
