// SPDX-License-Identifier: MIT
#include "azure/blob.hpp"

#include <charconv>
#include <memory>
#include <utility>

#include "azure/blob_answers.hpp"
#include "azure/crypto.hpp"
#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

constexpr std::uint64_t largest_checked_range = 4u << 20;  // x-ms-range-get-content-md5: 4 MiB

void put_metadata(request& to, const metadata& facts) {
  for (const auto& [name, value] : facts)
    to.headers.push_back({"x-ms-meta-" + name, value});
}

void put_options_into(request& to, const put_options& options) {
  if (!options.if_match.empty()) to.headers.push_back({"If-Match", options.if_match});
  if (!options.lease.empty()) to.headers.push_back({"x-ms-lease-id", options.lease});
  if (!options.content_type.empty())
    to.headers.push_back({"x-ms-blob-content-type", options.content_type});
  put_metadata(to, options.metadata);
}

}  // namespace

blob_client::blob_client(exchange& over, std::string endpoint, std::string sas)
    : exchange_(over), endpoint_(std::move(endpoint)), sas_(std::move(sas)) {
  while (endpoint_.ends_with('/'))
    endpoint_.pop_back();
}

std::string blob_client::url_of(const std::string& container, const std::string& name) const {
  std::string out = endpoint_ + "/" + percent_encoded(container, "$");
  if (!name.empty()) out += "/" + percent_encoded(name, "/");
  return out;
}

call blob_client::make(std::string what, std::string method, const std::string& container,
                       const std::string& name, std::string_view parts) const {
  call out;
  out.what = std::move(what);
  if (!container.empty()) out.what += " " + container + (name.empty() ? "" : "/" + name);
  out.request.method = std::move(method);
  out.request.url = container.empty() ? endpoint_ + "/" : url_of(container, name);
  std::string rest(parts);
  if (!sas_.empty()) rest += (rest.empty() ? "" : "&") + sas_;
  if (!rest.empty()) out.request.url += "?" + rest;
  out.request.headers.push_back({"x-ms-version", std::string(storage_version)});
  return out;
}

void blob_client::create_container(const std::string& container, then<bool> then) {
  call what = make("create container", "PUT", container, {}, "restype=container");
  what.done_already = {"ContainerAlreadyExists"};
  exchange_.send(std::move(what), answers::unless({"ContainerAlreadyExists"}, std::move(then)));
}

void blob_client::delete_container(const std::string& container, then<bool> then) {
  call what = make("delete container", "DELETE", container, {}, "restype=container");
  what.done_already = {"ContainerNotFound", "ContainerBeingDeleted"};
  exchange_.send(std::move(what),
                 answers::unless({"ContainerNotFound", "ContainerBeingDeleted"}, std::move(then)));
}

void blob_client::container_exists(const std::string& container, then<bool> then) {
  exchange_.send(make("look for container", "HEAD", container, {}, "restype=container"),
                 answers::unless_missing(std::move(then)));
}

void blob_client::list_containers(const std::string& prefix, const std::string& marker,
                                  then<container_page> then) {
  std::string parts = "comp=list";
  if (!prefix.empty()) parts += "&prefix=" + percent_encoded(prefix);
  if (!marker.empty()) parts += "&marker=" + percent_encoded(marker);
  exchange_.send(make("list the containers of " + endpoint_, "GET", {}, {}, parts),
                 answers::read<container_page>("the list of containers", &read_container_page,
                                               std::move(then)));
}

void blob_client::list(const std::string& container, const std::string& prefix,
                       const std::string& marker, then<blob_page> then) {
  std::string parts = "restype=container&comp=list";
  if (!prefix.empty()) parts += "&prefix=" + percent_encoded(prefix);
  if (!marker.empty()) parts += "&marker=" + percent_encoded(marker);
  exchange_.send(make("list the blobs of container", "GET", container, {}, parts),
                 answers::read<blob_page>("the list of blobs", &read_blob_page, std::move(then)));
}

void blob_client::put(const std::string& container, const std::string& name,
                      std::span<const std::byte> content, const put_options& options,
                      then<blob_facts> then) {
  call what = make("write blob", "PUT", container, name, {});
  what.request.headers.push_back({"x-ms-blob-type", "BlockBlob"});
  what.request.headers.push_back({"Content-MD5", base64(md5(content))});
  put_options_into(what.request, options);
  what.request.borrowed = content;
  exchange_.send(std::move(what), answers::facts(content.size(), std::move(then)));
}

