# SPDX-License-Identifier: MIT
"""`az batch` drives the emulator: az_test.py CLUSTERLESS"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from emulator_process import DEADLINE, Emulator, skip, wait_for

if shutil.which("az") is None:
    skip("the command az is not there: apt-get install azure-cli")

TOOL = os.path.abspath(sys.argv.pop(1))
POOL = ("--vm-size", "Standard_E2s_v3", "--image", "canonical:ubuntu-24_04-lts:server",
        "--node-agent-sku-id", "batch.node.ubuntu 24.04")


class AzTest(unittest.TestCase):
    ARGUMENTS = ()

    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="clusterless-az-")
        self.prepare()
        self.emulator = Emulator(TOOL, *self.ARGUMENTS)
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AZURE_")},
            **self.emulator.environment, "AZURE_CONFIG_DIR": os.path.join(self.place, "config"),
            "AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_ONLY_SHOW_ERRORS": "true"}

    def prepare(self):
        pass

    def tearDown(self):
        self.emulator.close()
        shutil.rmtree(self.place)

    def az(self, *words, fails=False):
        return self.run_az("batch", *words, fails=fails)

    def run_az(self, *words, fails=False):
        done = subprocess.run(["az", *words, "-o", "json"], env=self.environment, text=True,
                              capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode != 0, fails, done.stderr)
        if fails:
            return done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def path(self, name):
        return os.path.join(self.place, name)


class SharedKeyTest(AzTest):
    def test_a_session(self):
        self.az("pool", "create", "--id", "p1", *POOL, "--target-dedicated-nodes", "2")
        self.assertEqual(self.az("pool", "show", "--pool-id", "p1")["currentDedicatedNodes"], 2)
        self.assertEqual(len(self.az("node", "list", "--pool-id", "p1")), 2)
        self.az("job", "create", "--id", "j1", "--pool-id", "p1")
        made = self.az("task", "create", "--job-id", "j1", "--task-id", "t1",
                       "--command-line", "/bin/sh -c 'echo hello; echo x > a.txt'")
        self.assertEqual(made["id"], "t1")
        with open(self.path("tasks.json"), "w") as file:
            json.dump([{"id": f"m{i:03}", "commandLine": "/bin/true"} for i in range(150)], file)
        self.az("task", "create", "--job-id", "j1", "--json-file", self.path("tasks.json"))
        tasks = wait_for(lambda: (lambda all: all if len(all) == 151 else None)(
            self.az("task", "list", "--job-id", "j1", "--filter", "state eq 'completed'")),
            "151 completed tasks")
        self.assertEqual({each["executionInfo"]["result"] for each in tasks}, {"success"})
        counts = self.az("job", "task-counts", "show", "--job-id", "j1")
        self.assertEqual(counts["taskCounts"]["completed"], 151)
        files = self.az("task", "file", "list", "--job-id", "j1", "--task-id", "t1",
                        "--recursive", "true")
        self.assertIn("wd/a.txt", [each["name"] for each in files])
        self.az("task", "file", "download", "--job-id", "j1", "--task-id", "t1", "--file-path",
                "stdout.txt", "--destination", self.path("out"))
        with open(self.path("out")) as file:
            self.assertEqual(file.read(), "hello\n")
        self.az("pool", "resize", "--pool-id", "p1", "--target-dedicated-nodes", "1")
        wait_for(lambda: len(self.az("node", "list", "--pool-id", "p1")) == 1, "one node")
        self.az("job", "stop", "--job-id", "j1")
        self.assertEqual(self.az("job", "show", "--job-id", "j1")["state"], "completed")
        self.az("job", "delete", "--job-id", "j1", "--yes")
        self.az("pool", "delete", "--pool-id", "p1", "--yes")
        self.assertIn("The specified pool does not exist.",
                      self.az("pool", "show", "--pool-id", "p1", fails=True))

    def test_terminate_and_reactivate(self):
        self.az("pool", "create", "--id", "p1", *POOL, "--target-dedicated-nodes", "1")
        self.az("job", "create", "--id", "j1", "--pool-id", "p1")
        self.az("task", "create", "--job-id", "j1", "--task-id", "t1",
                "--command-line", "/bin/sleep 1000")
        self.az("task", "stop", "--job-id", "j1", "--task-id", "t1")
        show = ("task", "show", "--job-id", "j1", "--task-id", "t1")
        stopped = wait_for(lambda: (lambda now: now if now["state"] == "completed" else None)(
            self.az(*show)), "a stopped task")
        self.assertEqual(stopped["executionInfo"]["failureInfo"]["code"], "TaskEnded")
        self.az("task", "reactivate", "--job-id", "j1", "--task-id", "t1")
        self.assertEqual(self.az(*show)["state"], "running")
        self.az("task", "delete", "--job-id", "j1", "--task-id", "t1", "--yes")
        self.assertIn("The specified task does not exist.", self.az(*show, fails=True))


@unittest.skipIf(shutil.which("openssl") is None, "the command openssl is not there")
class ServicePrincipalTest(AzTest):
    def prepare(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
             "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
             self.path("key.pem"), "-out", self.path("cert.pem")], check=True, capture_output=True)
        self.ARGUMENTS = ("--tls-cert", self.path("cert.pem"), "--tls-key", self.path("key.pem"),
                          "--client-id", "app1", "--client-secret", "secret")

    def test_a_token_from_a_login(self):
        port = self.emulator.url.rsplit(":", 1)[1]
        self.environment["REQUESTS_CA_BUNDLE"] = self.path("cert.pem")
        del self.environment["AZURE_BATCH_ACCESS_KEY"]
        self.environment["AZURE_BATCH_AUTH_MODE"] = "aad"
        self.run_az("cloud", "register", "-n", "clt",
                    "--endpoint-active-directory", f"https://localhost:{port}/adfs",
                    "--endpoint-resource-manager", f"https://localhost:{port}/",
                    "--endpoint-active-directory-resource-id",
                    "https://management.core.windows.net/",
                    "--endpoint-active-directory-graph-resource-id", "https://graph.windows.net/",
                    "--endpoint-management", "https://management.core.windows.net/")
        with open(os.path.join(self.environment["AZURE_CONFIG_DIR"], "clouds.config"), "a") as file:
            file.write("endpoint_batch_resource_id = https://batch.core.windows.net/\n")
        self.run_az("cloud", "set", "-n", "clt")
        login = ("login", "--service-principal", "-u", "app1", "--tenant", "adfs",
                 "--allow-no-subscriptions", "-p")
        self.assertIn("AADSTS7000215", self.run_az(*login, "wrong", fails=True))
        self.run_az(*login, "secret")
        self.assertEqual(self.az("job", "list"), [])


if __name__ == "__main__":
    unittest.main()
