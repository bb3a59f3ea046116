// SPDX-License-Identifier: MIT
// The values of batch_types as the JSON of the service, and back. Texts only: which library reads
// and writes them is this room's matter. A reader returns nothing for what is no such object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "azure/batch_types.hpp"

namespace clusterless::azure::batch {

std::string write(const pool_spec& of, std::string_view api_version);
std::string write(const pool_patch& of);
std::string write(const resize& of);
std::string write_formula(const std::string& formula, int interval_s);
std::string write_removal(const std::vector<std::string>& nodes, deallocation how);
std::string write(const job_spec& of);
std::string write(const job_patch& of);
std::string write_disable(requeue running);
std::string write_termination(const std::string& reason);
std::string write(const task_spec& of);

/// `text` as one of `names` would be written, whatever its case: its index, or nothing.
std::optional<std::size_t> index_of_word(std::string_view text,
                                         std::initializer_list<std::string_view> names);

template <class T>
std::optional<T> read(std::string_view text);
template <class T>
std::optional<page<T>> read_page(std::string_view text);

template <>
std::optional<pool_info> read(std::string_view text);
template <>
std::optional<node_info> read(std::string_view text);
template <>
std::optional<formula_run> read(std::string_view text);
template <>
std::optional<login_address> read(std::string_view text);
template <>
std::optional<job_info> read(std::string_view text);
template <>
std::optional<task_counts> read(std::string_view text);
template <>
std::optional<task_info> read(std::string_view text);

template <>
std::optional<page<pool_info>> read_page(std::string_view text);
template <>
std::optional<page<node_counts>> read_page(std::string_view text);
template <>
std::optional<page<image_support>> read_page(std::string_view text);
template <>
std::optional<page<node_info>> read_page(std::string_view text);
template <>
std::optional<page<file_info>> read_page(std::string_view text);
template <>
std::optional<page<job_info>> read_page(std::string_view text);
template <>
std::optional<page<node_preparation>> read_page(std::string_view text);
template <>
std::optional<page<task_info>> read_page(std::string_view text);
template <>
std::optional<page<subtask_info>> read_page(std::string_view text);

/// What became of one task of a collection.
struct task_added {
  std::string id = {};
  bool added = false;      ///< now or by an earlier copy of the request
  bool try_again = false;  ///< the service's own fault
  trouble why = {};
};
template <>
std::optional<page<task_added>> read_page(std::string_view text);

}  // namespace clusterless::azure::batch
