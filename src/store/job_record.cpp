// SPDX-License-Identifier: MIT
#include "store/job_record.hpp"

#include <clusterless/error.hpp>
#include <cstring>
#include <iterator>

#include "core/checksum.hpp"
#include "store/journal_writer.hpp"

namespace clusterless::store {
namespace {

constexpr std::uint64_t max_manifest_bytes = std::uint64_t{64} << 20;

std::string job_folder(const std::string& job) {
  return "jobs/" + job;
}
std::string run_folder(const manifest& about) {
  return job_folder(about.name) + "/" + about.run;
}
std::string manifest_key(const std::string& job) {
  return job_folder(job) + "/manifest";
}
std::string hold_key(const std::string& job) {
  return "holds/" + job;
}

bytes as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string progress_of(const job_counts& counts) {
  const std::uint64_t total = counts.total.value_or(counts.submitted);
  return std::to_string(counts.done) + " of " + std::to_string(total) + " items done, " +
         std::to_string(counts.failed) + " failed";
}

[[noreturn]] void throw_exists(const std::shared_ptr<object_store>& in, const std::string& name,
                               bool held) {
  std::string progress;
  try {
    progress = progress_of(job_record::open(in, name)->counts());
  } catch (const error& e) {
    progress = e.what();
  }
  const std::string text = "job " + store::quoted(name) + " exists already (" + progress + ")";
  const auto who = held ? in->held_by(hold_key(name)) : std::nullopt;
  if (who)
    throw error(error_kind::busy, text + " and is being run by " + to_string(*who) +
                                      "; wait for it, or choose another name");
  throw error(error_kind::busy, text + "; reopen it, destroy it, or choose another name");
}

[[noreturn]] void throw_held(const object_store& in, const std::string& name, const char* doing) {
  const auto who = in.held_by(hold_key(name));
  throw error(error_kind::busy, "job " + store::quoted(name) + " cannot be " + doing + ": " +
                                    (who ? to_string(*who) : "another process") +
                                    " has it; wait for it to end, or end it");
}

}  // namespace

job_record::job_record(std::shared_ptr<object_store> in, manifest about, bool salvage)
    : in_(std::move(in)),
      about_(std::move(about)),
      folder_(run_folder(about_)),
      journal_(*in_, folder_, salvage) {}

job_record::~job_record() = default;

std::unique_ptr<job_record> job_record::create(std::shared_ptr<object_store> in, manifest about,
                                               bytes bound) {
  check_job_name(about.name);
  check_job_name(about.run);
  if (about.run == "manifest")
    throw error(error_kind::misuse, "'manifest' cannot be the run id of a job");
  auto right = in->try_hold(hold_key(about.name));
  if (in->size(manifest_key(about.name))) throw_exists(in, about.name, !right);
  if (!right) throw_held(*in, about.name, "made");
  about.bound_size = bound.size();
  about.bound_sum = core::checksum64(bound.data(), bound.size());
  if (!bound.empty()) in->put(run_folder(about) + "/bound", bound);
  if (!in->put_new(manifest_key(about.name), as_bytes(format_manifest(about)))) {
    in->remove(run_folder(about));
    throw_exists(in, about.name, false);
  }
  std::unique_ptr<job_record> made(new job_record(std::move(in), std::move(about), false));
  made->start_epoch(std::move(right));
  return made;
}

std::unique_ptr<job_record> job_record::open(std::shared_ptr<object_store> in,
                                             const std::string& name, open_options options) {
  check_job_name(name);
  const std::string key = manifest_key(name);
  if (in->size(key).value_or(0) > max_manifest_bytes)
    throw error(error_kind::failed, in->place(key) + " is no manifest: it is too large for one");
  const auto text = in->get(key);
  if (!text)
    throw error(error_kind::misuse,
                "there is no job " + store::quoted(name) + " in " + in->place());
  manifest about = parse_manifest({text->data(), text->size()}, in->place(key));
  if (about.name != name)
    throw error(error_kind::failed, in->place(key) + " is the manifest of another job, " +
                                        store::quoted(about.name) + ": it was moved there");
  std::unique_ptr<job_record> opened(
      new job_record(std::move(in), std::move(about), options.salvage));
  opened->refresh();
  return opened;
}

buffer job_record::bound() const {
  if (about_.bound_size == 0) return {};
  const std::string key = folder_ + "/bound";
  auto found = in_->get(key);
  if (!found || found->size() != about_.bound_size ||
      core::checksum64(found->data(), found->size()) != about_.bound_sum)
    throw error(error_kind::failed,
                "damaged record: " + in_->place(key) +
                    (found ? " does not match the checksum in the manifest" : " is gone"));
  return std::move(*found);
}

// A shared value is its bytes and then their checksum.
std::optional<buffer> job_record::shared_value(const std::string& name) const {
  const std::string key = folder_ + "/shared/" + name;
  auto found = in_->get(key);
  if (!found) return std::nullopt;
  std::uint64_t sum = 0;
  const bool whole = found->size() >= sizeof sum;
  if (whole) {
    found->shrink_to(found->size() - sizeof sum);
    std::memcpy(&sum, found->data() + found->size(), sizeof sum);
  }
  if (!whole || core::checksum64(found->data(), found->size()) != sum)
    throw error(error_kind::failed,
                "damaged record: " + in_->place(key) + " does not match its checksum");
  return found;
}

std::vector<std::string> job_record::shared_names() const {
  const std::string prefix = folder_ + "/shared";
  std::vector<std::string> names;
  for (const auto& each : in_->list(prefix))
    if (each.key.size() > prefix.size() + 1) names.push_back(each.key.substr(prefix.size() + 1));
  return names;
}

void job_record::put_shared_value(const std::string& name, std::span<const bytes> parts) {
  const std::string key = folder_ + "/shared/" + name;
  if (in_->size(key)) return;
  buffer whole;
  for (const bytes& part : parts)
    whole.append(part.data(), part.size());
  const std::uint64_t sum = core::checksum64(whole.data(), whole.size());
  whole.append(&sum, sizeof sum);
  in_->put(key, {whole.data(), whole.size()});
}

bool job_record::refresh() {
  return journal_.refresh();
}

job_counts job_record::counts() const {
  const item_states& states = journal_.states();
  return {journal_.sealed() ? journal_.sealed() : about_.total, journal_.submitted(),
          states.values(), states.failures(), states.duplicates()};
}

bool job_record::complete() const {
  const item_states& states = journal_.states();
  return sealed() && states.values() + states.failures() == *journal_.sealed();
}

std::vector<item_range> job_record::missing(std::uint64_t from, std::size_t at_most) const {
  const std::uint64_t items = journal_.sealed().value_or(journal_.submitted());
  return journal_.states().missing(from, items, at_most);
}

std::vector<item_range> job_record::failed(std::uint64_t from, std::size_t at_most) const {
  return journal_.states().failed(from, at_most);
}

std::vector<std::string> job_record::remark_texts() const {
  std::vector<std::string> texts;
  for (const log_damage& remark : remarks())
    texts.push_back(to_string(*in_, remark));
  return texts;
}

bool job_record::drive() {
  if (driving()) return true;
  auto right = in_->try_hold(hold_key(about_.name));
  if (!right) return false;
  if (!in_->size(manifest_key(about_.name)))
    throw error(error_kind::lost, "job " + store::quoted(about_.name) + " was destroyed");
  start_epoch(std::move(right));
  return true;
}

void job_record::start_epoch(std::unique_ptr<hold> right) {
  refresh();
  std::uint64_t epoch = journal_.last_epoch() + 1;
  while (!claim_journal(*in_, folder_, epoch))
    ++epoch;
  // Read the earlier logs only now: a driver that is not as dead as its hold says either finds the
  // new log after its last write, and stops, or has written before this look, and counts.
  refresh();
  // A fence is a promise: what it counts must not be lost with the machine while it is not.
  for (const std::uint64_t earlier : journal_.unfenced())
    if (earlier < epoch) in_->append_to(journal_key(folder_, earlier))->sync();
  std::vector<fence> fences = journal_.read_up_to();
  fences.resize(static_cast<std::size_t>(epoch - 1));
  auto writer = std::make_unique<journal_writer>(*in_, folder_, epoch, fences);
  refresh();
  side_ = std::make_unique<side_writer>(*in_, folder_, epoch);
  writer_ = std::move(writer);
  right_ = std::move(right);
  epoch_ = epoch;
  appended_inputs_ = journal_.submitted();
  appended_total_ = journal_.sealed();
}

std::optional<holder> job_record::driver() const {
  return in_->held_by(hold_key(about_.name));
}

void job_record::refuse_second_driver() const {
  const auto who = driver();
  throw error(error_kind::busy, "job " + store::quoted(about_.name) + " is being run by " +
                                    (who ? store::to_string(*who) : "another process"));
}

void job_record::release() {
  writer_.reset();
  side_.reset();
  right_.reset();
  epoch_ = 0;
}

journal_writer& job_record::writer() {
  if (!writer_)
    throw error(error_kind::misuse, "job " + store::quoted(about_.name) +
                                        " is not driven by this process; call drive() first");
  return *writer_;
}

void job_record::append_inputs(std::uint64_t first, std::uint64_t count, bytes pack) {
  journal_writer& to = writer();
  if (first != appended_inputs_ || appended_total_)
    throw error(error_kind::misuse,
                "inputs from item " + std::to_string(first) + " on cannot be added to job " +
                    store::quoted(about_.name) +
                    (appended_total_ ? ": it is sealed"
                                     : ": " + std::to_string(appended_inputs_) + " are there"));
  to.add_inputs({first, count}, pack);
  appended_inputs_ += count;
}

void job_record::seal(std::uint64_t total) {
  journal_writer& to = writer();
  const std::uint64_t expected = appended_total_.value_or(about_.total.value_or(total));
  if (total < appended_inputs_ || total > max_items || total != expected)
    throw error(error_kind::misuse,
                "job " + store::quoted(about_.name) + " cannot be sealed at " +
                    std::to_string(total) + " items: " + std::to_string(appended_inputs_) +
                    " are submitted and " + std::to_string(expected) + " announced");
  if (!appended_total_) to.add_sealed(total);
  appended_total_ = total;
}

void job_record::append_outcomes(std::uint64_t first, std::uint64_t count, std::uint64_t task,
                                 std::uint32_t attempt, bytes pack) {
  journal_writer& to = writer();
  if (appended_total_ && (first >= *appended_total_ || count > *appended_total_ - first))
    throw error(error_kind::misuse, "outcomes of items " + std::to_string(first) + " and " +
                                        std::to_string(count) + " on cannot be added: job " +
                                        store::quoted(about_.name) + " has only " +
                                        std::to_string(*appended_total_) + " items");
  to.add_outcomes({first, count}, task, attempt, pack);
}

void job_record::append_retry(const std::vector<item_range>& items) {
  writer().add_reopened(items);
}

void job_record::append_tasks(const std::vector<placed_task>& tasks) {
  writer().add_tasks(tasks);
}

void job_record::append_tasks_gone() {
  writer().add_tasks_gone();
}

void job_record::commit(bool durable) {
  journal_writer& to = writer();
  to.commit(durable);
  refresh();
  if (journal_.last_epoch() > epoch_)
    throw error(error_kind::lost,
                "another process has taken over job " + store::quoted(about_.name) + " (epoch " +
                    std::to_string(journal_.last_epoch()) + " after " + std::to_string(epoch_) +
                    "); outcomes committed now may not count: stop driving it");
}

void job_record::append_output(const output_record& line) {
  writer();
  side_->add(line);
}

void job_record::append_event(const event_record& event) {
  writer();
  side_->add(event);
}

void job_record::flush() {
  writer();
  side_->flush();
}

void job_record::request_cancel() {
  if (!cancel_requested()) in_->put(folder_ + "/cancel", as_bytes("cancel\n"));
}

bool job_record::cancel_requested() const {
  return in_->size(folder_ + "/cancel").has_value();
}

void job_record::clear_cancel() {
  for (const failure& left : in_->remove(folder_ + "/cancel"))
    throw error(error_kind::failed, "cannot remove " + in_->place(left.key) + ": " + left.reason);
}

bool has_job(const object_store& in, const std::string& name) {
  return in.size(manifest_key(name)).has_value();
}

std::vector<std::string> list_jobs(const object_store& in) {
  constexpr std::string_view before = "jobs/";
  constexpr std::string_view after = "/manifest";
  std::vector<std::string> names;
  for (const object_info& found : in.list("jobs")) {
    const std::string_view key = found.key;
    if (key.size() <= before.size() + after.size() || !key.ends_with(after)) continue;
    const auto name = key.substr(before.size(), key.size() - before.size() - after.size());
    if (name.find('/') == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

std::vector<failure> destroy_job(object_store& in, const std::string& name, bool forced) {
  check_job_name(name);
  if (in.list(job_folder(name)).empty())
    throw error(error_kind::misuse, "there is no job " + store::quoted(name) + " in " + in.place());
  auto right = in.try_hold(hold_key(name));
  if (!right && !forced) throw_held(in, name, "destroyed");
  // First what makes the job visible: a removal that is interrupted leaves no half job to open.
  std::vector<failure> left = in.remove(manifest_key(name));
  if (!left.empty()) return left;
  left = in.remove(job_folder(name));
  if (!right) return left;
  std::vector<failure> kept = in.remove(hold_key(name));
  if (!kept.empty()) {
    right.reset();  // a lease protects what it is on
    kept = in.remove(hold_key(name));
  }
  left.insert(left.end(), std::make_move_iterator(kept.begin()),
              std::make_move_iterator(kept.end()));
  return left;
}

}  // namespace clusterless::store
