// SPDX-License-Identifier: MIT
// What is wrong with a pool whose tasks do not run.
#include <algorithm>
#include <map>
#include <memory>

#include "core/defaults.hpp"
#include "engine/azure/node_pool.hpp"
#include "engine/pool_shape.hpp"

namespace clusterless::engine {

using namespace azure;

void node_pool::look() {
  if (broken_ || std::exchange(looking_, true)) return;
  in_.batch().get_pool(plan_.id, [this](result<std::optional<batch::pool_info>> there) {
    looking_ = false;
    if (!there) return;  // asked again by and by
    if (!there->has_value())
      return break_down("pool " + plan_.id + " was deleted by somebody else; run again to make it");
    tell_allocation_of(there->value());
    if (broken_) return;
    looking_ = true;
    const int wanted = plan_.formula.empty()
                           ? plan_.nodes.all()
                           : there->value().dedicated_target + there->value().spot_target;
    list_nodes([this, wanted](result<std::vector<batch::node_info>> all) {
      looking_ = false;
      if (all) tell_trouble_of(all.value(), wanted);
    });
  });
}

void node_pool::tell_allocation_of(const batch::pool_info& pool) {
  if (!pool.resize_errors.empty()) {
    const auto& why = pool.resize_errors.front();
    std::string text =
        "pool " + plan_.id + " cannot get its nodes: " + why.message + " (" + why.code + ")";
    for (const auto& [name, value] : why.values)
      text += "; " + name + ": " + value;
    if (pool.dedicated_now + pool.spot_now == 0) return break_down(text);
    if (text != last_told_) to_.note(last_told_ = text);
  }
  if (pool.autoscale_error)
    return break_down("the scaling formula of pool " + plan_.id + " fails: " +
                      pool.autoscale_error->message + " (" + pool.autoscale_error->code + ")");
}

void node_pool::tell_trouble_of(const std::vector<batch::node_info>& nodes, int wanted) {
  int ready = 0;
  int preempted = 0;
  std::size_t useless = 0;
  const batch::node_info* failed = nullptr;
  for (const auto& each : nodes) {
    ready += each.state == batch::node_state::idle || each.state == batch::node_state::running;
    preempted += each.state == batch::node_state::preempted;
    if (each.state != batch::node_state::start_task_failed &&
        each.state != batch::node_state::unusable)
      continue;
    ++useless;
    failed = &each;
  }
  if (failed != nullptr && useless == nodes.size()) return tell_useless(*failed);
  std::string text =
      "Pool " + plan_.id + ": " + std::to_string(ready) + " of " + nodes_text(wanted) + " ready";
  if (preempted > 0) text += ", " + std::to_string(preempted) + " preempted";
  if (ready < wanted && text != last_told_) {
    last_told_ = text;
    to_.note(text + ".");
  }
}

void node_pool::tell_useless(const batch::node_info& node) {
  std::string what;
  if (node.state == batch::node_state::start_task_failed) {
    what = "the start-up script failed on node " + node.id + " of pool " + plan_.id;
    if (node.start_exit_code) what += " with exit code " + std::to_string(*node.start_exit_code);
    if (node.start_failure) what += ": " + node.start_failure->what.message;
    return tell_start_output(node, what);
  }
  what = "node " + node.id + " of pool " + plan_.id + " is unusable";
  for (const auto& each : node.errors)
    what += ": " + each.message + " (" + each.code + ")";
  break_down(what);
}

void node_pool::tell_start_output(const batch::node_info& node, const std::string& what) {
  const auto texts = std::make_shared<std::map<std::string, std::string>>();
  const auto left = std::make_shared<int>(2);
  for (const char* name : {"startup/stdout.txt", "startup/stderr.txt"})
    in_.batch().get_node_file(
        plan_.id, node.id, name, 0, defaults::output_tail,
        [this, texts, left, what, name](result<std::optional<batch::file_content>> got) {
          if (got && got->has_value()) (*texts)[name] = got->value().body;
          if (--*left != 0) return;
          std::string text = what + "; it printed:";
          for (const auto& [file, body] : *texts)
            if (!body.empty()) text += "\n" + body;
          break_down(text);
        });
}

}  // namespace clusterless::engine
