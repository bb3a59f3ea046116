// SPDX-License-Identifier: MIT
#include "emulator/http_server.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <clusterless/error.hpp>
#include <condition_variable>
#include <fstream>
#include <list>
#include <mutex>
#include <thread>

namespace clusterless::emulator {

namespace {

constexpr std::size_t most_connections = 512;  // each holds a thread
constexpr std::size_t largest_body = std::size_t{64} << 20;
constexpr std::size_t piece = 1024;

int port_in(const sockaddr_storage& of) {
  if (of.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(of).sin_port);
  if (of.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(of).sin6_port);
  return -1;
}

/// Calls `what` with each connection of this process whose own end has port `local`.
template <class What>
void each_connection(int local, What&& what) {
  DIR* const open = ::opendir("/proc/self/fd");
  if (open == nullptr) return;
  while (const dirent* each = ::readdir(open)) {
    const int fd = std::atoi(each->d_name);
    sockaddr_storage here{};
    sockaddr_storage there{};
    socklen_t size = sizeof here;
    if (fd <= 2 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size) != 0) continue;
    size = sizeof there;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&there), &size) != 0) continue;
    if (port_in(here) == local) what(fd, port_in(there));
  }
  ::closedir(open);
}

/// Makes the kernel send a reset; httplib finds the connection gone.
void reset_connection(int local, int remote) {
  each_connection(local, [&](int fd, int peer) {
    if (peer != remote) return;
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    static_cast<void>(::connect(fd, &none, sizeof none));
  });
}

/// Threads made as connections come, because each connection keeps one for its life.
class connection_threads : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    if (jobs_.size() > idle_ && threads_.size() < most_connections)
      threads_.emplace_back([this] { work(); });
    wake_.notify_one();
  }
  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    for (std::thread& each : threads_)
      each.join();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      wake_.wait(lock, [this] { return over_ || !jobs_.empty(); });
      --idle_;
      if (jobs_.empty()) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool over_ = false;
};

}  // namespace

class http_server::implementation {
 public:
  implementation(const http_server_options& options, handler answer, fault_source fault)
      : answer_(std::move(answer)), fault_(std::move(fault)) {
    if (options.certificate.empty())
      server_ = std::make_unique<httplib::Server>();
    else
      server_ =
          std::make_unique<httplib::SSLServer>(options.certificate.c_str(), options.key.c_str());
    if (!server_->is_valid())
      throw error(error_kind::misuse, "cannot use the certificate " + options.certificate +
                                          " with the key " + options.key +
                                          ": give two PEM files that belong together");
    tls_ = !options.certificate.empty();
    server_->new_task_queue = [] { return new connection_threads; };
    server_->set_tcp_nodelay(true);
    server_->set_keep_alive_max_count(1'000'000'000);
    server_->set_keep_alive_timeout(120);
    server_->set_read_timeout(120);
    server_->set_payload_max_length(largest_body);
    const auto all = [this](const httplib::Request& request, httplib::Response& response) {
      serve_one(request, response);
    };
    server_->Get(".*", all).Post(".*", all).Put(".*", all).Patch(".*", all).Delete(".*", all);
    server_->Options(".*", all);
  }

  int bind(const http_server_options& options) {
    if (options.port == 0)
      port_ = server_->bind_to_any_port(options.host);
    else if (server_->bind_to_port(options.host, options.port))
      port_ = options.port;
    else
      port_ = -1;
    if (port_ <= 0)
      throw error(error_kind::busy, "cannot listen on " + options.host + " port " +
                                        std::to_string(options.port) +
                                        ": something else does; give another --port");
    return port_;
  }

  void serve() {
    server_->listen_after_bind();
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  /// Again and again, because httplib forgets a stop that comes before it listens, and because a
  /// connection may just have been accepted.
  void stop() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
      server_->stop();
      each_connection(port_, [](int fd, int) { ::shutdown(fd, SHUT_RDWR); });
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }

 private:
  void serve_one(const httplib::Request& request, httplib::Response& response) {
    http_request asked;
    asked.method = request.method;
    asked.tls = tls_;
    split_target(request.target, asked);
    for (const auto& [name, value] : request.headers)
      asked.headers.emplace(in_lower_case(name), value);
    for (const char* added : {"remote_addr", "remote_port", "local_addr", "local_port"})
      asked.headers.erase(added);
    asked.body = request.body;
    // Ranges are for the handler, and the service does not compress.
    auto& plain = const_cast<httplib::Request&>(request);
    plain.ranges.clear();
    plain.headers.erase("Accept-Encoding");
    const http_fault fault = fault_(asked);
    const int remote = request.remote_port;
    if (fault.delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
    if (fault.reset_before) return reset_connection(port_, remote);
    http_answer answer = fault.answer ? *fault.answer : answer_(asked);
    if (fault.reset_after) return reset_connection(port_, remote);
    write(std::move(answer), fault, response);
  }

  static void write(http_answer answer, const http_fault& fault, httplib::Response& response) {
    response.status = answer.status;
    std::string type;
    for (const auto& [name, value] : answer.headers) {
      if (same_text(name, "Content-Type"))
        type = value;
      else
        response.headers.emplace(name, value);
    }
    if (!answer.file.empty()) {
      const auto file = std::make_shared<std::ifstream>(answer.file, std::ios::binary);
      file->seekg(static_cast<std::streamoff>(answer.file_offset));
      const std::size_t size = answer.file_length;
      return provide(size, type, fault, response,
                     [file](std::size_t, std::size_t length, std::string& into) {
                       into.resize(std::min<std::size_t>(length, 1 << 16));
                       file->read(into.data(), static_cast<std::streamsize>(into.size()));
                       into.resize(static_cast<std::size_t>(file->gcount()));
                     });
    }
    const bool plain = fault.slow_ms == 0 && !fault.truncate;
    if (answer.body.empty()) return;
    if (plain && !answer.chunked) return response.set_content(answer.body, type);
    const auto body = std::make_shared<const std::string>(std::move(answer.body));
    if (plain) {
      response.set_chunked_content_provider(type, [body](std::size_t, httplib::DataSink& sink) {
        sink.write(body->data(), body->size());
        sink.done();
        return true;
      });
      return;
    }
    provide(body->size(), type, fault, response,
            [body](std::size_t offset, std::size_t length, std::string& into) {
              into = body->substr(offset, length);
            });
  }

  template <class Read>
  static void provide(std::size_t size, const std::string& type, const http_fault& fault,
                      httplib::Response& response, Read read) {
    if (size == 0) return response.set_content("", type);
    response.set_content_provider(
        size, type, [=](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
          if (fault.truncate && offset >= *fault.truncate) return false;
          if (fault.truncate) length = std::min(length, *fault.truncate - offset);
          if (fault.slow_ms > 0) {
            length = std::min(length, piece);
            std::this_thread::sleep_for(std::chrono::milliseconds(fault.slow_ms));
          }
          std::string bytes;
          read(offset, length, bytes);
          return !bytes.empty() && sink.write(bytes.data(), bytes.size());
        });
  }

  handler answer_;
  fault_source fault_;
  std::unique_ptr<httplib::Server> server_;
  bool tls_ = false;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

http_server::http_server(const http_server_options& options, handler answer, fault_source fault)
    : inside_(std::make_unique<implementation>(options, std::move(answer), std::move(fault))) {
  port_ = inside_->bind(options);
}

http_server::~http_server() = default;

void http_server::serve() {
  inside_->serve();
}

void http_server::stop() {
  inside_->stop();
}

}  // namespace clusterless::emulator
