// SPDX-License-Identifier: MIT
// What a map returns that the checks have refused: a value that takes whatever its caller does with
// results, so that one mistake gives one message. Nothing here is ever called.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include <clusterless/detail/function.hpp>

namespace clusterless::detail {

/// Stands for results whose type is not known, and takes whatever is done with results.
struct refused {
  template <class T>
  operator T() const;
  template <class... A>
  refused fetch(A&&...) const;
  refused outcomes() const;
  refused completed() const;
  refused outcome_of(std::size_t) const;
  template <class... A>
  refused reduce(A&&...) const;
  refused result(std::size_t) const;
  template <class... A>
  bool wait(A&&...) const;
  refused status() const;
  refused value() const;
  refused error() const;
  refused destroy() const;
  void cancel() const;
  std::string id() const;
  std::string output(std::size_t) const;
  std::size_t size() const;
  bool empty() const;
  refused front() const;
  refused back() const;
  refused at(std::size_t) const;
  refused operator[](std::size_t) const;
  refused operator*() const;
  const refused* operator->() const;
  refused& operator++();
  bool operator!=(const refused&) const;
  refused begin() const;
  refused end() const;
};

/// What a call would return, as far as that can be told.
template <class F, class... Args>
struct hoped_for {
  using type = refused;
};
template <has_signature F, class... Args>
struct hoped_for<F, Args...> {
  using type = stored<typename function_traits<F>::returns>;
};
template <class F, class... Args>
concept called_with = !has_signature<F> && std::is_invocable_v<F, Args...>;
template <class... Args, called_with<Args...> F>
struct hoped_for<F, Args...> {
  using type = stored<std::invoke_result_t<F, Args...>>;
};

template <template <class...> class Of, class R>
struct of_hoped_for {
  using type = Of<R>;
};
template <template <class...> class Of>
struct of_hoped_for<Of, refused> {
  using type = refused;
};

/// Never called: gives the lines after a refused map the type they expect.
template <class T>
T never();

}  // namespace clusterless::detail
