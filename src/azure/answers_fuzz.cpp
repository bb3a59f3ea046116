// SPDX-License-Identifier: MIT
// Hostile bytes as answers of Batch, Blob and the token services, and as headers: whatever they
// are, reading them gives a value or nothing, an error has a text, and no signature survives
// scrubbing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "azure/batch_json.hpp"
#include "azure/retry.hpp"
#include "azure/service_error.hpp"
#include "azure/text.hpp"
#include "azure/token_errors.hpp"
#include "azure/xml.hpp"

namespace azure = clusterless::azure;
namespace batch = clusterless::azure::batch;

namespace {

void read_batch(std::string_view text) {
  batch::read<batch::pool_info>(text);
  batch::read<batch::node_info>(text);
  batch::read<batch::job_info>(text);
  batch::read<batch::task_info>(text);
  batch::read<batch::task_counts>(text);
  batch::read<batch::formula_run>(text);
  batch::read<batch::login_address>(text);
  batch::read_page<batch::pool_info>(text);
  batch::read_page<batch::node_counts>(text);
  batch::read_page<batch::image_support>(text);
  batch::read_page<batch::file_info>(text);
  batch::read_page<batch::node_preparation>(text);
  batch::read_page<batch::subtask_info>(text);
  batch::read_page<batch::task_added>(text);
}

void read_blob(std::string_view text) {
  azure::read_blob_error(text);
  azure::read_blob_page(text);
  azure::read_container_page(text);
  azure::read_block_list(text);
  azure::read_delegation_key(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_batch(text);
  read_blob(text);
  azure::response from;
  from.status = 400;
  from.body = text;
  from.headers = {{"Date", std::string(text)}, {"x-ms-error-code", std::string(text)}};
  const azure::service_error why = azure::read_error(from, "do it", text, 0);
  if (why.text().empty() || azure::explain_token_error(why, "t", "c").text().empty()) std::abort();
  azure::parse_retry_after(text, 0);
  azure::parse_iso_time(text);
  const std::string hidden = azure::scrubbed("sig=" + std::string(text));
  if (!text.empty() && hidden.starts_with("sig=") && text.front() == 'A' &&
      hidden.compare(4, 3, "***") != 0)
    std::abort();
  azure::to_text(azure::parse_query(text));
  return 0;
}
