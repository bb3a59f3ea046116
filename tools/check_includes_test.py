# SPDX-License-Identifier: MIT
import importlib.machinery
import importlib.util
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
PATH = str(Path(__file__).resolve().parent / "check_includes")
LOADER = importlib.machinery.SourceFileLoader("check_includes", PATH)
SPEC = importlib.util.spec_from_loader("check_includes", LOADER)
check = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(check)


def said(files, exceptions=()):
    return check.findings(files, set(exceptions))


class Arrows(unittest.TestCase):
    def test_what_is_allowed_is_not_reported(self):
        self.assertEqual(said({
            "include/clusterless/pool.hpp": "#include <vector>\n#include <clusterless/job.hpp>\n",
            "src/session/worker.cpp": '#include "os/channel.hpp"\n#include "session/worker.hpp"\n',
            "src/engine/local/x.cpp": '#include "engine/engine.hpp"\n#include "session/host.hpp"\n',
            "src/os/bell.cpp": "#include <sys/eventfd.h>\n",
            "src/store/store_test.cpp": '#include <sys/mman.h>\n#include "support/a.hpp"\n',
        }), [])

    def test_an_arrow_against_the_direction_is_reported_with_its_line(self):
        self.assertEqual(said({"src/core/text.cpp": '\n#include "os/bell.hpp"\n'}),
                         ["src/core/text.cpp:2: os/bell.hpp: src/core may not include src/os"])

    def test_an_engine_sees_no_other_engine(self):
        self.assertEqual(len(said({"src/session/a.cpp": '#include "engine/local/x.hpp"\n'})), 1)
        self.assertEqual(len(said({"src/engine/engine.hpp": '#include "engine/local/x.hpp"\n'})), 1)

    def test_public_headers_include_the_standard_library_only(self):
        self.assertEqual(len(said({"include/clusterless/a.hpp": "#include <unistd.h>\n"})), 1)
        self.assertEqual(len(said({"include/clusterless/a.hpp": '#include "core/text.hpp"\n'})), 1)

    def test_parts_of_the_system_belong_to_one_room(self):
        self.assertEqual(len(said({"src/session/a.cpp": "#include <sys/epoll.h>\n"})), 1)
        self.assertEqual(len(said({"src/core/a.cpp": "#include <thread>\n"})), 1)

    def test_a_folder_that_is_no_room_is_reported(self):
        self.assertEqual(len(said({"src/misc/a.cpp": '#include "core/text.hpp"\n'})), 1)


class Names(unittest.TestCase):
    def test_a_using_declaration_that_is_not_used_is_reported(self):
        self.assertEqual(said({"tests/unit/a.cpp": "using std::string;\nusing a::b;\nb x;\n"}),
                         ["tests/unit/a.cpp:1: string: this name is not used"])
        self.assertEqual(said({"tests/unit/a.hpp": "using std::string;\n",
                               "tests/unit/a.cpp": "using word = std::string;\n"}), [])


class Exceptions(unittest.TestCase):
    long_file = {"src/os/a.cpp": "\n" * 401}

    def test_a_long_file_needs_a_reason(self):
        self.assertEqual(len(said(self.long_file)), 1)
        self.assertEqual(said(self.long_file, [("size", "src/os/a.cpp", "")]), [])

    def test_an_exception_that_is_not_needed_is_reported(self):
        self.assertEqual(len(said({}, [("size", "src/os/a.cpp", "")])), 1)

    def test_an_exception_without_a_reason_is_refused(self):
        self.assertEqual(check.read_exceptions("# x\nsize src/a.cpp: one table\n"),
                         {("size", "src/a.cpp", "")})
        with self.assertRaises(SystemExit):
            check.read_exceptions("size src/a.cpp\n")


if __name__ == "__main__":
    unittest.main()
