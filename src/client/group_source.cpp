// SPDX-License-Identifier: MIT
#include "client/group_source.hpp"

#include <algorithm>
#include <vector>

#include <clusterless/codec.hpp>

#include "client/job.hpp"

namespace clusterless::client {

std::size_t group_source::fill(writer& pack, std::size_t max_items, std::size_t max_bytes,
                               bool& end) {
  std::size_t added = 0;
  while (added < max_items && pack.size() < max_bytes) {
    std::vector<detail::outcome_run> runs;
    std::uint64_t have = 0;
    from_->want(next_ + group_);
    while (have < group_) {
      auto run = from_->lookup(next_ + have);
      if (run.count == 0) break;
      run.count = std::min<std::size_t>(run.count, static_cast<std::size_t>(group_ - have));
      have += run.count;
      runs.push_back(std::move(run));
    }
    const bool finished = from_->is_finished();
    if (have == 0 || (have < group_ && !finished)) {
      end = have == 0 && finished;
      return added;
    }
    const std::size_t at = detail::open_entry(pack.bytes());
    pack.put_size(have);
    for (const auto& run : runs) {
      detail::pack_cursor cursor(run.data, run.size);
      detail::entry_view entry;
      for (std::size_t i = 0; i < run.count && cursor.next(entry); ++i) {
        if (entry.kind == detail::entry_kind::error)
          throw failed_result{detail::decode_error(entry.body, entry.size)};
        pack.put_bytes(entry.body, entry.size);
      }
      if (run.beside != nullptr && pack.beside() != nullptr)
        pack.beside()->insert(pack.beside()->end(), run.beside->begin(), run.beside->end());
    }
    detail::close_entry(pack.bytes(), at);
    next_ += have;
    from_->passed_on(next_);
    ++added;
  }
  return added;
}

}  // namespace clusterless::client
