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
#include "engine/azure/pool_check.hpp"
#include "engine/azure/pool_formula.hpp"

namespace clusterless::engine {

struct node_pool_plan {
  std::string id = {};
  int number = 1;  ///< of the program's pools, from 1
  int of = 1;
  pool_size nodes = {};
  std::string formula = {};    ///< the user's, in place of the ready-made one
  int formula_interval_s = 0;  ///< of it
  pool_wish shape = {};        ///< without start_command, which follows from `script`
  image_wish image = {};       ///< of the service; with an image of one's own, its node agent
  std::string container_image = {};
  std::string script = {};          ///< contents of the start-up script; empty: none
  std::string blob_container = {};  ///< where the script goes
};

/// Called on the engine's service thread, as everything here.
struct node_pool_events {
  std::function<void(const std::string&)> note;
  std::function<void(const std::string&)> broken;  ///< no task will ever run there, and why
  std::function<void(const std::string&)> left;    ///< what could not be removed, and why
};

class node_pool {
 public:
  node_pool(cloud& in, node_pool_plan plan, node_pool_events to);

  /// Makes or takes up the pool; `ready` is called when jobs may be added to it.
  void open(std::function<void()> ready);
  void resize(const pool_size& nodes);
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
  void choose_image_for(std::function<void(const image_choice&)> then);
  bool opened();
  void create(const azure::batch::image_support& image, const std::function<void()>& ready);
  void take_up(const std::function<void()>& ready);
  void compare(const azure::batch::pool_info& found, const std::function<void()>& ready);
  void scale();
  std::string formula_now();
  void tell_allocation_of(const azure::batch::pool_info& pool);
  void list_nodes(azure::then<std::vector<azure::batch::node_info>> then);
  void tell_trouble_of(const std::vector<azure::batch::node_info>& nodes, int wanted);
  void tell_useless(const azure::batch::node_info& node);
  void tell_start_output(const azure::batch::node_info& node, const std::string& what);
  void break_down(const std::string& why);
  azure::loop& on() { return in_.batch().on(); }

  cloud& in_;
  node_pool_plan plan_;
  node_pool_events to_;
  std::string script_blob_;
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
