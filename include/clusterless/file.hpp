// SPDX-License-Identifier: MIT
// A file as a value: as an argument its contents are sent, as a result they are returned. Each item
// has files of its own, so a thousand items may all return "out.dat".
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <clusterless/codec.hpp>

namespace clusterless {

/// On the sending side `cl::file{"model.dat"}` names a file that is read when it is sent. On the
/// receiving side the contents are held in memory until they are asked for: `path()` writes them to
/// a private directory that is removed when the last copy is gone, `save(to)` writes them for good.
class file {
 public:
  file() = default;
  /// A file of this machine, read when sent. A relative path counts from the working directory;
  /// in a result, first from scratch_dir().
  explicit file(std::string path);
  /// A file made of `contents`; `name` is a plain file name.
  static file from_contents(std::string name, std::string contents);

  /// The file's own name, without directories.
  const std::string& name() const noexcept { return name_; }
  /// Where the file can be opened here. Throws `error` when it cannot be written or found.
  std::string path() const;
  /// The contents. Throws `error` when the file cannot be read.
  std::string contents() const;
  std::size_t size() const;
  /// Writes the contents to `to`, or into it under name() when it is a directory; through a
  /// temporary file, so that `to` is never half written. Keeps the permission bits.
  void save(const std::string& to) const;

 private:
  friend struct codec<file>;
  struct held;
  void put(writer& out) const;
  static file get(reader& in);

  std::string name_;
  std::string path_;
  std::shared_ptr<held> held_;
};

template <>
struct codec<file> {
  static constexpr bool known = true;
  static constexpr bool raw = false;
  static void put(writer& out, const file& value) { value.put(out); }
  static file get(reader& in) { return file::get(in); }
  static void schema(std::string& out) { out += 'F'; }
};

}  // namespace clusterless
