// SPDX-License-Identifier: MIT
// expect: clusterless: a generator is read while the job runs, so the job must own it; pass it with
#include <clusterless/clusterless.hpp>

struct countdown {
  struct iterator {
    int n;
    int operator*() const { return n; }
    iterator& operator++() { return --n, *this; }
    bool operator==(const iterator& other) const { return n == other.n; }
  };
  int n = 10;
  iterator begin() { return {n}; }
  iterator end() { return {0}; }
};
int twice(int x) {
  return 2 * x;
}

std::vector<int> wrong() {
  countdown numbers;
  return clusterless::pmap(twice, numbers);  // here
}
