# SPDX-License-Identifier: MIT
"""Resource and output files of tasks, against Azurite: azurite_test.py CLUSTERLESS AZURITE_MAIN_JS"""
import datetime
import os
import shutil
import socket
import sys
import unittest

from emulator_process import AGENT, IMAGE, Emulator, skip, wait_for

MAIN = os.path.abspath(sys.argv.pop(2))
TOOL = os.path.abspath(sys.argv.pop(1))
if shutil.which("node") is None or not os.path.exists(MAIN):
    skip(f"Azurite is not at {MAIN}, or there is no node")
try:
    import azure.batch.models as models
    from azure.batch import BatchServiceClient
    from azure.batch.batch_auth import SharedKeyCredentials
    from azure.storage.blob import BlobServiceClient, generate_container_sas
except ImportError as problem:
    skip(f"the Azure SDK for Python is not there ({problem}): apt-get install python3-azure")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class AzuriteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.emulator = Emulator(TOOL, "--azurite", "--azurite-program", MAIN, "--azurite-port",
                                str(free_port()))
        cls.batch = BatchServiceClient(
            SharedKeyCredentials(cls.emulator.account, cls.emulator.key),
            batch_url=cls.emulator.url)
        cls.blobs = BlobServiceClient.from_connection_string(
            cls.emulator.environment["AZURE_STORAGE_CONNECTION_STRING"])
        cls.container = cls.blobs.create_container("files")
        cls.batch.pool.add(models.PoolAddParameter(
            id="p", vm_size="small", target_dedicated_nodes=2,
            enable_inter_node_communication=True,
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=models.ImageReference(**IMAGE), node_agent_sku_id=AGENT)))
        cls.batch.job.add(models.JobAddParameter(
            id="j", pool_info=models.PoolInformation(pool_id="p")))

    @classmethod
    def tearDownClass(cls):
        cls.batch.close()
        cls.blobs.close()
        cls.emulator.close()

    def sas(self, permission):
        token = generate_container_sas(
            self.blobs.account_name, "files", account_key=self.blobs.credential.account_key,
            permission=permission,
            expiry=datetime.datetime.utcnow() + datetime.timedelta(hours=1))
        return f"{self.container.url}?{token}"

    def blob(self, name, permission="r"):
        url, token = self.sas(permission).split("?")
        return f"{url}/{name}?{token}"

    def run_task(self, task, line, **more):
        self.batch.task.add("j", models.TaskAddParameter(id=task, command_line=line, **more))

        def over():
            found = self.batch.task.get("j", task)
            return found.execution_info if found.state == "completed" else None
        return wait_for(over, f"task {task}")

    def output(self, pattern, path=None, when="taskcompletion", permission="w"):
        return models.OutputFile(
            file_pattern=pattern,
            destination=models.OutputFileDestination(
                container=models.OutputFileBlobContainerDestination(
                    container_url=self.sas(permission), path=path)),
            upload_options=models.OutputFileUploadOptions(upload_condition=when))

    def names(self, prefix):
        return sorted(each.name for each in self.container.list_blobs(prefix))

    def test_resource_files(self):
        self.container.upload_blob("in/a.txt", b"A")
        self.container.upload_blob("in/sub/b c.txt", b"B")
        done = self.run_task("fetch", "/bin/sh -c 'cat one.txt; cat \"all/in/sub/b c.txt\"'",
                             resource_files=[
                                 models.ResourceFile(http_url=self.blob("in/a.txt"),
                                                     file_path="one.txt"),
                                 models.ResourceFile(storage_container_url=self.sas("rl"),
                                                     blob_prefix="in/", file_path="all")])
        self.assertEqual(done.result, "success", done.failure_info)
        said = b"".join(self.batch.file.get_from_task("j", "fetch", "stdout.txt"))
        self.assertEqual(said, b"AB")

    def test_resource_files_that_are_missing_or_refused(self):
        for task, url, code in (("gone", self.blob("in/none"), "BlobNotFound"),
                                ("closed", self.blob("in/none", "w"), "BlobAccessDenied")):
            done = self.run_task(task, "/bin/true", resource_files=[
                models.ResourceFile(http_url=url, file_path="x")])
            self.assertEqual((done.result, done.failure_info.code), ("failure", code))
            self.assertIsNone(done.exit_code)

    def test_output_files(self):
        done = self.run_task(
            "send", "/bin/sh -c 'mkdir o; echo 1 > o/1.bin; echo 2 > o/2.bin; echo said'",
            output_files=[self.output("o/*.bin", "out/many"),
                          self.output("o/1.bin", "out/one.bin", "tasksuccess"),
                          self.output("../std*.txt", "out/logs"),
                          self.output("o/2.bin", "out/never", "taskfailure")])
        self.assertEqual(done.result, "success", done.failure_info)
        self.assertEqual(self.names("out/"), [
            "out/logs/stderr.txt", "out/logs/stdout.txt", "out/many/1.bin", "out/many/2.bin",
            "out/one.bin"])
        self.assertEqual(self.container.download_blob("out/logs/stdout.txt").readall(), b"said\n")

    def test_output_files_of_a_failure(self):
        done = self.run_task(
            "fails", "/bin/sh -c 'echo why > log; exit 5'",
            output_files=[self.output("log", "failed/log", "taskfailure"),
                          self.output("log", "failed/never", "tasksuccess")])
        self.assertEqual(done.exit_code, 5)
        self.assertEqual(self.names("failed/"), ["failed/log"])

    def test_output_files_that_cannot_be_sent(self):
        done = self.run_task("refused", "/bin/sh -c 'echo x > x'",
                             output_files=[self.output("x", "x", permission="r")])
        self.assertEqual((done.exit_code, done.result), (0, "failure"))
        self.assertEqual(done.failure_info.code, "FileUploadAccessDenied")

    def test_files_of_a_multi_instance_task(self):
        self.container.upload_blob("common", b"common\n", overwrite=True)
        self.container.upload_blob("own", b"own\n", overwrite=True)
        done = self.run_task(
            "multi", "/bin/sh -c 'cat $AZ_BATCH_TASK_SHARED_DIR/common own'",
            resource_files=[models.ResourceFile(http_url=self.blob("own"), file_path="own")],
            multi_instance_settings=models.MultiInstanceSettings(
                number_of_instances=2, coordination_command_line="/bin/true",
                common_resource_files=[models.ResourceFile(http_url=self.blob("common"),
                                                           file_path="common")]),
            output_files=[self.output("../stdout.txt", "multi/out")])
        self.assertEqual(done.result, "success", done.failure_info)
        self.assertEqual(self.container.download_blob("multi/out").readall(), b"common\nown\n")


if __name__ == "__main__":
    unittest.main()
