// SPDX-License-Identifier: MIT
#include "client/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client/job.hpp"
#include "core/defaults.hpp"
#include "core/text.hpp"

namespace clusterless::client {

screen::screen(bool verbose) : verbose_(verbose), terminal_(::isatty(2) == 1) {}
screen::~screen() {
  clear_bar();
}

void screen::clear_bar() {
  if (!bar_drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  bar_drawn_ = false;
}

void screen::draw_bar(const std::string& line) {
  winsize size{};
  const bool known = ::ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 10;
  const std::size_t width = known ? size.ws_col - 1u : 79u;
  std::fputs("\r\033[K", stderr);
  std::fwrite(line.data(), 1, std::min(width, line.size()), stderr);
  std::fflush(stderr);
  bar_drawn_ = true;
}

void screen::note(const std::string& line) {
  if (verbose_) warn(line);
}

void screen::warn(const std::string& line) {
  clear_bar();
  std::fprintf(stderr, "%s\n", line.c_str());
}

void screen::printed(const std::string& who, std::string_view lines) {
  clear_bar();
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    std::fwrite(who.data(), 1, who.size(), stdout);
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
  }
  std::fflush(stdout);
}

screen::watched& screen::watch(const job& of, core::nanoseconds now) {
  for (auto& each : watched_)
    if (each.of == &of) return each;
  watched_.push_back({&of, now, 0, false});
  return watched_.back();
}

std::string screen::line_for(const job& of, core::nanoseconds elapsed) const {
  const auto& counts = of.book().counts();
  const std::uint64_t done = counts.settled - counts.failed;
  std::string text = of.id() + ' ';
  const double seconds = static_cast<double>(elapsed) / 1e9;
  const double settled = static_cast<double>(counts.settled) + of.partial_progress();
  if (const auto total = of.total(); total && *total != 0) {
    const double part = std::min(1.0, settled / static_cast<double>(*total));
    if (terminal_) {
      constexpr int width = 20;
      const int full = static_cast<int>(part * width);
      text += '[' + std::string(static_cast<std::size_t>(full), '#') +
              std::string(static_cast<std::size_t>(width - full), '.') + "] ";
    }
    text += std::to_string(static_cast<int>(part * 100)) + "%  " + std::to_string(done) + "/" +
            std::to_string(*total) + " done";
    if (part > 0 && part < 1)
      text += ", " +
              core::duration_text(
                  static_cast<std::int64_t>(static_cast<double>(elapsed) * (1 - part) / part)) +
              " left";
  } else {
    text += std::to_string(done) + " done";
  }
  if (counts.failed != 0) text += ", " + std::to_string(counts.failed) + " failed";
  text += ", " + std::to_string(counts.running) + " running";
  if (of.tallies().size() > 1) {
    text += " (";
    for (const auto& [pool, tally] : of.tallies()) {
      if (text.back() != '(') text += ", ";
      text += "pool " + std::to_string(pool) + ": " + std::to_string(tally.running) + " running, " +
              std::to_string(tally.done) + " done";
    }
    text += ')';
  }
  if (seconds > 0) {
    char rate[48];
    std::snprintf(rate, sizeof rate, ", %.3g/s", static_cast<double>(counts.settled) / seconds);
    text += rate;
  }
  return text;
}

void screen::update(const std::list<std::shared_ptr<job>>& running, core::nanoseconds now) {
  next_ = -1;
  const auto at = [this](core::nanoseconds when) {
    next_ = next_ < 0 ? when : std::min(next_, when);
  };
  std::string bar;
  for (const auto& each : running) {
    if (!verbose_ || each->about().options.progress == verbosity::silent) continue;
    auto& state = watch(*each, now);
    const core::nanoseconds due =
        state.next != 0
            ? state.next
            : state.since + (terminal_ ? defaults::first_bar_ns : defaults::progress_line_ns);
    if (now < due) {
      at(due);
      if (!terminal_ || !state.shown) continue;
    }
    if (!terminal_) {
      std::fprintf(stderr, "%s\n", line_for(*each, now - state.since).c_str());
      state.shown = true;
      state.next = now + defaults::progress_line_ns;
      at(state.next);
      continue;
    }
    if (now >= due) state.next = now + defaults::bar_ns;
    at(state.next);
    state.shown = true;
    if (!bar.empty()) bar += "   ";
    bar += line_for(*each, now - state.since);
  }
  if (!bar.empty()) draw_bar(bar);
}

core::nanoseconds screen::patience() const noexcept {
  if (!verbose_) return defaults::progress_line_ns;
  return terminal_ ? defaults::first_bar_ns : defaults::progress_line_ns;
}

void screen::interrupted(const job& which) {
  clear_bar();
  const auto& counts = which.book().counts();
  const std::string done = std::to_string(counts.settled);
  const std::string of = which.total() ? " of " + std::to_string(*which.total()) : "";
  std::fprintf(stderr, "Interrupted: %s has %s%s items done. ", which.id().c_str(), done.c_str(),
               of.c_str());
  if (which.record() != nullptr)
    std::fprintf(stderr,
                 "They are kept; take the job up again with `clusterless retry %s` or "
                 "clusterless::reopen(\"%s\").\n",
                 which.id().c_str(), which.id().c_str());
  else
    std::fprintf(stderr,
                 "They are gone, as the job has no name; name it (map_options.name) to keep "
                 "what is done.\n");
}

void screen::finished(const job& which, core::nanoseconds now) {
  const auto found = std::find_if(watched_.begin(), watched_.end(),
                                  [&](const auto& each) { return each.of == &which; });
  if (found == watched_.end()) return;
  if (found->shown) {
    clear_bar();
    std::fprintf(stderr, "%s in %s\n", line_for(which, now - found->since).c_str(),
                 core::duration_text(now - found->since).c_str());
  }
  watched_.erase(found);
}

}  // namespace clusterless::client
