# SPDX-License-Identifier: MIT
"""azure-batch for Python drives the emulator: python_test.py CLUSTERLESS"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

from emulator_process import AGENT, DEADLINE, IMAGE, Emulator, skip, wait_for

try:
    import azure.batch.models as models
    from azure.batch import BatchServiceClient
    from azure.batch.batch_auth import SharedKeyCredentials
    from msrest.authentication import BasicTokenAuthentication
except ImportError as problem:
    skip(f"azure-batch for Python is not there ({problem}): apt-get install python3-azure")

TOOL = os.path.abspath(sys.argv.pop(1))


def open_and_read(path):
    with open(path) as file:
        return file.read()


def is_zombie(process):
    """Whether it is gone, or only waits to be reaped."""
    try:
        with open(f"/proc/{process}/stat") as status:
            return status.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def add_pool_and_job(client, nodes=1):
    """The pool p and the job j on it, at an emulator of one's own."""
    client.pool.add(models.PoolAddParameter(
        id="p", vm_size="small", target_dedicated_nodes=nodes,
        virtual_machine_configuration=models.VirtualMachineConfiguration(
            image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT)))
    client.job.add(models.JobAddParameter(
        id="j", pool_info=models.PoolInformation(pool_id="p")))


class PythonTest(unittest.TestCase):
    ARGUMENTS = ()

    @classmethod
    def setUpClass(cls):
        cls.emulator = Emulator(TOOL, *cls.ARGUMENTS)
        cls.client = BatchServiceClient(
            SharedKeyCredentials(cls.emulator.account, cls.emulator.key),
            batch_url=cls.emulator.url)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.emulator.close()

    def setUp(self):
        self.name = self.id().rsplit("test_", 1)[1].replace("_", "-")[:60]

    # --- helpers

    def add_pool(self, nodes=2, **more):
        self.client.pool.add(models.PoolAddParameter(
            id=self.name, vm_size="standard_e2s_v3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT),
            target_dedicated_nodes=nodes, **more))
        self.addCleanup(self.client.pool.delete, self.name)

    def add_job(self, **more):
        self.client.job.add(models.JobAddParameter(
            id=self.name, pool_info=models.PoolInformation(pool_id=self.name), **more))
        self.addCleanup(self.client.job.delete, self.name)

    def add_task(self, task, line, **more):
        self.client.task.add(self.name, models.TaskAddParameter(
            id=task, command_line=line, **more))

    def task(self, task):
        return self.client.task.get(self.name, task)

    def completed(self, task):
        def over():
            found = self.task(task)
            return found if found.state == models.TaskState.completed else None
        return wait_for(over, f"task {task} to be completed")

    def text(self, task, path):
        return b"".join(self.client.file.get_from_task(self.name, task, path)).decode()

    def refused(self, code, call, *arguments, **more):
        with self.assertRaises(models.BatchErrorException) as caught:
            call(*arguments, **more)
        self.assertEqual(caught.exception.error.code, code)
        return caught.exception

    # --- pools and nodes

    def test_pool_lives_and_dies(self):
        self.add_pool(3, display_name="three")
        pool = self.client.pool.get(self.name)
        self.assertEqual((pool.current_dedicated_nodes, pool.display_name), (3, "three"))
        self.assertTrue(self.client.pool.exists(self.name))
        self.assertEqual(
            {node.state for node in self.client.compute_node.list(self.name)},
            {models.ComputeNodeState.idle})
        self.client.pool.resize(self.name, models.PoolResizeParameter(target_dedicated_nodes=1))
        wait_for(lambda: self.client.pool.get(self.name).current_dedicated_nodes == 1, "one node")
        nodes = list(self.client.compute_node.list(self.name))
        self.client.pool.remove_nodes(
            self.name, models.NodeRemoveParameter(node_list=[nodes[0].id]))
        wait_for(lambda: not list(self.client.compute_node.list(self.name)), "no nodes")
        counts = [each for each in self.client.account.list_pool_node_counts()
                  if each.pool_id == self.name]
        self.assertEqual(counts[0].dedicated.total, 0)

    def test_pool_errors(self):
        self.add_pool(1)
        self.refused("PoolExists", self.add_pool, 1)
        self.refused("PoolNotFound", self.client.pool.get, "nowhere")
        self.refused("NodeNotFound", self.client.compute_node.get, self.name, "nothing")
        self.assertFalse(self.client.pool.exists("nowhere"))
        self.refused("InvalidPropertyValue", self.client.pool.resize, self.name,
                     models.PoolResizeParameter(target_dedicated_nodes=-1))
        stale = models.PoolGetOptions(if_match="0x8D0000000000000")
        self.refused("ConditionNotMet", self.client.pool.get, self.name, pool_get_options=stale)

    def test_nodes_reboot_and_disable(self):
        self.add_pool(1)
        node = next(iter(self.client.compute_node.list(self.name)))
        self.client.compute_node.reboot(self.name, node.id)
        wait_for(lambda: self.client.compute_node.get(self.name, node.id).state == "idle", "idle")
        self.client.compute_node.disable_scheduling(self.name, node.id)
        self.assertEqual(self.client.compute_node.get(self.name, node.id).scheduling_state,
                         models.SchedulingState.disabled)
        self.client.compute_node.enable_scheduling(self.name, node.id)
        login = self.client.compute_node.get_remote_login_settings(self.name, node.id)
        self.assertTrue(login.remote_login_ip_address.startswith("127.0.1."))

    def test_start_task_failure_is_shown(self):
        self.add_pool(1, start_task=models.StartTask(
            command_line="/bin/sh -c 'echo broken; exit 4'", wait_for_success=True))
        node = wait_for(
            lambda: [each for each in self.client.compute_node.list(self.name)
                     if each.state == "starttaskfailed"], "a failed start task")[0]
        self.assertEqual(node.start_task_info.exit_code, 4)
        said = self.client.file.get_from_compute_node(self.name, node.id, "startup/stdout.txt")
        self.assertEqual(b"".join(said), b"broken\n")

    def test_autoscale(self):
        self.add_pool(0)
        self.client.pool.enable_auto_scale(self.name, "$TargetDedicatedNodes = 2;")
        wait_for(lambda: self.client.pool.get(self.name).current_dedicated_nodes == 2, "two nodes")
        run = self.client.pool.evaluate_auto_scale(self.name, "$TargetDedicatedNodes = 1 + 4;")
        self.assertIn("$TargetDedicatedNodes=5;", run.results)
        wrong = self.client.pool.evaluate_auto_scale(self.name, "$TargetDedicatedNodes = ;")
        self.assertEqual(wrong.error.code, "AutoScalingFormulaSyntaxError")
        self.client.pool.disable_auto_scale(self.name)

    def test_images(self):
        images = list(self.client.account.list_supported_images(
            models.AccountListSupportedImagesOptions(filter="verificationType eq 'verified'")))
        self.assertTrue(images)
        self.assertEqual({each.verification_type for each in images}, {"verified"})

    # --- jobs and tasks

    def test_tasks_run(self):
        self.add_pool()
        self.add_job()
        self.add_task("good", "/bin/sh -c 'echo $AZ_BATCH_TASK_ID $NAME; echo no >&2; echo x > f'",
                      environment_settings=[models.EnvironmentSetting(name="NAME", value="a b")])
        self.add_task("bad", "/bin/sh -c 'exit 3'")
        self.add_task("missing", "/no/such/program")
        self.assertEqual(self.completed("good").execution_info.result, "success")
        self.assertEqual(self.text("good", "stdout.txt"), "good a b\n")
        self.assertEqual(self.text("good", "stderr.txt"), "no\n")
        bad = self.completed("bad").execution_info
        self.assertEqual((bad.exit_code, bad.failure_info.code), (3, "FailureExitCode"))
        missing = self.completed("missing").execution_info
        self.assertEqual(missing.failure_info.code, "CommandProgramNotFound")
        self.assertIsNone(missing.exit_code)
        self.client.task.reactivate(self.name, "bad")
        wait_for(lambda: self.completed("bad").execution_info.exit_code == 3, "a second end")
        self.refused("TaskSucceeded", self.client.task.reactivate, self.name, "good")
        counts = wait_for(lambda: (lambda now: now if now.completed == 3 else None)(
            self.client.job.get_task_counts(self.name).task_counts), "three completed")
        self.assertEqual((counts.succeeded, counts.failed), (1, 2))

    def test_files(self):
        self.add_pool(1)
        self.add_job()
        self.add_task("t", "/bin/sh -c 'mkdir \"sub dir\"; printf 0123456789 > \"sub dir/o.txt\"'")
        self.completed("t")
        names = {each.name for each in self.client.file.list_from_task(
            self.name, "t", recursive=True)}
        self.assertLessEqual({"stdout.txt", "wd", "wd/sub dir/o.txt"}, names)
        self.assertEqual(self.text("t", "wd/sub dir/o.txt"), "0123456789")
        part = self.client.file.get_from_task(
            self.name, "t", "wd/sub dir/o.txt",
            models.FileGetFromTaskOptions(ocp_range="bytes=2-4"))
        self.assertEqual(b"".join(part), b"234")
        head = self.client.file.get_properties_from_task(
            self.name, "t", "wd/sub dir/o.txt", raw=True).headers
        self.assertEqual(int(head["Content-Length"]), 10)
        self.assertEqual(str(head["ocp-batch-file-isdirectory"]), "False")
        for path in ("wd/none", "../../../../../../../etc/passwd"):
            self.refused("FileNotFound", lambda: b"".join(
                self.client.file.get_from_task(self.name, "t", path)))
        node = self.task("t").node_info.node_id
        listed = {each.name for each in self.client.file.list_from_compute_node(self.name, node)}
        self.assertLessEqual({"shared", "startup", "workitems"}, listed)
        self.client.file.delete_from_task(self.name, "t", "wd", recursive=True)
        self.refused("FileNotFound", lambda: b"".join(
            self.client.file.get_from_task(self.name, "t", "wd/sub dir/o.txt")))

    def test_hundreds_of_tasks_with_pages_and_filters(self):
        self.add_pool(2, task_slots_per_node=4)
        self.add_job()
        tasks = [models.TaskAddParameter(id=f"t{i:03}", command_line="/bin/true")
                 for i in range(250)]
        added = self.client.task.add_collection(self.name, tasks)
        self.assertEqual(len(added.value), 250)
        wait_for(lambda: self.client.job.get_task_counts(
            self.name).task_counts.completed == 250, "all tasks")
        pages = self.client.task.list(self.name, models.TaskListOptions(
            max_results=100, filter="state eq 'completed'", select="id,state"))
        found = list(pages)
        self.assertEqual(sorted(each.id for each in found), [each.id for each in tasks])
        self.assertIsNone(found[0].command_line)
        some = self.client.task.list(self.name, models.TaskListOptions(
            filter="startswith(id,'t01') and executionInfo/exitCode eq 0"))
        self.assertEqual(len(list(some)), 10)
        self.refused("InvalidQueryParameterValue", lambda: list(
            self.client.task.list(self.name, models.TaskListOptions(filter="state is good"))))
        again = self.client.task.add_collection(self.name, tasks[:10])
        self.assertEqual({each.error.code for each in again.value}, {"TaskExists"})

    def test_terminate_disable_and_delete(self):
        self.add_pool(1)
        self.add_job()
        self.add_task("long", "/bin/sh -c 'sleep 1000 & sleep 1000'")
        wait_for(lambda: self.task("long").state == "running", "a running task")
        self.client.task.terminate(self.name, "long")
        self.assertEqual(self.completed("long").execution_info.failure_info.code, "TaskEnded")
        self.refused("TaskCompleted", self.client.task.terminate, self.name, "long")
        self.add_task("again", "/bin/sleep 1000")
        wait_for(lambda: self.task("again").state == "running", "a running task")
        self.client.job.disable(self.name, "requeue")
        wait_for(lambda: self.client.job.get(self.name).state == "disabled", "a disabled job")
        self.assertEqual(self.task("again").state, "active")
        self.client.job.enable(self.name)
        wait_for(lambda: self.task("again").state == "running", "a running task")
        self.client.task.delete(self.name, "again")
        self.refused("TaskNotFound", self.client.task.get, self.name, "again")
        self.client.job.terminate(self.name, terminate_reason="enough")
        wait_for(lambda: self.client.job.get(self.name).state == "completed", "a completed job")
        self.assertEqual(self.client.job.get(self.name).execution_info.terminate_reason, "enough")
        self.refused("JobCompleted", self.add_task, "late", "/bin/true")

    def test_preparation_release_and_the_end_of_all_tasks(self):
        self.add_pool(1)
        self.add_job(
            job_preparation_task=models.JobPreparationTask(
                command_line="/bin/sh -c 'echo ready > $AZ_BATCH_NODE_SHARED_DIR/flag'"),
            job_release_task=models.JobReleaseTask(
                command_line="/bin/sh -c 'cat $AZ_BATCH_NODE_SHARED_DIR/flag'"))
        self.add_task("t", "/bin/sh -c 'cat $AZ_BATCH_NODE_SHARED_DIR/flag; ls -d "
                           "$AZ_BATCH_JOB_PREP_WORKING_DIR'")
        self.completed("t")
        self.assertTrue(self.text("t", "stdout.txt").startswith("ready\n/"))
        self.client.job.patch(self.name, models.JobPatchParameter(
            on_all_tasks_complete="terminatejob"))
        wait_for(lambda: self.client.job.get(self.name).state == "completed", "a completed job")
        status = list(self.client.job.list_preparation_and_release_task_status(self.name))
        self.assertEqual(status[0].job_preparation_task_execution_info.exit_code, 0)
        self.assertEqual(status[0].job_release_task_execution_info.exit_code, 0)

    def test_dependencies(self):
        self.add_pool(2)
        self.add_job(uses_task_dependencies=True)
        self.add_task("last", "/bin/sh -c 'date +%N'",
                      depends_on=models.TaskDependencies(task_ids=["first"]))
        self.assertEqual(self.task("last").state, "active")
        self.add_task("first", "/bin/true")
        self.assertEqual(self.completed("last").execution_info.result, "success")

    def test_multi_instance_task(self):
        self.add_pool(3, enable_inter_node_communication=True)
        self.add_job()
        self.add_task(
            "mpi",
            "/bin/sh -c 'echo $AZ_BATCH_HOST_LIST $AZ_BATCH_IS_CURRENT_NODE_MASTER; "
            "cat $AZ_BATCH_TASK_SHARED_DIR/coordinated; kill -0 $(cat $AZ_BATCH_TASK_SHARED_DIR/pid)'",
            multi_instance_settings=models.MultiInstanceSettings(
                number_of_instances=3,
                coordination_command_line=
                "/bin/sh -c 'echo yes > $AZ_BATCH_TASK_SHARED_DIR/coordinated; "
                "sleep 1000 & echo $! > $AZ_BATCH_TASK_SHARED_DIR/pid'"))
        done = self.completed("mpi")
        self.assertEqual(done.execution_info.result, "success", self.text("mpi", "stderr.txt"))
        said = self.text("mpi", "stdout.txt").split()
        self.assertEqual(len(said[0].split(",")), 3)
        self.assertEqual(said[1:], ["true", "yes"])
        others = self.client.task.list_subtasks(self.name, "mpi").value
        self.assertEqual([(each.id, each.exit_code) for each in others], [(1, 0), (2, 0)])
        process = int(self.text("mpi", "pid"))
        wait_for(lambda: is_zombie(process),
                 "what the coordination left to end")

    # --- faults

    def test_throttling_is_retried(self):
        for status in (429, 503, 500):
            rules = self.emulator.faults({"match": {"method": "GET", "path": "/jobs"}, "times": 2,
                                          "status": status, "retry_after": 0})
            list(self.client.job.list())
            self.assertEqual(self.emulator.faults()[-1]["hits"], 2, rules)
            self.emulator.no_faults()

    def test_connections_are_reset_before_and_after(self):
        self.add_pool(0)
        self.add_job()
        self.emulator.faults({"match": {"method": "POST", "path": "/tasks"}, "reset": "after"})
        try:
            self.add_task("once", "/bin/true")
        except models.BatchErrorException as caught:
            self.assertEqual(caught.error.code, "TaskExists")  # sent again by the client
        except Exception as caught:
            self.assertNotIsInstance(caught, AssertionError)
        self.assertEqual(self.task("once").id, "once")
        self.emulator.no_faults()

    def test_truncated_and_slow_bodies(self):
        images = {"match": {"path": "/supportedimages"}}
        whole = len(list(self.client.account.list_supported_images()))
        self.emulator.faults({**images, "truncate": 100})
        with self.assertRaises(Exception):
            list(self.client.account.list_supported_images())
        self.emulator.faults({**images, "slow_ms": 1}, {**images, "skip": 1, "delay_ms": 1})
        for _ in range(2):
            self.assertEqual(len(list(self.client.account.list_supported_images())), whole)
        self.emulator.no_faults()

    def test_a_reset_before_leaves_nothing(self):
        self.emulator.faults(*[{"match": {"method": "POST", "path": "/pools"}, "times": 9,
                                "reset": "before"}])
        with self.assertRaises(Exception):
            self.client.pool.add(models.PoolAddParameter(
                id="lost", vm_size="small", target_dedicated_nodes=0,
                virtual_machine_configuration=models.VirtualMachineConfiguration(
                    image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT)))
        self.emulator.no_faults()
        self.assertFalse(self.client.pool.exists("lost"))

    def test_a_command_started_twice_counts_once(self):
        self.add_pool(1)
        self.add_job()
        self.emulator.faults({"duplicate_start": 1})
        self.add_task("twice", "/bin/sh -c 'echo ran >> $AZ_BATCH_NODE_SHARED_DIR/twice'")
        self.assertEqual(self.completed("twice").execution_info.result, "success")
        node = self.task("twice").node_info.node_id
        said = self.client.file.get_from_compute_node(self.name, node, "shared/twice")
        self.assertEqual(b"".join(said), b"ran\nran\n")

    def test_lost_nodes_come_back_when_asked_to(self):
        self.add_pool(1)
        self.add_job()
        self.add_task("t", "/bin/sh -c 'echo $$; exec sleep 1000'")
        for what in ("preempt", "lose"):
            wait_for(lambda: self.task("t").state == "running", "a running task")
            before = self.task("t").execution_info.requeue_count
            self.emulator.faults({"node": {"pool": self.name, "do": what, "back_after_ms": 1}})
            wait_for(lambda: self.task("t").execution_info.requeue_count == before + 1 and
                     self.task("t").state == "running", "the task to run again")

    def test_lost_and_preempted_nodes_cost_no_retries(self):
        self.add_pool(1)
        self.add_job()
        self.add_task("t", "/bin/sleep 1000")
        wait_for(lambda: self.task("t").state == "running", "a running task")
        self.emulator.faults({"node": {"pool": self.name, "do": "preempt",
                                       "back_after_ms": -1}})
        wait_for(lambda: self.task("t").state == "active", "a requeued task")
        self.assertEqual(self.task("t").execution_info.requeue_count, 1)
        self.assertEqual([each.state for each in self.client.compute_node.list(self.name)],
                         ["preempted"])

    def test_allocation_fails_as_asked(self):
        self.emulator.faults({"allocation": {"pool": self.name, "code": "AllocationTimedout"}})
        self.add_pool(2)
        pool = self.client.pool.get(self.name)
        self.assertEqual(pool.resize_errors[0].code, "AllocationTimedout")
        self.assertEqual(pool.current_dedicated_nodes, 0)

    # --- who may ask

    def test_signatures_and_clocks(self):
        wrong = BatchServiceClient(SharedKeyCredentials(self.emulator.account, "d3Jvbmc="),
                                   batch_url=self.emulator.url)
        self.refused("AuthenticationFailed", lambda: list(wrong.pool.list()))
        wrong.close()
        self.emulator.faults({"clock_skew_s": 3600})
        self.refused("AuthenticationFailed", lambda: list(self.client.pool.list()))
        self.emulator.no_faults()
        self.assertIsInstance(list(self.client.pool.list()), list)

    def test_tokens(self):
        form = urllib.parse.urlencode({
            "grant_type": "client_credentials", "client_id": "clusterless",
            "client_secret": self.emulator.key, "scope": "https://batch.core.windows.net/.default"})
        with urllib.request.urlopen(self.emulator.url + "/tenant/oauth2/v2.0/token",
                                    form.encode(), timeout=DEADLINE) as answer:
            token = json.load(answer)["access_token"]
        client = BatchServiceClient(BasicTokenAuthentication({"access_token": token}),
                                    batch_url=self.emulator.url)
        self.assertIsInstance(list(client.pool.list()), list)
        self.emulator.faults({"expire_tokens": True})
        self.refused("AuthenticationFailed", lambda: list(client.pool.list()))
        self.emulator.no_faults()
        client.close()


