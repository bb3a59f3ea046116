// SPDX-License-Identifier: MIT
// The functions behind the public headers that make and find pools, and init().
#include <clusterless/detail/client.hpp>
#include <clusterless/init.hpp>
#include <clusterless/version.hpp>

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>

#include "client/engines.hpp"
#include "client/manifests.hpp"
#include "client/pool.hpp"
#include "client/roles.hpp"
#include "client/runtime.hpp"
#include "client/stores.hpp"
#include "os/start_again.hpp"
#include "session/link_file.hpp"
#include "session/node_agent.hpp"
#include "session/roles.hpp"
#include "session/worker.hpp"
#include "task/task_main.hpp"

namespace clusterless {

namespace client {

std::shared_ptr<pool> open_pool_from(const pool_options& options) {
  auto all = config::configure(options, config::read_environment(), built_in_engines());
  auto accounts = std::move(all.cloud.accounts);
  if (all.values.engine == "azure") accounts = accounts_or_environment(std::move(accounts));
  auto made = std::make_shared<pool>(
      std::move(all.values),
      std::make_shared<const std::vector<core::cloud_account>>(std::move(accounts)));
  made->open();
  return made;
}

namespace {

/// What users hold; the pool inside lives on while its jobs do.
class pool_handle final : public detail::pool_core {
 public:
  explicit pool_handle(std::shared_ptr<pool> inside) : inside_(std::move(inside)) {}
  // A range that drops its pool while it is read ends the program with what abandon() throws.
  ~pool_handle() override { inside_->abandon(); }  // NOLINT(bugprone-exception-escape)

  detail::job_ptr submit(detail::call what, detail::item_source* now,
                         std::unique_ptr<detail::item_source> later,
                         const map_options& options) override {
    return inside_->submit(std::move(what), now, std::move(later), options);
  }
  std::shared_ptr<const void> broadcast(detail::buffer bytes, detail::segment_list beside,
                                        const std::string& schema,
                                        std::uint64_t (&key)[2]) override {
    return inside_->broadcast(std::move(bytes), std::move(beside), schema, key);
  }
  int pools() const override { return inside_->pools(); }
  int nodes() const override { return inside_->nodes(); }
  void resize(int nodes, std::optional<int> spot_nodes) override {
    inside_->resize(nodes, spot_nodes);
  }
  void lose_node(int in_pool, int node) override { inside_->lose_node(in_pool, node); }
  void destroy() override { inside_->destroy(); }
  detail::job_ptr reopen(const std::string& name, const std::string& result_schema) override {
    return inside_->reopen(inside_->store_of(name), name, result_schema);
  }
  detail::job_ptr reopen_in(std::shared_ptr<store::object_store> in, const std::string& name,
                            const std::string& result_schema) {
    return inside_->reopen(std::move(in), name, result_schema);
  }

 private:
  std::shared_ptr<pool> inside_;
};

/// What the library opens must not become the standard output or error of the program.
void open_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) ::open("/dev/null", O_RDWR);
}

/// A worker variable without init() would make this program start itself for ever.
void require_init() {
  if (initialised()) return;
  if (std::getenv(session::worker_variable) != nullptr) {
    std::fprintf(stderr,
                 "clusterless: call clusterless::init(argc, argv) first in main: this process was "
                 "started as a worker and got to create_pool instead\n");
    std::_Exit(120);
  }
  throw error(error_kind::misuse,
              "call clusterless::init(argc, argv) first in main, before create_pool");
}

}  // namespace
}  // namespace client

void init(int& argc, char**& argv) {
  auto& arguments = session::program_arguments();
  if (client::initialised()) return;
  arguments.assign(argv, argv + argc);
  os::start_again(arguments);  // while the process is where it was started
  if (const char* socket = std::getenv(session::worker_variable)) {
    client::set_initialised();
    session::worker_main(std::atoi(socket));
  }
  client::open_standard_streams();
  client::set_initialised();
  if (const char* file = std::getenv(session::agent_variable)) std::exit(session::agent_main(file));
  if (const char* folder = std::getenv(task::task_variable)) std::exit(task::task_main(folder));
  client::play_role();
}

namespace detail {

std::shared_ptr<pool_core> open_pool(const pool_options& options) {
  client::require_init();
  return std::make_shared<client::pool_handle>(client::open_pool_from(options));
}

job_ptr reopen_job(const std::string& name, const std::string& result_schema) {
  client::require_init();
  const auto stores = client::stores_to_look_in();
  const auto in = client::store_of_job(stores, name).in;
  const auto record = store::job_record::open(in, name);
  // The pool is made for this job alone and stays as long as the job's handle.
  struct job_and_pool {
    std::unique_ptr<client::pool_handle> on;
    job_ptr made;
  };
  auto both = std::make_shared<job_and_pool>();
  both->on = std::make_unique<client::pool_handle>(
      client::open_pool_from(client::pool_of(record->about())));
  both->made = both->on->reopen_in(in, name, result_schema);
  return {both, both->made.get()};
}

}  // namespace detail
}  // namespace clusterless
