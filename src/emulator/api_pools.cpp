// SPDX-License-Identifier: MIT
// Operations on pools and nodes.
#include "emulator/api.hpp"
#include "emulator/autoscale.hpp"
#include "emulator/images.hpp"
#include "emulator/odata.hpp"
#include "emulator/render.hpp"
#include "emulator/validate.hpp"

namespace clusterless::emulator {

namespace {

json body_or_empty(const http_request& request) {
  return request.body.empty() ? json::object() : parse_body(request.body);
}

/// Refuses what is no formula; that a new pool has no samples yet is no mistake.
void check_formula(const std::string& formula) {
  const std::vector<std::map<std::string, double>> no_samples;
  autoscale_inputs in;
  in.samples = &no_samples;
  const autoscale_outcome out = run_autoscale(formula, in);
  if (out.error_code == "AutoScalingFormulaSyntaxError")
    refuse(out.error_code, {{"Reason", out.error}});
}

}  // namespace

http_answer batch_api::add_pool(const call& of) {
  json body = parse_body(of.request.body);
  check_pool(body);
  if (truth_of(body, "enableAutoScale", false)) check_formula(text_of(body, "autoScaleFormula"));
  const pool& made = model_.add_pool(std::move(body));
  http_answer answer = accepted(of, 201, made.modified);
  const std::string url = of.base + "/pools/" + made.id;
  for (auto& [name, value] : answer.headers)
    if (name == "DataServiceId") value = url;
  answer.headers.emplace_back("Location", url);
  return answer;
}

http_answer batch_api::list_pools(const call& of) {
  return page_of_documents(of, "pools", model_.pools(), pool_document);
}

http_answer batch_api::get_pool(const call& of) {
  const pool& found = model_.find_pool(of.name(1));
  return entity(of, "pools", pool_document(found, of.base), found.modified);
}

http_answer batch_api::patch_pool(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  check_conditions(of, found.modified);
  if (found.deleting) refuse("PoolBeingDeleted");
  const json body = parse_body(of.request.body);
  for (const char* name :
       {"startTask", "metadata", "applicationPackageReferences", "targetNodeCommunicationMode"})
    if (body.contains(name)) found.doc[name] = body[name];
  model_.touch(found);
  return accepted(of, 200, found.modified);
}

http_answer batch_api::update_pool(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  const json body = parse_body(of.request.body);
  for (const char* name : {"metadata", "applicationPackageReferences", "certificateReferences"})
    require(body, name);
  for (const char* name : {"startTask", "metadata", "applicationPackageReferences"}) {
    found.doc.erase(name);
    if (body.contains(name)) found.doc[name] = body[name];
  }
  model_.touch(found);
  http_answer made = accepted(of, 204, found.modified);
  made.chunked = false;
  return made;
}

http_answer batch_api::delete_pool(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  check_conditions(of, found.modified);
  model_.delete_pool(found);
  return accepted(of, 202, 0);
}

http_answer batch_api::resize_pool(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  check_conditions(of, found.modified);
  const json body = parse_body(of.request.body);
  std::optional<int> dedicated;
  std::optional<int> spot;
  for (const auto& [name, into] :
       {std::pair{"targetDedicatedNodes", &dedicated}, {"targetLowPriorityNodes", &spot}}) {
    if (member(body, name).is_null()) continue;
    const auto wanted = number_of(body, name, 0);
    if (wanted < 0 || wanted > 1'000'000)
      bad_property(name, std::to_string(wanted), "The value must be between 0 and 1000000");
    *into = static_cast<int>(wanted);
  }
  if (!dedicated && !spot)
    refuse("MissingRequiredProperty", {{"PropertyName", "targetDedicatedNodes"}});
  if (found.autoscale)
    refuse("PoolNotEligibleForOperation", {{"Reason", "The pool scales itself by a formula"}});
  const ticks timeout =
      duration_in(body, "resizeTimeout", 5 * one_minute, 7 * one_day).value_or(15 * one_minute);
  model_.resize(found, dedicated, spot, timeout, deallocation_in(body, "nodeDeallocationOption"));
  return accepted(of, 202, found.modified);
}

http_answer batch_api::stop_resize(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  check_conditions(of, found.modified);
  model_.stop_resize(found);
  return accepted(of, 202, found.modified);
}

http_answer batch_api::remove_nodes(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  check_conditions(of, found.modified);
  const json body = parse_body(of.request.body);
  require(body, "nodeList");
  std::vector<std::string> ids;
  for (const json& each : body["nodeList"]) {
    if (!each.is_string()) refuse("InvalidRequestBody", {{"Reason", "nodeList is ids of nodes"}});
    ids.push_back(each.get<std::string>());
  }
  if (ids.empty() || ids.size() > 100)
    bad_property("nodeList", std::to_string(ids.size()), "1 to 100 nodes can be removed at once");
  duration_in(body, "resizeTimeout", 5 * one_minute, 7 * one_day);
  model_.remove_nodes(found, ids, deallocation_in(body, "nodeDeallocationOption"));
  return accepted(of, 202, found.modified);
}

http_answer batch_api::enable_autoscale(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  check_conditions(of, found.modified);
  const json body = parse_body(of.request.body);
  const std::string formula = text_of(body, "autoScaleFormula", found.formula);
  if (formula.empty()) refuse("MissingRequiredProperty", {{"PropertyName", "autoScaleFormula"}});
  const ticks interval =
      duration_in(body, "autoScaleEvaluationInterval", 5 * one_minute, 7 * one_day)
          .value_or(found.interval);
  const json result = model_.evaluate(found, formula);
  if (const json& wrong = member(result, "error"); wrong.is_object())
    refuse(text_of(wrong, "code"), {{"Reason", text_of(wrong, "message")}});
  model_.enable_autoscale(found, formula, interval);
  return accepted(of, 200, found.modified);
}

http_answer batch_api::disable_autoscale(const call& of) {
  pool& found = model_.find_pool(of.name(1));
  model_.disable_autoscale(found);
  return accepted(of, 200, found.modified);
}

http_answer batch_api::evaluate_autoscale(const call& of) {
  const pool& found = model_.find_pool(of.name(1));
  const json body = parse_body(of.request.body);
  require(body, "autoScaleFormula");
  if (!found.autoscale)
    refuse("PoolNotEligibleForOperation",
           {{"Reason", "Automatic scaling is not enabled for the pool"}});
  json result = model_.evaluate(found, text_of(body, "autoScaleFormula"));
  result.erase("$targets");
  json whole{{"odata.metadata", of.base + "/$metadata#autoscalerun"}};
  whole.update(result);
  http_answer made = accepted(of, 200, found.modified);
  made.headers.emplace_back("Content-Type", "application/json;odata=minimalmetadata");
  made.body = whole.dump();
  return made;
}

http_answer batch_api::node_counts(const call& of) {
  json all = json::array();
  for (const auto& [key, each] : model_.pools())
    all.push_back(node_counts_document(*each));
  return page(of, "poolnodecounts", all, 10);
}

http_answer batch_api::supported_images(const call& of) {
  return page(of, "supportedimages", known_images());
}

http_answer batch_api::nothing(const call& of) {
  return page(of, of.name(0).c_str(), json::array());
}

http_answer batch_api::list_nodes(const call& of) {
  return page_of_documents(of, "nodes", model_.find_pool(of.name(1)).nodes, node_document);
}

http_answer batch_api::get_node(const call& of) {
  const node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  http_answer made = entity(of, "nodes", node_document(found, of.base), found.state_time);
  std::erase_if(made.headers, [](const auto& each) { return each.first == "ETag"; });
  return made;
}

http_answer batch_api::reboot_node(const call& of) {
  node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  model_.restart_node(found, node_state::rebooting,
                      deallocation_in(body_or_empty(of.request), "nodeRebootOption"));
  return accepted(of, 202, found.state_time);
}

http_answer batch_api::reimage_node(const call& of) {
  node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  model_.restart_node(found, node_state::reimaging,
                      deallocation_in(body_or_empty(of.request), "nodeReimageOption"));
  return accepted(of, 202, found.state_time);
}

http_answer batch_api::disable_scheduling(const call& of) {
  node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  model_.set_schedulable(found, false,
                         deallocation_in(body_or_empty(of.request), "nodeDisableSchedulingOption"));
  return accepted(of, 200, found.state_time);
}

http_answer batch_api::enable_scheduling(const call& of) {
  node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  model_.set_schedulable(found, true, deallocation::requeue);
  return accepted(of, 200, found.state_time);
}

http_answer batch_api::remote_login(const call& of) {
  const node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  http_answer made = accepted(of, 200, found.state_time);
  made.headers.emplace_back("Content-Type", "application/json;odata=minimalmetadata");
  made.body = json{
      {"odata.metadata", of.base + "/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container."
                                   "ComputeNodeGetRemoteLoginSettingsResult"},
      {"remoteLoginIPAddress", found.address()},
      {"remoteLoginPort",
       22}}.dump();
  return made;
}

}  // namespace clusterless::emulator