class StateTest(unittest.TestCase):
    def test_https_with_a_given_certificate(self):
        if shutil.which("openssl") is None:
            self.skipTest("the command openssl is not there")
        with tempfile.TemporaryDirectory() as place:
            certificate, key = (os.path.join(place, name) for name in ("cert.pem", "key.pem"))
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                 "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                 key, "-out", certificate], check=True, capture_output=True)
            emulator = Emulator(TOOL, "--tls-cert", certificate, "--tls-key", key)
            self.assertTrue(emulator.url.startswith("https://"))
            client = BatchServiceClient(SharedKeyCredentials(emulator.account, emulator.key),
                                        batch_url=emulator.url)
            client.config.connection.verify = certificate
            self.assertEqual(list(client.pool.list()), [])
            client.close()
            emulator.close()

    def test_pretended_nodes_run_many_tasks(self):
        emulator = Emulator(TOOL, "--pretend", "0")
        client = BatchServiceClient(SharedKeyCredentials(emulator.account, emulator.key),
                                    batch_url=emulator.url)
        add_pool_and_job(client, nodes=500)
        client.task.add_collection("j", [
            models.TaskAddParameter(id=str(i), command_line="/no/such/program")
            for i in range(1000)])
        wait_for(lambda: client.job.get_task_counts("j").task_counts.succeeded == 1000,
                 "a thousand tasks")
        client.close()
        emulator.close()

    def test_wrong_use_is_explained(self):
        for arguments, word in ((("--fault", "{}"), "no fault"), (("--fault", "x"), "JSON"),
                                (("--key", "?"), "base64"), (("--latency", "{\"boots\": 1}"), "seconds"),
                                (("--latency", "slow"), "realistic"), (("--port", "1000000"), "port"),
                                (("--tls-cert", "/none", "--tls-key", "/none"), "certificate")):
            done = subprocess.run([TOOL, "emulator", *arguments], text=True, capture_output=True,
                                  timeout=DEADLINE, stdin=subprocess.DEVNULL)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(word, done.stderr)

    def test_state_survives_a_restart(self):
        with tempfile.TemporaryDirectory() as place:
            for turn in range(2):
                emulator = Emulator(TOOL, "--state", place)
                client = BatchServiceClient(SharedKeyCredentials(emulator.account, emulator.key),
                                            batch_url=emulator.url)
                if turn == 0:
                    add_pool_and_job(client)
                    for task, line in (("done", "/bin/echo hello"), ("long", "/bin/sleep 1000")):
                        client.task.add("j", models.TaskAddParameter(id=task, command_line=line))
                    wait_for(lambda: client.task.get("j", "done").state == "completed", "done")
                    wait_for(lambda: client.task.get("j", "long").state == "running", "running")
                else:
                    self.assertEqual(client.task.get("j", "done").execution_info.exit_code, 0)
                    self.assertEqual(
                        b"".join(client.file.get_from_task("j", "done", "stdout.txt")), b"hello\n")
                    wait_for(lambda: client.task.get("j", "long").state == "running", "requeued")
                    self.assertEqual(client.task.get("j", "long").execution_info.requeue_count, 1)
                client.close()
                emulator.close()

    def test_a_killed_emulator_is_taken_up_again(self):
        with tempfile.TemporaryDirectory() as place:
            emulator = Emulator(TOOL, "--state", place)
            client = BatchServiceClient(SharedKeyCredentials(emulator.account, emulator.key),
                                        batch_url=emulator.url)
            add_pool_and_job(client)
            client.task.add("j", models.TaskAddParameter(
                id="t", command_line="/bin/sh -c 'echo $$ >> $AZ_BATCH_NODE_SHARED_DIR/pids; "
                                     "exec sleep 1000'"))
            pids = os.path.join(place, "nodes", "1", "shared", "pids")
            wait_for(lambda: os.path.exists(pids) and os.path.getsize(pids), "a running task")

            def saved():
                path = os.path.join(place, "state.json")
                return os.path.exists(path) and '"id":"t"' in open_and_read(path)
            wait_for(saved, "the state to be written")
            client.close()
            emulator.close(signal.SIGKILL)
            emulator = Emulator(TOOL, "--state", place)
            first = int(open_and_read(pids).split()[0])
            wait_for(lambda: is_zombie(first), "the first process to be ended")
            wait_for(lambda: len(open_and_read(pids).split()) == 2, "the task to run again")
            emulator.close()

    def test_nothing_runs_after_the_end(self):
        emulator = Emulator(TOOL)
        client = BatchServiceClient(SharedKeyCredentials(emulator.account, emulator.key),
                                    batch_url=emulator.url)
        add_pool_and_job(client)
        client.task.add("j", models.TaskAddParameter(
            id="t", command_line="/bin/sh -c 'setsid sleep 1000 & echo $!; exec sleep 1000'"))

        def said():
            try:
                return b"".join(client.file.get_from_task("j", "t", "stdout.txt"))
            except models.BatchErrorException:
                return None  # it has not begun

        text = wait_for(said, "its process id")
        client.close()
        emulator.close()
        wait_for(lambda: is_zombie(int(text)), "the process to be gone")


if __name__ == "__main__":
    unittest.main()
