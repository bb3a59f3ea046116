// SPDX-License-Identifier: MIT
#include "session/roles.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "os/fail.hpp"

namespace clusterless::session {

namespace {
constexpr std::size_t passed = 3;
}

std::vector<std::string>& program_arguments() {
  static std::vector<std::string> arguments;
  return arguments;
}

void send_worker_descriptors(int socket, int area, int bell_page, int bell_event, int number) {
  iovec part{&number, sizeof number};
  alignas(cmsghdr) char control[CMSG_SPACE(passed * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(passed * sizeof(int));
  const int fds[passed] = {area, bell_page, bell_event};
  std::memcpy(CMSG_DATA(item), fds, sizeof fds);
  if (::sendmsg(socket, &header, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof number))
    os::fail("descriptors across to a worker");
}

worker_descriptors receive_worker_descriptors(int socket) {
  worker_descriptors got;
  iovec part{&got.number, sizeof got.number};
  alignas(cmsghdr) char control[CMSG_SPACE(passed * sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const ssize_t n = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  const cmsghdr* item = CMSG_FIRSTHDR(&header);
  if (n != static_cast<ssize_t>(sizeof got.number) || item == nullptr ||
      item->cmsg_len != CMSG_LEN(passed * sizeof(int)))
    os::fail("the descriptors of a worker");
  int fds[passed];
  std::memcpy(fds, CMSG_DATA(item), sizeof fds);
  got.area = os::unique_fd(fds[0]);
  got.bell_page = os::unique_fd(fds[1]);
  got.bell_event = os::unique_fd(fds[2]);
  return got;
}

}  // namespace clusterless::session
