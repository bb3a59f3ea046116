// SPDX-License-Identifier: MIT
#include "emulator/service_error.hpp"

#include <map>

namespace clusterless::emulator {

namespace {

struct words {
  int status = 0;
  const char* message = "";
};

// Batch REST, "Batch status and error codes".
const std::map<std::string, words>& known() {
  static const std::map<std::string, words> all{
      {"AuthenticationFailed",
       {403,
        "Server failed to authenticate the request. Make sure the value of Authorization header is "
        "formed correctly including the signature."}},
      {"InvalidAuthenticationInfo",
       {400,
        "The authentication information was not provided in the correct format. Verify the value "
        "of Authorization header."}},
      {"AccountCoreQuotaReached", {409, "The specified account has reached core quota"}},
      {"ActiveJobAndScheduleQuotaReached",
       {409, "The active job and job schedule quota for the account has been reached."}},
      {"AutoScalingFormulaEvaluationError",
       {400, "The specified autoscale formula failed to evaluate."}},
      {"AutoScalingFormulaSyntaxError",
       {400, "The specified autoscale formula has a syntax error."}},
      {"ConditionNotMet",
       {412, "The condition specified using HTTP conditional header(s) is not met."}},
      {"FileNotFound", {404, "The specified file does not exist."}},
      {"InternalError", {500, "Server encountered an internal error. Please try after some time."}},
      {"InvalidAutoScalingSettings",
       {400, "The specified auto-scaling settings are not valid for this pool."}},
      {"InvalidHeaderValue",
       {400, "The value for one of the HTTP headers is not in the correct format."}},
      {"InvalidPropertyValue",
       {400, "The value provided for one of the properties in the request body is invalid."}},
      {"InvalidQueryParameterValue",
       {400, "Value for one of the query parameters specified in the request URI is invalid"}},
      {"InvalidRange",
       {416, "The range specified is invalid for the current size of the resource."}},
      {"InvalidRequestBody", {400, "The specified Request Body is not syntactically valid."}},
      {"InvalidUri", {400, "The requested URI does not represent any resource on the server."}},
      {"JobBeingDeleted", {409, "The specified job is being deleted."}},
      {"JobBeingTerminated", {409, "The specified job is being terminated."}},
      {"JobCompleted", {409, "The specified job is already in a completed state."}},
      {"JobDisabled", {409, "The specified job is already in a disabled state."}},
      {"JobExists", {409, "The specified job already exists."}},
      {"JobNotDisabled", {409, "The specified job is not in a disabled state."}},
      {"JobNotFound", {404, "The specified job does not exist."}},
      {"JobPreparationTaskNotSpecified",
       {409, "The specified job does not have a job preparation task."}},
      {"MissingRequiredProperty",
       {400, "A required property was not specified in the request body."}},
      {"MissingRequiredQueryParameter",
       {400, "A query parameter that's mandatory for this request is not specified."}},
      {"NodeBeingRebooted", {409, "The specified node is being rebooted."}},
      {"NodeNotFound", {404, "The specified node does not exist."}},
      {"NodeNotReady",
       {409, "The specified node is not in a state in which it can do what was asked for."}},
      {"NodeAlreadyInTargetSchedulingState",
       {409, "The specified node is already in the target scheduling state."}},
      {"OperationInvalidForCurrentState",
       {409, "The specified operation is not valid for the current state of the resource."}},
      {"OperationTimedOut",
       {500,
        "Operation could not be completed within the specified time. The operation may or may not "
        "have succeeded on the server side. Please query the resource state before retrying."}},
      {"OutOfRangeInput", {400, "A value in the request is out of range."}},
      {"PoolBeingDeleted", {409, "The specified pool is being deleted."}},
      {"PoolBeingResized", {409, "The specified pool is being resized."}},
      {"PoolExists", {409, "The specified pool already exists."}},
      {"PoolNotEligibleForOperation", {409, "The operation is not allowed on the specified pool."}},
      {"PoolNotFound", {404, "The specified pool does not exist."}},
      {"PoolQuotaReached", {409, "The pool quota for the account has been reached."}},
      {"RequestBodyTooLarge",
       {413, "The request body is too large and exceeds the maximum permissible limit."}},
      {"ResourceNotFound", {404, "The specified resource does not exist."}},
      {"ServerBusy",
       {503, "The server is currently unable to receive requests. Please retry your request."}},
      {"TaskCompleted", {409, "The specified task is already in a completed state."}},
      {"TaskExists", {409, "The specified task already exists."}},
      {"TaskFilesCleanedup", {404, "The files of the specified task have been removed."}},
      {"TaskFilesUnavailable", {404, "The files of the specified task are not available."}},
      {"TaskNotCompleted", {409, "The specified task is not in a completed state."}},
      {"TaskNotFound", {404, "The specified task does not exist."}},
      {"TaskSucceeded", {409, "The specified task has already succeeded."}},
      {"TaskDependenciesNotSpecifiedOnJob",
       {409, "The job has to set usesTaskDependencies for its tasks to depend on each other."}},
      {"TooManyEnableAutoScaleRequests",
       {503, "The pool was asked to enable automatic scaling too often. Please retry later."}},
      {"TooManyRequests",
       {429, "Request failed as server encountered too many requests. Please try again."}},
      {"UnsupportedHttpVerb", {405, "The resource doesn't support the specified HTTP verb."}},
      {"UnsupportedRequestVersion",
       {400, "The specified API version in the request is not supported."}},
  };
  return all;
}

}  // namespace

service_error service_says(const std::string& code, service_error::pairs values) {
  const auto at = known().find(code);
  if (at == known().end())
    return service_error(400, code, "The request is not valid: " + code + '.', std::move(values));
  return service_error(at->second.status, code, at->second.message, std::move(values));
}

void refuse(const std::string& code, service_error::pairs values) {
  throw service_says(code, std::move(values));
}

void bad_property(const std::string& name, const std::string& value, const std::string& reason) {
  refuse("InvalidPropertyValue",
         {{"PropertyName", name}, {"PropertyValue", value}, {"Reason", reason}});
}

void bad_query(const std::string& name, const std::string& value, const std::string& reason) {
  refuse("InvalidQueryParameterValue",
         {{"QueryParameterName", name}, {"QueryParameterValue", value}, {"Reason", reason}});
}

}  // namespace clusterless::emulator