void blob_client::put_new(const std::string& container, const std::string& name,
                          std::span<const std::byte> content, const put_options& options,
                          then<bool> then) {
  call what = make("create blob", "PUT", container, name, {});
  const std::string writer = random_uuid();
  what.request.headers.push_back({"x-ms-blob-type", "BlockBlob"});
  what.request.headers.push_back({"If-None-Match", "*"});
  what.request.headers.push_back({"Content-MD5", base64(md5(content))});
  what.request.headers.push_back({"x-ms-meta-writer", writer});
  put_options_into(what.request, options);
  what.request.borrowed = content;
  exchange_.send(std::move(what), [this, container, name, writer,
                                   then = std::move(then)](const result<response>& got) {
    if (got) return then(true);
    if (!got.error().is("BlobAlreadyExists") && got.error().status != 412) return then(got.error());
    // It may be our own: a transport or a proxy may have sent the request twice.
    head(container, name, [writer, then](result<std::optional<blob_facts>> there) {
      if (!there) return then(there.error());
      const std::optional<blob_facts>& facts = there.value();
      const auto by = facts ? facts->metadata.find("writer") : metadata::const_iterator();
      then(facts && by != facts->metadata.end() && by->second == writer);
    });
  });
}

void blob_client::get(const std::string& container, const std::string& name, byte_range range,
                      std::span<std::byte> into, const std::string& if_match,
                      then<std::optional<blob_content>> then) {
  call what = make("read blob", "GET", container, name, {});
  const bool whole = range.offset == 0 && range.size == 0;
  if (!whole) {
    const std::string last = range.size == 0 ? "" : std::to_string(range.offset + range.size - 1);
    what.request.headers.push_back(
        {"x-ms-range", "bytes=" + std::to_string(range.offset) + "-" + last});
    if (range.size > 0 && range.size <= largest_checked_range)
      what.request.headers.push_back({"x-ms-range-get-content-md5", "true"});
  }
  if (!if_match.empty()) what.request.headers.push_back({"If-Match", if_match});
  what.request.into = into;
  what.request.max_body = std::size_t{4} << 30;
  const bool checked = whole || what.request.find("x-ms-range-get-content-md5") != nullptr;
  const std::string of = what.what;
  exchange_.send(std::move(what),
                 [of, checked, into, then = std::move(then)](result<response> got) {
                   answers::take_content(of, checked, into, std::move(got), then);
                 });
}

void blob_client::head(const std::string& container, const std::string& name,
                       then<std::optional<blob_facts>> then) {
  exchange_.send(make("look at blob", "HEAD", container, name, {}),
                 [then = std::move(then)](const result<response>& got) {
                   if (got) return then(std::optional(answers::facts_of(got.value())));
                   if (got.error().status == 404) return then(std::optional<blob_facts>());
                   then(got.error());
                 });
}

void blob_client::remove(const std::string& container, const std::string& name, then<bool> then) {
  call what = make("remove blob", "DELETE", container, name, {});
  what.request.headers.push_back({"x-ms-delete-snapshots", "include"});
  what.done_already = {"BlobNotFound"};
  exchange_.send(std::move(what),
                 answers::unless({"BlobNotFound", "ContainerNotFound"}, std::move(then)));
}

void blob_client::set_metadata(const std::string& container, const std::string& name,
                               const metadata& facts, const std::string& with_lease,
                               then<done> then) {
  call what = make("write metadata of blob", "PUT", container, name, "comp=metadata");
  put_metadata(what.request, facts);
  if (!with_lease.empty()) what.request.headers.push_back({"x-ms-lease-id", with_lease});
  exchange_.send(std::move(what), answers::nothing(std::move(then)));
}

void blob_client::copy_from(const std::string& source_url, const std::string& container,
                            const std::string& name, then<blob_facts> then) {
  call what = make("copy to blob", "PUT", container, name, {});
  what.request.headers.push_back({"x-ms-copy-source", source_url});
  what.request.headers.push_back({"x-ms-requires-sync", "true"});
  exchange_.send(std::move(what), answers::facts(0, std::move(then)));
}

void blob_client::put_block(const std::string& container, const std::string& name,
                            const std::string& id, std::span<const std::byte> content,
                            then<done> then) {
  call what = make("write a block of blob", "PUT", container, name,
                   "comp=block&blockid=" + percent_encoded(id));
  what.request.headers.push_back({"Content-MD5", base64(md5(content))});
  what.request.borrowed = content;
  exchange_.send(std::move(what), answers::nothing(std::move(then)));
}

void blob_client::put_block_list(const std::string& container, const std::string& name,
                                 const std::vector<std::string>& ids, const std::string& md5_text,
                                 const put_options& options, then<blob_facts> then) {
  call what = make("commit blob", "PUT", container, name, "comp=blocklist");
  put_options conditions = options;
  if (options.if_match == "*absent") {
    conditions.if_match.clear();
    what.request.headers.push_back({"If-None-Match", "*"});
  }
  put_options_into(what.request, conditions);
  if (!md5_text.empty()) what.request.headers.push_back({"x-ms-blob-content-md5", md5_text});
  what.request.headers.push_back({"Content-Type", "application/xml"});
  what.request.body = write_block_list(ids);
  exchange_.send(std::move(what), answers::facts(0, std::move(then)));
}

