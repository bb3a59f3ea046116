// SPDX-License-Identifier: MIT
#include "config/document.hpp"

#include <string>

#include <doctest/doctest.h>
#include <clusterless/error.hpp>

namespace config = clusterless::config;

namespace {

constexpr config::document_rules one_object = {false, true, "{\"_A\": \"1\"}"};
constexpr config::document_rules secret_array = {true, false, "{\"_A\": \"1\"}"};

std::string refusal(std::string_view text, const config::document_rules& rules = one_object) {
  try {
    config::parse_document(text, "f.json", rules);
  } catch (const clusterless::error& refused) {
    CHECK(refused.kind() == clusterless::error_kind::misuse);
    return refused.what();
  }
  return "accepted";
}

std::string not_json(const std::string& where, const std::string& what) {
  return "f.json " + where + ": this is not JSON: " + what;
}

}  // namespace

TEST_CASE("every key has its line, its kind and its value as written") {
  const auto objects = config::parse_document(
      "{\n\"a\": \"x\", \"b\"\n:\n12,\n\n\"c\": 2.50, \"d\": null, \"e\": [1, {\"q\": 2}],\n"
      "\"f\": {\"g\": {}}, \"h\": true, \"i\": 99999999999999999999, \"j\": -3\n}",
      "f.json", one_object);

  REQUIRE(objects.size() == 1);
  std::string all;
  for (const config::entry& each : objects[0].entries) {
    all += each.key + " " + std::to_string(each.line) + " " + config::shown(each) + "\n";
  }
  CHECK(all ==
        "a 2 \"x\"\nb 2 12\nc 6 2.50\nd 6 null\ne 6 an array\nf 7 an object\nh 7 true\n"
        "i 7 99999999999999999999\nj 7 -3\n");
}

TEST_CASE("a byte-order mark is skipped and does not shift lines and columns") {
  CHECK(config::parse_document("\xef\xbb\xbf{}", "f.json", one_object).size() == 1);
  CHECK(refusal("\xef\xbb\xbf?") == not_json("line 1 column 1", "found \"?\" instead of \"{\""));
  CHECK(refusal("\xff\xfe{") == "f.json: the file is UTF-16, which JSON is not; save it as UTF-8");
}

TEST_CASE("text that ends early is told with what is missing") {
  CHECK(refusal("") ==
        not_json("line 1 column 1", "the file is empty; write at least {\"_A\": \"1\"}"));
  CHECK(refusal(" \n ") ==
        not_json("line 2 column 2", "the file is empty; write at least {\"_A\": \"1\"}"));
  CHECK(refusal("{") == not_json("line 1 column 2",
                                 "the file ends here, but a key in double "
                                 "quotes or \"}\" is missing"));
  CHECK(refusal("{\"a\": \"1\"\n") ==
        not_json("line 2 column 1", "the file ends here, but \",\" or \"}\" is missing"));
  CHECK(refusal("{\"a\"") ==
        not_json("line 1 column 5",
                 "the file ends here, but \":\" between key and value is missing"));
  CHECK(refusal("{\"a\":") ==
        not_json("line 1 column 6", "the file ends here, but a value is missing"));
}

TEST_CASE("the usual slips are told with their cure") {
  CHECK(refusal("{\n \"a\": \"1\",\n}") ==
        not_json("line 3 column 1",
                 "found \"}\" instead of a key in double quotes; remove the comma before it"));
  CHECK(
      refusal("{\"a\": \"1\"\n \"b\": \"2\"}") ==
      not_json("line 2 column 2", "found \"b\" instead of \",\" or \"}\"; put a comma before it"));
  CHECK(refusal("{'a': 1}") == not_json("line 1 column 2",
                                        "found \"'\" instead of a key in double quotes or \"}\"; "
                                        "texts stand in double quotes"));
  CHECK(refusal("{\"a\": two}") ==
        not_json("line 1 column 7",
                 "found \"two\" instead of a value; texts stand in double quotes"));
  CHECK(refusal("{\"a\": tru}") ==
        not_json("line 1 column 7",
                 "found \"tru\" instead of a value; texts stand in double quotes"));
  CHECK(refusal("{\"a\": “x”}") ==
        not_json("line 1 column 7",
                 "found \"“x”\" instead of a value; texts stand in double quotes"));
  CHECK(refusal("{\"a\": 1 // one\n}") ==
        not_json("line 1 column 9", "found \"/\" instead of \",\" or \"}\"; JSON has no comments"));
  CHECK(refusal("{\"a\": 01}") ==
        not_json("line 1 column 7",
                 "found \"01\" instead of a value; JSON writes numbers as 5, -5 or 0.5"));
  CHECK(refusal("{\"a\" 1}") ==
        not_json("line 1 column 6", "found \"1\" instead of \":\" between key and value"));
  CHECK(refusal("{\"é\": 1}}") ==
        not_json("line 1 column 9", "found \"}\" instead of the end of the file"));
  CHECK(refusal("{\"a\": [1,]}") ==
        not_json("line 1 column 10", "found \"]\" instead of a value; remove the comma before it"));
}

