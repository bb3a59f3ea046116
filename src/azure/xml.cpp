// SPDX-License-Identifier: MIT
#include "azure/xml.hpp"

#include <pugixml.hpp>

#include "azure/text.hpp"

namespace clusterless::azure {
namespace {

/// The root named `root` of `text`, kept in `document`; an empty node when it is another text.
pugi::xml_node root_of(pugi::xml_document& document, std::string_view text, const char* root) {
  const auto read = document.load_buffer(text.data(), text.size(), pugi::parse_default);
  return read ? document.child(root) : pugi::xml_node();
}

std::string written(const pugi::xml_document& document) {
  struct : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override {
      text.append(static_cast<const char*>(data), size);
    }
  } out;
  document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(out.text);
}

std::vector<block> blocks_in(const pugi::xml_node& list) {
  std::vector<block> out;
  for (const pugi::xml_node& one : list.children("Block"))
    out.push_back({one.child_value("Name"), one.child("Size").text().as_ullong()});
  return out;
}

}  // namespace

std::optional<blob_error> read_blob_error(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, text, "Error");
  if (!root) return std::nullopt;
  return blob_error{root.child_value("Code"), root.child_value("Message")};
}

std::optional<blob_page> read_blob_page(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, text, "EnumerationResults");
  if (!root) return std::nullopt;
  blob_page out;
  out.next = root.child_value("NextMarker");
  for (const pugi::xml_node& one : root.child("Blobs").children("Blob")) {
    const pugi::xml_node facts = one.child("Properties");
    blob_entry& to = out.blobs.emplace_back();
    const pugi::xml_node name = one.child("Name");
    to.name = name.attribute("Encoded").as_bool() ? percent_decoded(name.child_value())
                                                  : name.child_value();
    to.size = facts.child("Content-Length").text().as_ullong();
    to.etag = facts.child_value("Etag");
    to.type = facts.child_value("BlobType");
    to.modified_s = parse_http_date(facts.child_value("Last-Modified")).value_or(0);
    to.leased = std::string_view(facts.child_value("LeaseState")) == "leased";
  }
  return out;
}

std::optional<container_page> read_container_page(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, text, "EnumerationResults");
  if (!root) return std::nullopt;
  container_page out;
  out.next = root.child_value("NextMarker");
  for (const pugi::xml_node& one : root.child("Containers").children("Container"))
    out.names.emplace_back(one.child_value("Name"));
  return out;
}

std::optional<block_list> read_block_list(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, text, "BlockList");
  if (!root) return std::nullopt;
  return block_list{blocks_in(root.child("CommittedBlocks")),
                    blocks_in(root.child("UncommittedBlocks"))};
}

std::string write_block_list(const std::vector<std::string>& ids) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("BlockList");
  for (const std::string& id : ids)
    root.append_child("Latest").text().set(id.c_str());
  return written(document);
}

std::optional<delegation_key> read_delegation_key(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, text, "UserDelegationKey");
  if (!root) return std::nullopt;
  return delegation_key{root.child_value("SignedOid"),     root.child_value("SignedTid"),
                        root.child_value("SignedStart"),   root.child_value("SignedExpiry"),
                        root.child_value("SignedService"), root.child_value("SignedVersion"),
                        root.child_value("Value")};
}

std::string write_key_info(std::string_view start, std::string_view expiry) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("KeyInfo");
  root.append_child("Start").text().set(std::string(start).c_str());
  root.append_child("Expiry").text().set(std::string(expiry).c_str());
  return written(document);
}

}  // namespace clusterless::azure
