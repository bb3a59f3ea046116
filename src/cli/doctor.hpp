// SPDX-License-Identifier: MIT
// What `clusterless doctor` looks at. Each examination adds findings, from facts measured now; a
// finding that is not good says what to do.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/values.hpp"
#include "config/settings.hpp"

namespace clusterless::cli {

enum class verdict { good, warning, failure };

struct finding {
  std::string section = {};  ///< program, machine, store, parameters, azure
  std::string name = {};
  verdict is = verdict::good;
  std::string text = {};    ///< what was found
  std::string advice = {};  ///< what to do; empty when good
};
using findings = std::vector<finding>;

const char* to_string(verdict is);

/// A program: its file, and what it answers when it is asked what it is.
void examine_program(const std::string& path, findings& into);
/// Cores, memory, limits and kernel features. `workers`: how many processes the parameters ask for;
/// 0 when they are not known.
void examine_machine(int workers, findings& into);
/// The store at `path`: can it be read and written, how full is it, what is in it.
void examine_store(const std::string& path, findings& into);
/// PARAMETERS and CREDENTIALS: every value and where it came from. Nothing when they are wrong.
std::optional<config::configuration> examine_parameters(findings& into);
/// The accounts of a cloud that the parameters lead to: what they would run, and whether they can.
void examine_accounts(config::configuration of, std::optional<double> price_per_hour,
                      findings& into);

/// `amount` (bytes, processes) or a cgroup's limit of it when that is smaller. `file` is the
/// content of the cgroup's memory.max or pids.max: "max" or a number.
std::uint64_t limited_by(std::uint64_t amount, const std::string& file);
/// Cores by a cgroup's cpu.max, "200000 100000": 2; `cores` when there is no limit.
double cores_allowed(double cores, const std::string& file);

}  // namespace clusterless::cli
