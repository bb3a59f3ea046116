// SPDX-License-Identifier: MIT
#include "session/run_item.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

#include <clusterless/codec.hpp>

#include "session/context.hpp"

namespace clusterless::session {

namespace {

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : type.name();
}

error_info facts(std::uint64_t item) {
  const auto& here = this_context();
  error_info info;
  info.item = item;
  info.task = here.task;
  info.attempt = here.attempt;
  info.pool = here.pool;
  info.node = here.node;
  info.worker = here.link != nullptr ? here.id : 0;
  return info;
}

std::string too_large(const char* what, std::size_t size, std::size_t limit) {
  return std::string(what) + " of " + std::to_string(size) + " bytes is above the limit of " +
         std::to_string(limit) +
         "; raise map_options.max_item_bytes, or pass it as a broadcast or file";
}

/// What the exception being handled says. Must be called from a catch block.
error_info describe_exception(std::uint64_t item) {
  error_info info = facts(item);
  try {
    throw;
  } catch (const codec_error& caught) {
    info.cause = cause::bad_data;
    info.type = readable(typeid(caught));
    info.message = caught.what();
  } catch (const std::exception& caught) {
    info.type = readable(typeid(caught));
    info.message = caught.what();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    info.type = type != nullptr ? readable(*type) : "unknown type";
    info.message = "an exception that does not derive from std::exception";
  }
  return info;
}

}  // namespace

void put_error(detail::buffer& out, const error_info& info) {
  const std::size_t at = detail::open_entry(out);
  writer to(out);
  codec<error_info>::put(to, info);
  detail::close_entry(out, at, detail::entry_kind::error);
}

bool run_item(const item_call& what, std::uint64_t item, const detail::entry_view& body,
              const detail::segment_list& beside_in, detail::buffer& out,
              detail::segment_list& beside_out) {
  const std::size_t at = detail::open_entry(out);
  const std::size_t beside = beside_out.size();
  const auto fail = [&](const error_info& info) {
    out.shrink_to(at);
    beside_out.resize(beside);
    put_error(out, info);
    return false;
  };
  if (body.size > what.max_bytes) {
    error_info info = facts(item);
    info.cause = cause::too_large;
    info.message = too_large("an argument", body.size, what.max_bytes);
    return fail(info);
  }
  try {
    reader in(body.body, body.size, &beside_in);
    writer to(out, what.by_reference ? &beside_out : nullptr);
    what.function.entry->invoke(what.function.target, what.bound, in, to);
  } catch (...) {
    return fail(describe_exception(item));
  }
  const std::size_t size = out.size() - at - sizeof(detail::entry_head);
  if (size > what.max_bytes) {
    error_info info = facts(item);
    info.cause = cause::too_large;
    info.message = too_large("a result", size, what.max_bytes);
    return fail(info);
  }
  detail::close_entry(out, at);
  return true;
}

}  // namespace clusterless::session