void blob_client::get_block_list(const std::string& container, const std::string& name,
                                 then<block_list> then) {
  auto read = answers::read<block_list>("the list of blocks", &read_block_list, then);
  exchange_.send(
      make("list the blocks of blob", "GET", container, name, "comp=blocklist&blocklisttype=all"),
      [read = std::move(read), then = std::move(then)](result<response> got) {
        if (!got && got.error().status == 404) return then(block_list());
        read(std::move(got));
      });
}

void blob_client::create_append(const std::string& container, const std::string& name,
                                then<bool> then) {
  call what = make("create append blob", "PUT", container, name, {});
  what.request.headers.push_back({"x-ms-blob-type", "AppendBlob"});
  what.request.headers.push_back({"If-None-Match", "*"});
  exchange_.send(std::move(what), answers::unless({"BlobAlreadyExists"}, std::move(then)));
}

void blob_client::append_block(const std::string& container, const std::string& name,
                               std::uint64_t position, std::span<const std::byte> content,
                               then<std::uint64_t> then) {
  call what = make("append to blob", "PUT", container, name, "comp=appendblock");
  what.request.headers.push_back({"x-ms-blob-condition-appendpos", std::to_string(position)});
  what.request.headers.push_back({"Content-MD5", base64(md5(content))});
  what.request.borrowed = content;
  const std::uint64_t after = position + content.size();
  exchange_.send(std::move(what), [=, this, then = std::move(then)](const result<response>& got) {
    if (got) return then(after);
    if (!got.error().is("AppendPositionConditionNotMet")) return then(got.error());
    // What is at this position may be ours: the answer of an earlier attempt may have been lost.
    const service_error& why = got.error();
    get(container, name, {position, content.size()}, {}, {},
        [=](result<std::optional<blob_content>> there) {
          if (!there) return then(there.error());
          const auto& found = there.value();
          const std::string_view sent(reinterpret_cast<const char*>(content.data()),
                                      content.size());
          if (found && found->body == sent) return then(after);
          then(why);
        });
  });
}

void blob_client::lease(const std::string& action, const std::string& container,
                        const std::string& name, std::vector<header> headers,
                        std::vector<std::string_view> lost, then<bool> then) {
  call what = make(action + " the lease of blob", "PUT", container, name, "comp=lease");
  what.request.headers.push_back({"x-ms-lease-action", action});
  for (header& one : headers)
    what.request.headers.push_back(std::move(one));
  exchange_.send(std::move(what), answers::unless(std::move(lost), std::move(then)));
}

void blob_client::acquire_lease(const std::string& container, const std::string& name,
                                const std::string& id, int seconds, then<bool> then) {
  lease("acquire", container, name,
        {{"x-ms-lease-duration", std::to_string(seconds)}, {"x-ms-proposed-lease-id", id}},
        {"LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"}, std::move(then));
}

void blob_client::renew_lease(const std::string& container, const std::string& name,
                              const std::string& id, then<bool> then) {
  lease("renew", container, name, {{"x-ms-lease-id", id}},
        {"LeaseIdMismatchWithLeaseOperation", "LeaseIsBrokenAndCannotBeRenewed", "BlobNotFound",
         "ContainerNotFound", "LeaseNotPresentWithLeaseOperation"},
        std::move(then));
}

void blob_client::release_lease(const std::string& container, const std::string& name,
                                const std::string& id, then<bool> then) {
  lease("release", container, name, {{"x-ms-lease-id", id}},
        {"LeaseIdMismatchWithLeaseOperation", "BlobNotFound", "ContainerNotFound",
         "LeaseNotPresentWithLeaseOperation"},
        std::move(then));
}

void blob_client::break_lease(const std::string& container, const std::string& name,
                              then<bool> then) {
  lease("break", container, name, {{"x-ms-lease-break-period", "0"}},
        {"LeaseNotPresentWithLeaseOperation"}, std::move(then));
}

void blob_client::get_delegation_key(const std::string& start, const std::string& expiry,
                                     then<delegation_key> then) {
  call what =
      make("get a user delegation key", "POST", {}, {}, "restype=service&comp=userdelegationkey");
  what.request.headers.push_back({"Content-Type", "application/xml"});
  what.request.body = write_key_info(start, expiry);
  exchange_.send(std::move(what), answers::read<delegation_key>(
                                      "the delegation key", &read_delegation_key, std::move(then)));
}

}  // namespace clusterless::azure
