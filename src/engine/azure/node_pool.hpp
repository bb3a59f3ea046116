// SPDX-License-Identifier: MIT
// One pool of Azure Batch: made when it is not there, taken up when it is, resized, watched while
// its nodes come up. It scales itself to no nodes when nothing waits for them, by a formula that
// the service evaluates, so a pool that everybody has forgotten costs nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/azure/cloud.hpp"
#include "engine/azure/image_choice.hpp"

namespace clusterless::engine {

struct node_pool_plan {
  std::string id = {};
  int number = 1;  ///< of the program's pools, from 1
  int of = 1;
  int nodes = 1;
  std::string vm_size = {};
  image_wish image = {};
  std::string container_image = {};
  std::string script = {};          ///< contents of the start-up script; empty: none
  std::string blob_container = {};  ///< where the script goes
  bool inter_node = false;
};

/// The formula that keeps `nodes` nodes until `fresh_until_s` (Unix time) and while tasks wait or
/// run, and none a quarter of an hour after the last.
std::string idle_formula(int nodes, std::int64_t fresh_until_s);
/// Until when a formula of that form for as many nodes keeps them in any case; 0 for any other.
std::int64_t fresh_until(const std::string& formula, int nodes);

/// Called on the engine's service thread, as everything here.
struct node_pool_events {
  std::function<void(const std::string&)> note;
  std::function<void(const std::string&)> broken;  ///< no task will ever run there, and why
};

class node_pool {
 public:
  node_pool(cloud& in, node_pool_plan plan, node_pool_events to);

  /// Makes or takes up the pool; `ready` is called when jobs may be added to it.
  void open(std::function<void()> ready);
  void resize(int nodes);
  /// Reboots node `number` (from 1): what runs there is lost.
  void lose_node(int number);
  /// Looks why no task runs: how many nodes there are, and what is wrong with them.
  void look();
  /// Deletes the pool, if this program may; `then` is told when the service has accepted it.
  void remove(std::function<void()> then);

  const std::string& id() const { return plan_.id; }
  cloud& in() { return in_; }

 private:
  void upload_script(const std::function<void()>& then);
  void choose(const std::function<void()>& ready);
  bool opened();
  void create(const azure::batch::image_support& image, const std::function<void()>& ready);
  void take_up(const std::function<void()>& ready);
  void scale();
  std::string own_formula();
  void list_nodes(azure::then<std::vector<azure::batch::node_info>> then);
  void tell_trouble_of(const std::vector<azure::batch::node_info>& nodes);
  void tell_start_output(const azure::batch::node_info& node, const std::string& what);
  void break_down(const std::string& why);
  azure::loop& on() { return in_.batch().on(); }

  cloud& in_;
  node_pool_plan plan_;
  node_pool_events to_;
  std::string script_blob_;
  std::string start_command_;
  bool looking_ = false;
  bool scaling_ = false;
  bool scale_again_ = false;
  bool broken_ = false;
  bool opening_ = false;
  bool usable_ = false;                ///< made or taken up
  std::function<void()> remove_then_;  ///< the pool is to go as soon as it is opened
  std::string last_told_;
};

}  // namespace clusterless::engine
