// SPDX-License-Identifier: MIT
#include "engine/azure/node_pool.hpp"

#include <algorithm>
#include <memory>
#include <optional>
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

std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string spot_text(const pool_size& of) {
  return of.spot == 0 ? std::string() : ", " + std::to_string(of.spot) + " of them spot";
}

}  // namespace

node_pool::node_pool(cloud& in, node_pool_plan plan, node_pool_events to)
    : in_(in), plan_(std::move(plan)), to_(std::move(to)) {
  if (plan_.script.empty()) return;
  const auto hash = core::hash_content(plan_.script.data(), plan_.script.size());
  script_blob_ = "scripts/" + core::to_hex(hash);
  // The hash is in the command so that a pool with another script is told from this one.
  plan_.shape.start_command =
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
    choose_image_for([this, ready](const image_choice& chosen) {
      if (remove_then_) return choose(ready);
      if (!chosen.note.empty()) to_.note("Note: " + chosen.note + ".");
      create(chosen.image, ready);
    });
  });
}

void node_pool::choose_image_for(std::function<void(const image_choice&)> then) {
  batch::all_pages<batch::image_support>(
      [this](const auto& which, auto next) { in_.batch().list_images(which, next); }, {},
      [this, then = std::move(then)](result<std::vector<batch::image_support>> all) {
        if (!all) return break_down(all.error().text());
        std::optional<image_choice> chosen;
        try {
          chosen = choose_image(all.value(), plan_.image, on().clock().unix_seconds() * 1000);
        } catch (const error& caught) {
          return break_down("pool " + plan_.id + " cannot be made: " + caught.what());
        }
        then(*chosen);
      });
}

void node_pool::create(const batch::image_support& image, const std::function<void()>& ready) {
  batch::pool_spec spec;
  spec.id = plan_.id;
  spec.display_name = "made by clusterless";
  spec.vm_size = plan_.shape.vm_size;
  spec.image = plan_.shape.image.image_id.empty() ? image.image : plan_.shape.image;
  spec.node_agent = image.node_agent;
  spec.inter_node = plan_.shape.inter_node;
  spec.slots_per_node = plan_.shape.tasks_per_node;
  spec.simplified_network = true;
  spec.formula = formula_now();
  spec.formula_interval_s = plan_.formula_interval_s;
  spec.metadata = {{"made-by", "clusterless"}};
  if (plan_.shape.containers) {
    spec.containers = true;
    spec.container_images = {plan_.container_image};
    if (!plan_.shape.registry.user.empty()) spec.registries = {plan_.shape.registry};
  }
  if (!plan_.script.empty()) {
    batch::start_task start;
    start.command_line = plan_.shape.start_command;
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
             " in " + in_.place() + " with " + nodes_text(plan_.nodes.all()) +
             spot_text(plan_.nodes) + ".");
    ready();
  });
}

void node_pool::take_up(const std::function<void()>& ready) {
  in_.batch().get_pool(plan_.id, [this, ready](result<std::optional<batch::pool_info>> there) {
    if (!there) return break_down(there.error().text());
    if (!there->has_value()) return choose(ready);
    const auto found = std::make_shared<const batch::pool_info>(std::move(there->value()));
    if (is_wished(found->image, plan_.shape.image)) return compare(*found, ready);
    if (!plan_.shape.image.image_id.empty()) return compare(*found, ready);
    // What is wished for may have been replaced, then as now.
    choose_image_for([this, found, ready](const image_choice& chosen) {
      plan_.shape.image = chosen.image.image;
      compare(*found, ready);
    });
  });
}

void node_pool::compare(const batch::pool_info& found, const std::function<void()>& ready) {
  const std::string differs = differences(found, plan_.shape);
  if (!differs.empty())
    return break_down("there is a pool " + plan_.id + " already, and it differs: " + differs +
                      "; choose another _POOL_ID, or delete that pool first (az batch pool "
                      "delete --pool-id " +
                      plan_.id + ")");
  to_.note("Took up pool " + std::to_string(plan_.number) + " of " + std::to_string(plan_.of) +
           " in " + in_.place() + " (" + plan_.id + ") with " + nodes_text(plan_.nodes.all()) +
           spot_text(plan_.nodes) + ".");
  if (!plan_.formula.empty()) {
    const bool same = found.formula == plan_.formula &&
                      found.formula_interval == iso_duration(plan_.formula_interval_s);
    if (!same) {
      to_.note("Pool " + plan_.id + " gets the scaling formula of this program.");
      scale();
    }
    return ready();
  }
  const std::int64_t kept_s = fresh_until(found.formula, plan_.nodes) - on().clock().unix_seconds();
  if (kept_s < fresh_seconds / 2 || found.dedicated_target < plan_.nodes.dedicated ||
      found.spot_target < plan_.nodes.spot)
    scale();
  ready();
}

std::string node_pool::formula_now() {
  if (!plan_.formula.empty()) return plan_.formula;
  return idle_formula(plan_.nodes, on().clock().unix_seconds() + fresh_seconds);
}

// --- size --------------------------------------------------------------------------------------

void node_pool::resize(const pool_size& nodes) {
  plan_.nodes = nodes;
  scale();
}

// The service takes a formula only while the pool is steady, and not twice in 30 s: later, then.
void node_pool::scale() {
  if (std::exchange(scaling_, true)) {
    scale_again_ = true;
    return;
  }
  in_.batch().enable_autoscale(
      plan_.id, formula_now(), plan_.formula_interval_s, [this](const result<done>& got) {
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
    if (!gone) to_.left("pool " + plan_.id + ": " + gone.error().text());
    then();
  });
}

}  // namespace clusterless::engine
