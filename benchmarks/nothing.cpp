// SPDX-License-Identifier: MIT
// The least C++ program: what starting any program costs before it does anything.
#include <iostream>

int main() {
  std::cout << 1 << std::endl;
}
