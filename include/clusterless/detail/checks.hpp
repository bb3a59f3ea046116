// SPDX-License-Identifier: MIT
// What may be mapped, and over what: the compile-time messages of the library, with those of
// sendable.hpp. Each mistake gives one message that ends with what to do instead, and the caller
// goes on with a value of refused.hpp.
#pragma once

#include <cstddef>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

#include <clusterless/detail/function.hpp>
#include <clusterless/detail/refused.hpp>
#include <clusterless/detail/sendable.hpp>

namespace clusterless {

template <class R>
class result;  // job.hpp

namespace detail {

// --- functions --------------------------------------------------------------------------------

template <class F>
constexpr bool check_callable() {
  if constexpr (std::is_member_function_pointer_v<F>) {
    static_assert(fine<F>,
                  "clusterless: a member function cannot be mapped; map a captureless lambda that "
                  "takes the object as its argument: [](const T& t) { return t.f(); }");
    return false;
  } else if constexpr (std::is_class_v<F> && !std::is_empty_v<F>) {
    static_assert(fine<F>,
                  "clusterless: this lambda or function object has captures or members, which do "
                  "not travel; pass values with clusterless::bind(f, value...) or pool.broadcast");
    return false;
  } else if constexpr (std::is_class_v<F> && !has_call_operator<F>) {
    static_assert(fine<F>,
                  "clusterless: the parameter types of this callable are not known (generic lambda "
                  "or overloaded operator()); spell them out: [](const double& x) { ... }");
    return false;
  } else if constexpr (!has_signature<F>) {
    static_assert(fine<F>,
                  "clusterless: this cannot be mapped; map a function, a captureless lambda or a "
                  "stateless function object");
    return false;
  } else if constexpr (std::is_class_v<F> && !std::is_default_constructible_v<F>) {
    static_assert(fine<F>,
                  "clusterless: this function object cannot be made on a node, because it has no "
                  "default constructor; map a function or a captureless lambda");
    return false;
  } else {
    return true;
  }
}

template <class P>
constexpr bool check_parameter() {
  using T = std::remove_cvref_t<P>;
  if constexpr (std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) {
    static_assert(fine<P>,
                  "clusterless: a parameter is a non-const reference, and what is written to it "
                  "stays on the node; take a value or a const reference and return the result");
    return false;
  } else if constexpr (std::is_pointer_v<T>) {
    static_assert(fine<P>,
                  "clusterless: a parameter is a pointer, which means nothing on another node; "
                  "take the value (std::string, std::vector, a struct)");
    return false;
  } else if constexpr (view_like<T>) {
    static_assert(fine<P>,
                  "clusterless: a parameter is a view, which owns nothing to send; take "
                  "std::string, std::vector or clusterless::array");
    return false;
  } else {
    return check_value<T>();
  }
}

template <class R>
constexpr bool check_result() {
  using T = stored<R>;
  if constexpr (std::is_reference_v<R> || std::is_pointer_v<T> || view_like<T>) {
    static_assert(fine<R>,
                  "clusterless: the function returns a reference, pointer or view into the node's "
                  "memory; return the value");
    return false;
  } else {
    return check_value<T>();
  }
}

template <class Parameters, std::size_t... I>
constexpr bool check_parameters(std::index_sequence<I...>) {
  return (check_parameter<std::tuple_element_t<I, Parameters>>() && ...);
}

template <class P, class Given>
constexpr bool check_bound_value() {
  using T = std::remove_cvref_t<P>;
  if constexpr (!std::is_convertible_v<const T&, P>) {
    static_assert(fine<P>,
                  "clusterless: a value given to clusterless::bind is used for many items, so its "
                  "parameter must be a const reference or a value that can be copied");
    return false;
  } else if constexpr (!passes_as<T, const Given&>) {
    static_assert(fine<P>,
                  "clusterless: a value given to clusterless::bind does not convert to its "
                  "parameter without loss; give a value of the parameter's type");
    return false;
  } else {
    return true;
  }
}
template <class Parameters, class... Bound, std::size_t... I>
constexpr bool check_bound(std::index_sequence<I...>) {
  return (check_bound_value<std::tuple_element_t<I + 1, Parameters>, Bound>() && ...);
}

/// All checks of a callable with bound arguments; true when a map may be built from it. `Items`:
/// whether there are items to call it with, or it is called once without.
template <bool Items, class F, class... Bound>
constexpr bool check_function() {
  if constexpr (!check_callable<F>()) {
    return false;
  } else {
    using traits = function_traits<F>;
    using parameters = typename traits::parameters;
    constexpr std::size_t n = std::tuple_size_v<parameters>;
    if constexpr (n != sizeof...(Bound) + (Items ? 1 : 0)) {
      static_assert(
          fine<F>,
          "clusterless: the function must take the item first and then exactly the "
          "arguments fixed with clusterless::bind (for run: exactly the arguments given)");
      return false;
    } else if constexpr (!check_parameters<parameters>(std::make_index_sequence<n>{})) {
      return false;
    } else if constexpr (!check_bound<parameters, Bound...>(std::index_sequence_for<Bound...>{})) {
      return false;
    } else {
      return check_result<typename traits::returns>();
    }
  }
}

/// Op folds results of type R into a T.
template <class T, class R, class Op>
constexpr bool check_fold() {
  if constexpr (!std::is_invocable_r_v<T, const Op&, T, R>) {
    static_assert(fine<Op>,
                  "clusterless: the operation of a reduction takes the total so far and a result "
                  "and returns the new total; its types do not fit");
    return false;
  } else {
    return true;
  }
}
template <class R, class Op>
constexpr bool check_remote_fold() {
  constexpr bool function = std::is_pointer_v<Op>;
  if constexpr (!function && !(std::is_empty_v<Op> && std::is_default_constructible_v<Op>)) {
    static_assert(fine<Op>,
                  "clusterless: a reduction with options runs on the nodes, and captures do not "
                  "travel; give a function, a captureless lambda or a stateless function object");
    return false;
  } else {
    return check_fold<R, R, Op>();
  }
}

// --- ranges -----------------------------------------------------------------------------------

template <class T>
struct is_result : std::false_type {};
template <class R>
struct is_result<result<R>> : std::true_type {
  using type = R;
};

template <class Range>
concept iterable = requires(Range& range) {
  std::begin(range) == std::end(range);
  *std::begin(range);
};
template <class T>
concept sized = requires(const T& range) {
  std::size(range);
};

template <class Range>
concept counting = std::is_integral_v<std::remove_cvref_t<Range>> &&
    !std::is_same_v<std::remove_cvref_t<Range>, bool>;

/// A container given by reference may change after the call, so it is read before the call
/// returns. Temporaries and views are kept by the job and read while it runs.
template <class Range>
inline constexpr bool read_at_once =
    std::is_lvalue_reference_v<Range> && !std::ranges::enable_view<std::remove_cvref_t<Range>>;

/// The type that is iterated over.
template <class Range>
using iterated = std::conditional_t<read_at_once<Range>, std::remove_reference_t<Range>,
                                    std::remove_cvref_t<Range>>;

/// What is read from the range, or nothing when it is not one.
template <class Range>
constexpr auto element() {
  if constexpr (counting<Range>)
    return std::type_identity<std::remove_cvref_t<Range>>{};
  else if constexpr (iterable<iterated<Range>>)
    return std::type_identity<decltype(*std::begin(std::declval<iterated<Range>&>()))>{};
  else
    return std::type_identity<void>{};
}
template <class Range>
using element_of = typename decltype(element<Range>())::type;

template <class Range>
constexpr bool check_range() {
  if constexpr (!iterable<iterated<Range>>) {
    static_assert(fine<Range>,
                  "clusterless: the second argument is not something to map over; pass a "
                  "container, a view, a generator or a count");
    return false;
  } else if constexpr (read_at_once<Range> && !sized<iterated<Range>>) {
    static_assert(fine<Range>,
                  "clusterless: a generator is read while the job runs, so the job must own it; "
                  "pass it with std::move");
    return false;
  } else {
    return true;
  }
}

/// Whether elements of a range can be passed as items.
template <class Item, class Element>
constexpr bool check_element() {
  using T = std::remove_cvref_t<Element>;
  if constexpr (is_result<T>::value) {
    if constexpr (!std::is_same_v<typename is_result<T>::type, Item>) {
      static_assert(fine<Item, T>,
                    "clusterless: the results passed as items are not of the type the function "
                    "takes");
      return false;
    } else {
      return true;
    }
  } else if constexpr (!passes_as<Item, Element>) {
    static_assert(fine<Item, T>,
                  "clusterless: an element of the range does not convert to the function's first "
                  "parameter without loss; map over a range of that type");
    return false;
  } else {
    return true;
  }
}

/// All checks of a map of `F` with `Bound` over `Range`.
template <class F, class Range, class... Bound>
constexpr bool check_map() {
  if constexpr (!check_function<true, F, Bound...>()) {
    return false;
  } else {
    using item =
        std::remove_cvref_t<std::tuple_element_t<0, typename function_traits<F>::parameters>>;
    if constexpr (counting<Range>) {
      if constexpr (!std::is_arithmetic_v<item>) {
        static_assert(fine<item>,
                      "clusterless: pmap(f, n) maps over 0 ... n-1, so f must take a number first");
        return false;
      } else {
        return true;
      }
    } else if constexpr (!check_range<Range>()) {
      return false;
    } else {
      return check_element<item, element_of<Range>>();
    }
  }
}

/// For the caller of a refused map: `Of` what its results would be.
template <template <class...> class Of, class F, class Range>
auto refuse() {
  using hoped = typename hoped_for<F, element_of<Range>>::type;
  return never<typename of_hoped_for<Of, hoped>::type>();
}

}  // namespace detail
}  // namespace clusterless