TEST_CASE("a broken text is told with what breaks it") {
  CHECK(refusal("{\"a\": \"x\n}") ==
        not_json("line 1 column 7", "this text has no closing quote: \"x\""));
  CHECK(refusal("{\"a\": \"x\\\"\r\n}") ==
        not_json("line 1 column 7", "this text has no closing quote: \"x\\\\\\\"\""));
  CHECK(refusal("{\"a\": \"x") ==
        not_json("line 1 column 7", "this text has no closing quote: \"x\""));
  CHECK(refusal("{\"a\": \"C:\\p\"}") ==
        not_json("line 1 column 7", "a backslash inside a text is written \\\\: \"C:\\\\p\\\"\""));
  CHECK(refusal("{\"a\": \"\\u12G4\"}") ==
        not_json("line 1 column 7", "this text holds a broken \\u escape: \"\\\\u12G4\\\"\""));
  CHECK(refusal("{\"a\": \"x\xff\"}") ==
        not_json("line 1 column 7", "this text is not UTF-8: \"x\\xff\\\"\""));
  CHECK(refusal("{\"a\": \"x\ty\"}") ==
        not_json("line 1 column 7", "this text holds a control character: \"x\\ty\\\"\""));
}

TEST_CASE("a number beyond every type is an error of its line") {
  CHECK(refusal("{\n\"a\": 1e999}") == "f.json line 2: the number 1e999 is too large");
}

TEST_CASE("a document of another shape is refused with an example") {
  CHECK(refusal("[{}]") ==
        "f.json line 1: an array where an object {…} must be; write {\"_A\": \"1\"}");
  CHECK(refusal("\n3") ==
        "f.json line 2: a single value where an object {…} must be; write {\"_A\": \"1\"}");
  CHECK(refusal("[[]]", secret_array) ==
        "f.json line 1: an array where an object {…} or an array of objects must be; write "
        "{\"_A\": \"1\"}");
}

TEST_CASE("an array of objects is read where it is allowed") {
  const auto objects =
      config::parse_document("[\n{\"a\": \"1\"},\n{\"b\": \"2\"}]", "f", secret_array);

  REQUIRE(objects.size() == 2);
  CHECK(objects[0].line == 2);
  CHECK(objects[1].line == 3);
  CHECK(objects[1].entries[0].key == "b");
}

TEST_CASE("messages about a secret document repeat nothing of it but its signs") {
  CHECK(refusal("{\"a\": hush}", secret_array) ==
        not_json("line 1 column 7",
                 "found something that may be a secret instead of a value; "
                 "texts stand in double quotes"));
  CHECK(refusal("{\"a\": \"hush\n", secret_array) ==
        not_json("line 1 column 7", "this text has no closing quote"));
  CHECK(refusal("{\"a\": 1e999}", secret_array) == "f.json line 1: the number is too large");
  CHECK(refusal("{\"a\": \"1\",}", secret_array) ==
        not_json("line 1 column 11",
                 "found \"}\" instead of a key in double quotes; remove the comma before it"));
}

TEST_CASE("deep nesting neither crashes nor is taken for a value") {
  const std::string deep = "{\"a\": " + std::string(200'000, '[') + std::string(200'000, ']') + "}";

  const auto objects = config::parse_document(deep, "f.json", one_object);

  CHECK(objects[0].entries[0].kind == config::value_kind::array);
}

TEST_CASE("many problems are told together, up to twenty") {
  const std::vector<std::string> problems(23, "p");

  CHECK_NOTHROW(config::throw_problems({}));
  try {
    config::throw_problems(problems);
    FAIL("no error");
  } catch (const clusterless::error& refused) {
    const std::string text = refused.what();
    CHECK(text.substr(0, 4) == "p\np\n");
    CHECK(text.substr(text.size() - 12) == "p\nand 3 more");
  }
}
