// SPDX-License-Identifier: MIT
// Adding many tasks: which go into one call, what is halved, what is offered again.
#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>

#include "azure/batch.hpp"
#include "azure/text.hpp"

namespace clusterless::azure::batch {
namespace {

constexpr int offers = 8;  // of one task that the service says it could not take

constexpr std::string_view body_begin = "{\"value\":[";
constexpr std::string_view body_end = "]}";

}  // namespace

class task_adder : public std::enable_shared_from_this<task_adder> {
 public:
  task_adder(client& over, std::string job, const std::vector<task_spec>& what, int parallel,
             then<std::vector<add_result>> then)
      : client_(over),
        job_(std::move(job)),
        parallel_(std::max(parallel, 1)),
        then_(std::move(then)),
        results_(what.size()),
        offered_(what.size()) {
    for (std::size_t i = 0; i < what.size(); ++i) {
      results_[i].id = what[i].id;
      by_id_.emplace(lower_case(what[i].id), i);
      waiting_.push_back(i);
      texts_.push_back(write(what[i]));
    }
  }

  void go_on() {
    while (!waiting_.empty() && under_way_ < parallel_)
      send(next_chunk());
    if (waiting_.empty() && under_way_ == 0 && later_ == 0 && then_) {
      const auto then = std::move(then_);
      then_ = nullptr;
      client_.on().later(0, [self = shared_from_this(), then] { then(std::move(self->results_)); });
    }
  }

 private:
  using chunk = std::vector<std::size_t>;

  chunk next_chunk() {
    chunk out;
    std::size_t bytes = body_begin.size() + body_end.size();
    while (!waiting_.empty() && out.size() < most_) {
      bytes += texts_[waiting_.front()].size() + 1;
      if (!out.empty() && bytes > max_task_call_bytes) break;
      out.push_back(waiting_.front());
      waiting_.pop_front();
    }
    return out;
  }

  void send(chunk of) {
    std::string body(body_begin);
    for (std::size_t i = 0; i < of.size(); ++i)
      body += (i > 0 ? "," : "") + texts_[of[i]];
    body += body_end;
    const std::string what = "add " + std::to_string(of.size()) + " tasks to job " + job_;
    call out = client_.make(what, "POST", "/jobs/" + percent_encoded(job_) + "/addtaskcollection",
                            std::move(body));
    ++under_way_;
    client_.exchange_.send(std::move(out), [self = shared_from_this(), of = std::move(of),
                                            what](result<response> got) {
      --self->under_way_;
      self->took(of, what, std::move(got));
      self->go_on();
    });
  }

  void took(const chunk& of, const std::string& what, result<response> got) {
    if (!got) {
      if (got.error().is("RequestBodyTooLarge") && of.size() > 1) return halve(of);
      for (const std::size_t i : of)
        results_[i].error = got.error();
      return;
    }
    const auto told = read_page<task_added>(got->body);
    std::unordered_map<std::size_t, const task_added*> by_index;
    if (told) {
      for (const task_added& one : told->items)
        if (const auto at = by_id_.find(lower_case(one.id)); at != by_id_.end())
          by_index[at->second] = &one;
    }
    chunk again;
    for (const std::size_t i : of) {
      const auto at = by_index.find(i);
      const task_added* one = at != by_index.end() ? at->second : nullptr;
      if (one != nullptr && one->added) {
        results_[i].error.reset();
        continue;
      }
      ++offered_[i];
      // A task the answer says nothing of may be there: offering it again finds out.
      const bool worth_it = one == nullptr || one->try_again;
      if (worth_it && offered_[i] < offers)
        again.push_back(i);
      else
        results_[i].error = why_not(one, what);
    }
    offer_again(std::move(again));
  }

  service_error why_not(const task_added* one, const std::string& what) const {
    service_error out;
    out.what = one != nullptr ? "add task " + one->id + " to job " + job_ : what;
    out.status = one != nullptr && !one->try_again ? 400 : 503;
    out.code = one != nullptr ? one->why.code : "NoAnswerForTask";
    out.message = one != nullptr ? one->why.message.substr(0, one->why.message.find('\n'))
                                 : "the answer does not tell what became of the task";
    if (one != nullptr) out.values = one->why.values;
    return out;
  }

  /// Smaller calls from now on as well: what one was too large for, the next would be too.
  void halve(const chunk& of) {
    most_ = std::min(most_, (of.size() + 1) / 2);
    waiting_.insert(waiting_.begin(), of.begin(), of.end());
  }

  void offer_again(chunk of) {
    if (of.empty()) return;
    std::int64_t wait_ms = 250;
    for (int i = 1; i < offered_[of.front()]; ++i)
      wait_ms = std::min<std::int64_t>(wait_ms * 2, 10'000);
    ++later_;
    client_.on().later(wait_ms, [self = shared_from_this(), of = std::move(of)] {
      --self->later_;
      self->waiting_.insert(self->waiting_.end(), of.begin(), of.end());
      self->go_on();
    });
  }

  client& client_;
  std::string job_;
  int parallel_;
  then<std::vector<add_result>> then_;
  std::vector<add_result> results_;
  std::vector<int> offered_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::size_t> by_id_;
  std::deque<std::size_t> waiting_;
  std::size_t most_ = max_tasks_per_call;
  int under_way_ = 0;
  int later_ = 0;
};

void client::add_tasks(const std::string& job, const std::vector<task_spec>& what,
                       const add_options& how, then<std::vector<add_result>> then) {
  std::make_shared<task_adder>(*this, job, what, how.parallel, std::move(then))->go_on();
}

}  // namespace clusterless::azure::batch
