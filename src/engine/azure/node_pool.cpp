// SPDX-License-Identifier: MIT
#include "engine/azure/node_pool.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "azure/text.hpp"
#include "core/checksum.hpp"
#include "core/defaults.hpp"
#include "engine/pool_shape.hpp"

namespace clusterless::engine {

using namespace azure;

namespace {

constexpr std::int64_t script_seconds = 180ll * 24 * 3600;  // nodes come and go while the pool is
constexpr std::int64_t fresh_seconds = 15 * 60;
constexpr const char* script_name = "clusterless-startup";

constexpr const char* formula_middle = "\");\n";
std::string formula_start(int nodes) {
  return "nodes = " + std::to_string(nodes) + ";\nfresh = time() < time(\"";
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

std::string idle_formula(int nodes, std::int64_t fresh_until_s) {
  // The samples tell nothing of tasks that are on their way.
  return formula_start(nodes) + iso_time(fresh_until_s) + formula_middle +
         "seen = $PendingTasks.GetSamplePercent(15 * TimeInterval_Minute);\n"
         "busy = seen < 50 ? 1 : max($PendingTasks.GetSample(15 * TimeInterval_Minute));\n"
         "$TargetDedicatedNodes = fresh || busy > 0 ? nodes : 0;\n"
         "$NodeDeallocationOption = taskcompletion;";
}

std::int64_t fresh_until(const std::string& formula, int nodes) {
  const std::string start = formula_start(nodes);
  const std::size_t end = formula.find(formula_middle);
  if (!formula.starts_with(start) || end == std::string::npos || end < start.size()) return 0;
  return parse_iso_time(formula.substr(start.size(), end - start.size())).value_or(0) / 1000;
}

node_pool::node_pool(cloud& in, node_pool_plan plan, node_pool_events to)
    : in_(in), plan_(std::move(plan)), to_(std::move(to)) {
  if (plan_.script.empty()) return;
  const auto hash = core::hash_content(plan_.script.data(), plan_.script.size());
  script_blob_ = "scripts/" + core::to_hex(hash);
  // The hash is in the command so that a pool with another script is told from this one.
  start_command_ =
      "/bin/sh -c \"exec /bin/sh ./" + std::string(script_name) + " # " + core::to_hex(hash) + "\"";
}

void node_pool::break_down(const std::string& why) {
  opened();
  if (std::exchange(broken_, true)) return;
  to_.broken(why);
}

// --- making and taking up ----------------------------------------------------------------------

void node_pool::open(std::function<void()> ready) {
  opening_ = true;
  const auto opened_and_ready = [this, ready = std::move(ready)] {
    usable_ = true;
    if (opened()) ready();
  };
  upload_script([this, opened_and_ready] { choose(opened_and_ready); });
}

// Nothing of open() is under way any more. Whether the pool is to stay.
bool node_pool::opened() {
  opening_ = false;
  if (!remove_then_) return true;
  remove(std::exchange(remove_then_, nullptr));
  return false;
}

void node_pool::upload_script(const std::function<void()>& then) {
  if (plan_.script.empty()) return then();
  in_.blobs().create_container(plan_.blob_container, [this, then](const result<bool>& made) {
    if (!made) return break_down(made.error().text());
    in_.blobs().put(plan_.blob_container, script_blob_, bytes_of(plan_.script), {},
                    [this, then](const result<blob_facts>& put) {
                      if (!put) return break_down(put.error().text());
                      then();
                    });
  });
}

void node_pool::choose(const std::function<void()>& ready) {
  if (remove_then_) {
    opened();
    return;
  }
  in_.batch().get_pool(plan_.id, [this, ready](result<std::optional<batch::pool_info>> there) {
    if (!there) return break_down(there.error().text());
    if (there->has_value() && there->value().state != batch::pool_state::deleting)
      return take_up(ready);
    if (there->has_value()) {
      // The name is free when the last node is gone.
      on().later(1000, [this, ready] { choose(ready); });
      return;
    }
    batch::all_pages<batch::image_support>(
        [this](const auto& which, auto then) { in_.batch().list_images(which, then); }, {},
        [this, ready](result<std::vector<batch::image_support>> all) {
          if (!all) return break_down(all.error().text());
          if (remove_then_) return choose(ready);
          try {
            const image_choice chosen =
                choose_image(all.value(), plan_.image, on().clock().unix_seconds() * 1000);
            if (!chosen.note.empty()) to_.note("Note: " + chosen.note + ".");
            create(chosen.image, ready);
          } catch (const error& caught) {
            break_down("pool " + plan_.id + " cannot be made: " + caught.what());
          }
        });
  });
}

void node_pool::create(const batch::image_support& image, const std::function<void()>& ready) {
  batch::pool_spec spec;
  spec.id = plan_.id;
  spec.display_name = "made by clusterless";
  spec.vm_size = plan_.vm_size;
  spec.image = image.image;
  spec.node_agent = image.node_agent;
  spec.inter_node = plan_.inter_node;
  spec.slots_per_node = 1;
  spec.formula = own_formula();
  spec.formula_interval_s = 300;
  spec.metadata = {{"made-by", "clusterless"}};
  if (!plan_.container_image.empty()) {
    spec.containers = true;
    spec.container_images = {plan_.container_image};
  }
  if (!plan_.script.empty()) {
    batch::start_task start;
    start.command_line = start_command_;
    batch::resource_file script;
    script.http_url = in_.open_url(plan_.blob_container, script_blob_, "r", script_seconds);
    script.file_path = script_name;
    script.file_mode = "0755";
    start.resource_files = {script};
    spec.start = start;
  }
  in_.batch().add_pool(spec, [this, ready](result<bool> made) {
    if (!made && made.error().is("PoolBeingDeleted")) {
      on().later(1000, [this, ready] { choose(ready); });
      return;
    }
    if (!made) return break_down(made.error().text());
    if (!made.value()) return take_up(ready);
    to_.note("Created pool " + std::to_string(plan_.number) + " of " + std::to_string(plan_.of) +
             " in " + in_.place() + " with " + nodes_text(plan_.nodes) + ".");
    ready();
  });
}

void node_pool::take_up(const std::function<void()>& ready) {
  in_.batch().get_pool(plan_.id, [this, ready](result<std::optional<batch::pool_info>> there) {
    if (!there) return break_down(there.error().text());
    if (!there->has_value()) return choose(ready);
    const batch::pool_info& found = there->value();
    std::string differs;
    const auto compare = [&differs](const char* what, const std::string& is,
                                    const std::string& wanted) {
      if (is == wanted) return;
      if (!differs.empty()) differs += "; ";
      differs += std::string(what) + " is " + (is.empty() ? "none" : is) + ", wanted " +
                 (wanted.empty() ? "none" : wanted);
    };
    // The service writes sizes in lower case.
    compare("VM size", lower_case(found.vm_size), lower_case(plan_.vm_size));
    compare("inter-node communication", found.inter_node ? "on" : "off",
            found.inter_node || plan_.inter_node ? "on" : "off");
    compare("the start task", found.start_command, start_command_);
    if (!differs.empty())
      return break_down("there is a pool " + plan_.id + " already, and it differs: " + differs +
                        "; choose another _POOL_ID, or delete that pool first (az batch pool "
                        "delete --pool-id " +
                        plan_.id + ")");
    to_.note("Took up pool " + std::to_string(plan_.number) + " of " + std::to_string(plan_.of) +
             " in " + in_.place() + " (" + plan_.id + ") with " + nodes_text(plan_.nodes) + ".");
    const std::int64_t kept_s =
        fresh_until(found.formula, plan_.nodes) - on().clock().unix_seconds();
    if (kept_s < fresh_seconds / 2 || found.dedicated_target < plan_.nodes) scale();
    ready();
  });
}

std::string node_pool::own_formula() {
  return idle_formula(plan_.nodes, on().clock().unix_seconds() + fresh_seconds);
}

// --- size --------------------------------------------------------------------------------------

void node_pool::resize(int nodes) {
  plan_.nodes = nodes;
  scale();
}

// The service takes a formula only while the pool is steady, and not twice in 30 s: later, then.
void node_pool::scale() {
  if (std::exchange(scaling_, true)) {
    scale_again_ = true;
    return;
  }
  in_.batch().enable_autoscale(plan_.id, own_formula(), 300, [this](const result<done>& got) {
    scaling_ = false;
    const bool early = !got && (got.error().is("TooManyEnableAutoScaleRequests") ||
                                got.error().is("PoolBeingResized"));
    if (!got && !early) return break_down(got.error().text());
    if (early)
      on().later(got.error().is("PoolBeingResized") ? 200 : 5000, [this] { scale(); });
    else if (std::exchange(scale_again_, false))
      scale();
  });
}

void node_pool::list_nodes(azure::then<std::vector<batch::node_info>> then) {
  batch::all_pages<batch::node_info>(
      [this](const auto& which, auto next) { in_.batch().list_nodes(plan_.id, which, next); }, {},
      std::move(then));
}

void node_pool::lose_node(int number) {
  list_nodes([this, number](result<std::vector<batch::node_info>> all) {
    if (!all) return to_.note(all.error().text());
    auto& nodes = all.value();
    std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    if (static_cast<std::size_t>(number) > nodes.size()) return;
    const std::string lost = nodes[static_cast<std::size_t>(number) - 1].id;
    in_.batch().reboot_node(plan_.id, lost, [this, lost](const result<done>& did) {
      to_.note(did ? "Lost node " + lost + "." : did.error().text());
    });
  });
}

void node_pool::remove(std::function<void()> then) {
  // One that is deleted before the service has made it would be there afterwards.
  if (opening_) {
    remove_then_ = std::move(then);
    return;
  }
  // What was neither made nor taken up is somebody else's.
  if (!usable_) return then();
  in_.batch().delete_pool(plan_.id, [this, then](const result<bool>& gone) {
    if (!gone) to_.note("Pool " + plan_.id + " is left: " + gone.error().text());
    then();
  });
}

// --- what is wrong -----------------------------------------------------------------------------

void node_pool::look() {
  if (broken_ || std::exchange(looking_, true)) return;
  in_.batch().get_pool(plan_.id, [this](result<std::optional<batch::pool_info>> there) {
    looking_ = false;
    if (!there) return;  // asked again by and by
    if (!there->has_value())
      return break_down("pool " + plan_.id + " was deleted by somebody else; run again to make it");
    const batch::pool_info& pool = there->value();
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
    looking_ = true;
    list_nodes([this](result<std::vector<batch::node_info>> all) {
      looking_ = false;
      if (all) tell_trouble_of(all.value());
    });
  });
}

void node_pool::tell_trouble_of(const std::vector<batch::node_info>& nodes) {
  int ready = 0;
  std::size_t useless = 0;
  const batch::node_info* failed = nullptr;
  for (const auto& each : nodes) {
    ready += each.state == batch::node_state::idle || each.state == batch::node_state::running;
    if (each.state != batch::node_state::start_task_failed &&
        each.state != batch::node_state::unusable)
      continue;
    ++useless;
    failed = &each;
  }
  if (failed != nullptr && useless == nodes.size()) {
    std::string what;
    if (failed->state == batch::node_state::start_task_failed) {
      what = "the start-up script failed on node " + failed->id + " of pool " + plan_.id;
      if (failed->start_exit_code)
        what += " with exit code " + std::to_string(*failed->start_exit_code);
      if (failed->start_failure) what += ": " + failed->start_failure->what.message;
      return tell_start_output(*failed, what);
    }
    what = "node " + failed->id + " of pool " + plan_.id + " is unusable";
    for (const auto& each : failed->errors)
      what += ": " + each.message + " (" + each.code + ")";
    return break_down(what);
  }
  const std::string text = "Pool " + plan_.id + ": " + std::to_string(ready) + " of " +
                           nodes_text(plan_.nodes) + " ready.";
  if (ready < plan_.nodes && text != last_told_) to_.note(last_told_ = text);
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
