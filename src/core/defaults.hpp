// SPDX-License-Identifier: MIT
// Every default and limit of the project, each with its unit and where the number comes from. Rooms
// read these names and hold no number of their own; which default applies when is for them to say.
// "Model" is AzureClusterlessHPC.jl, whose parameters.json this project loads unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace clusterless::defaults {

// parameters.json: value of a key that the file does not set.
inline constexpr std::string_view pool_id = "BatchPool";        // id base; model
inline constexpr int pools = 1;                                 // pools; model
inline constexpr int nodes_per_pool = 1;                        // nodes; model
inline constexpr std::string_view vm_size = "Standard_E2s_v3";  // Azure VM size; model
inline constexpr std::string_view job_id = "BatchJob";          // id base; model
inline constexpr std::string_view os_publisher = "Canonical";   // Azure image; model
inline constexpr std::string_view os_offer = "UbuntuServer";    // Azure image; model
inline constexpr std::string_view os_sku = "18.04";             // image prefix; model
inline constexpr std::string_view blob_container = "azureclusterlesshpctemp";  // name; model
inline constexpr int user_retries = 0;    // attempts after the first; model
inline constexpr int nodes_per_task = 1;  // nodes; model
inline constexpr int procs_per_node = 1;  // workers; model
inline constexpr int omp_threads = 1;     // threads; model
inline constexpr bool mpi = false;        // model
inline constexpr bool verbose = true;     // model

// credentials.json: audience of Batch tokens. Source: Batch REST, "Authenticate with Azure AD".
inline constexpr std::string_view batch_resource = "https://batch.core.windows.net/";

// Configuration limits.
inline constexpr std::size_t max_config_bytes = std::size_t{1}
                                                << 20;  // bytes; ours, a file of keys
inline constexpr std::size_t max_startup_script_bytes = std::size_t{1} << 20;  // bytes; ours
inline constexpr int max_count = 10'000;             // of any count in the configuration; ours
inline constexpr int max_workers_per_pool = 10'000;  // nodes x procs_per_node; ours
inline constexpr int max_user_retries = 1'000;       // attempts after the first; ours
inline constexpr int max_tasks_per_node = 256;       // Batch REST, "Pool - Add", taskSlotsPerNode
inline constexpr std::size_t max_formula_bytes = 8192;   // Batch REST, "Pool - Enable Auto Scale"
inline constexpr int min_formula_minutes = 5;            // the same, autoScaleEvaluationInterval
inline constexpr int max_formula_minutes = 7 * 24 * 60;  // the same
inline constexpr std::size_t max_id_length = 64;         // characters; Batch REST, "Pool - Add", id
inline constexpr std::size_t min_container_length = 3;   // characters; Blob, "Naming containers"
inline constexpr std::size_t max_container_length = 63;  // characters; Blob, "Naming containers"

// Maps.
inline constexpr int lost_retries = 20;  // attempts lost with their node or worker; ours
inline constexpr std::size_t max_item_bytes = std::size_t{4}
                                              << 30;        // of an argument or result; ours
inline constexpr std::size_t max_items_per_task = 1 << 16;  // items packed together; ours
inline constexpr std::size_t max_pack_bytes = std::size_t{1}
                                              << 20;  // of a pack of several items; ours
inline constexpr std::int64_t pack_ns = 2'000'000;    // aimed-at run time of a pack; measured
inline constexpr std::int64_t prefetch_below_ns =
    4'000'000;  // packs this short are queued ahead; ours
inline constexpr std::size_t kept_results = std::size_t{64} << 20;  // bytes, unconsumed; ours
inline constexpr std::size_t output_tail = std::size_t{64}
                                           << 10;  // bytes of output kept a task; ours
inline constexpr std::size_t kept_output = std::size_t{64}
                                           << 20;    // bytes of output kept a job; ours
inline constexpr std::int64_t queue_ns = 5'000'000;  // a pack waits behind a silent one; ours
inline constexpr int error_tail_lines = 20;          // last lines of output in an error; ours

// Progress on standard error.
inline constexpr std::int64_t first_bar_ns = 500'000'000;  // before a job gets a bar; ours
inline constexpr std::int64_t bar_ns = 200'000'000;        // between two drawings; ours
inline constexpr std::int64_t progress_line_ns =
    10'000'000'000;  // between lines, no terminal; ours

// Ending.
inline constexpr std::int64_t stop_grace_ns =
    300'000'000;  // from asking items to stop to killing those that never look; ours
inline constexpr std::int64_t stop_patience_ns =
    5'000'000'000;  // the same for those that look; ours

// Hosts of one task.
inline constexpr std::int64_t agent_patience_ns =
    900'000'000'000;  // for nodes to find each other: they become ready minutes apart; ours
inline constexpr std::int64_t folder_look_ns =
    2'000'000'000;  // between looks of an agent whether its task's folder is there; ours

// Processes of one machine.
inline constexpr std::size_t ring_bytes = std::size_t{256}
                                          << 10;  // messages in flight each way; ours
inline constexpr std::size_t inline_bytes = std::size_t{64}
                                            << 10;  // larger payloads travel as segments
inline constexpr std::int64_t spin_ns =
    60'000;  // wait awake before sleeping; perf.md: a wake-up costs as much
inline constexpr std::int64_t long_spin_ns =
    250'000;  // the same where answers come just after it: waking both sides for each; measured
inline constexpr std::int64_t away_ns =
    1'000'000;  // answers wait for one who was awake a moment ago; ours
inline constexpr std::int64_t look_ns =
    100'000'000;  // between looks at time limits while answers wait for somebody; ours
inline constexpr std::size_t recycled_share = 8;  // unused shared memory kept: 1/8 of the machine's
inline constexpr std::size_t recycled_at_least = std::size_t{256} << 20;  // bytes; ours

}  // namespace clusterless::defaults
