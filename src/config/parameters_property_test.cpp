// SPDX-License-Identifier: MIT
#include <map>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "config/parameters.hpp"

namespace config = clusterless::config;

namespace {

rc::Gen<std::string> text_of(const std::string& letters, int least, int most) {
  return rc::gen::mapcat(rc::gen::inRange(least, most + 1), [letters](int length) {
    return rc::gen::container<std::string>(static_cast<std::size_t>(length),
                                           rc::gen::elementOf(letters));
  });
}

rc::Gen<std::string> number(int least, int most) {
  return rc::gen::map(rc::gen::inRange(least, most + 1), [](int n) { return std::to_string(n); });
}

// A right value for each key, as it comes back from the parser.
std::map<std::string, rc::Gen<std::string>> values() {
  const std::string id = "abcXYZ019-_";
  const std::string printable = " \t\nabc\"\\/{}:";
  std::map<std::string, rc::Gen<std::string>> out;
  for (const char* key : {"_POOL_ID", "_JOB_ID"})
    out.emplace(key, text_of(id, 1, 64));
  for (const char* key : {"_POOL_COUNT", "_NODE_COUNT_PER_POOL", "_NUM_NODES_PER_TASK",
                          "_NUM_PROCS_PER_NODE", "_OMP_NUM_THREADS"}) {
    out.emplace(key, number(1, 10'000));
  }
  out.emplace("_NUM_RETRYS", number(0, 1000));
  for (const char* key : {"_MPI_RUN", "_INTER_NODE_CONNECTION", "_VERBOSE"}) {
    out.emplace(key, number(0, 1));
  }
  for (const char* key :
       {"_POOL_VM_SIZE", "_NODE_OS_PUBLISHER", "_NODE_OS_OFFER", "_NODE_OS_SKU"}) {
    out.emplace(key, text_of("abcXYZ019-_./:\"\\#{}[],", 1, 100));
  }
  out.emplace("_CONTAINER", text_of("abc/:.0", 1, 80));
  out.emplace("_BLOB_CONTAINER", text_of("abc012", 3, 63));
  for (const char* key :
       {"_JULIA_DEPOT_PATH", "_JULIA_NUM_THREADS", "_PYTHONPATH", "_STANDARD_OUT_FILE_NAME"}) {
    out.emplace(key, text_of(printable, 0, 50));
  }
  return out;
}

std::string in_json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\u0009";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

template <class T>
void report(std::map<std::string, std::string>& to, const char* key, const config::given<T>& from) {
  if (!from) return;
  if constexpr (std::is_same_v<T, std::string>) {
    to[key] = *from;
  } else {
    to[key] = std::to_string(static_cast<int>(*from));
  }
}

std::map<std::string, std::string> read_back(const config::parameters& p) {
  std::map<std::string, std::string> out;
  report(out, "_POOL_ID", p.pool_id);
  report(out, "_POOL_COUNT", p.pool_count);
  report(out, "_NODE_COUNT_PER_POOL", p.node_count_per_pool);
  report(out, "_POOL_VM_SIZE", p.pool_vm_size);
  report(out, "_JOB_ID", p.job_id);
  report(out, "_NODE_OS_PUBLISHER", p.node_os_publisher);
  report(out, "_NODE_OS_OFFER", p.node_os_offer);
  report(out, "_NODE_OS_SKU", p.node_os_sku);
  report(out, "_BLOB_CONTAINER", p.blob_container);
  report(out, "_INTER_NODE_CONNECTION", p.inter_node_connection);
  report(out, "_NUM_RETRYS", p.num_retrys);
  report(out, "_MPI_RUN", p.mpi_run);
  report(out, "_CONTAINER", p.container);
  report(out, "_NUM_NODES_PER_TASK", p.num_nodes_per_task);
  report(out, "_NUM_PROCS_PER_NODE", p.num_procs_per_node);
  report(out, "_OMP_NUM_THREADS", p.omp_num_threads);
  report(out, "_VERBOSE", p.verbose);
  report(out, "_JULIA_DEPOT_PATH", p.julia_depot_path);
  report(out, "_JULIA_NUM_THREADS", p.julia_num_threads);
  report(out, "_PYTHONPATH", p.python_path);
  report(out, "_STANDARD_OUT_FILE_NAME", p.standard_out_file_name);
  return out;
}

}  // namespace

TEST_CASE("any right set of parameters comes back as it was written") {
  const bool held = rc::check([] {
    std::map<std::string, std::string> written;
    std::string json = "{";
    for (const auto& [key, value] : values()) {
      if (!*rc::gen::arbitrary<bool>()) continue;
      const std::string text = *value;
      written[key] = text;
      const bool counts = text.find_first_not_of("0123456789") == std::string::npos;
      const bool bare = counts && !text.empty() && (text == "0" || text[0] != '0') &&
                        text.size() < 18 && *rc::gen::arbitrary<bool>();
      json += json.size() > 1 ? "," : "";
      json += *rc::gen::element<std::string>("", " ", "\n", "\r\n\t");
      json += in_json(key) + *rc::gen::element<std::string>(":", " :\n") +
              (bare ? text : in_json(text));
    }
    const config::parameters read = config::parse_parameters(json + "\n}", "p.json");
    RC_ASSERT(read_back(read) == written);
  });
  CHECK(held);
}
