# SPDX-License-Identifier: MIT
"""The calls that AzureClusterlessHPC.jl makes for a map over N items, with the clients it uses
(azure-batch and azure-storage-blob for Python), one after the other as it makes them, at its best:
a payload is uploaded for every item, all tasks are added, and then each is asked for in the order
of the items until it is over, and its result is fetched. It asks for unfinished tasks again and
again instead when they end in another order; that would be slower.

model_protocol.py N: the account is named by AZURE_*; the pool is there. Prints a line of JSON."""

import datetime
import json
import os
import sys
import time

import azure.batch.models as models
from azure.batch import BatchServiceClient
from azure.batch.batch_auth import SharedKeyCredentials
from azure.storage.blob import BlobServiceClient, generate_container_sas

POOL = "model"
POLL_SECONDS = 1.0  # what it sleeps between two rounds


def main():
    count = int(sys.argv[1])
    account = os.environ["AZURE_BATCH_ACCOUNT"]
    batch = BatchServiceClient(
        SharedKeyCredentials(account, os.environ["AZURE_BATCH_ACCESS_KEY"]),
        batch_url=os.environ["AZURE_BATCH_ENDPOINT"])
    blobs = BlobServiceClient.from_connection_string(os.environ["AZURE_STORAGE_CONNECTION_STRING"])
    calls = 0
    began = time.monotonic()

    name = f"model-{os.getpid()}"
    container = blobs.create_container(name)
    sas = generate_container_sas(
        blobs.account_name, name, account_key=blobs.credential.account_key, permission="racwdl",
        expiry=datetime.datetime.utcnow() + datetime.timedelta(hours=8))
    batch.job.add(models.JobAddParameter(id=name, pool_info=models.PoolInformation(pool_id=POOL)))
    shared = ["application-cmd", "batch_runtime.jl", "packages.dat"]
    for each in shared:
        container.upload_blob(each, b"x" * 2000)
    calls += 2 + len(shared)

    def resource(blob):
        return models.ResourceFile(http_url=f"{container.url}/{blob}?{sas}", file_path=blob)

    tasks = []
    for item in range(count):
        payload = f"task_{item}.dat"
        container.upload_blob(payload, b"x" * 2000)
        calls += 1
        result = f"result_{item}.dat"
        tasks.append(models.TaskAddParameter(
            id=f"task_{item}", command_line=f"/bin/sh -c 'echo {item} > {result}'",
            resource_files=[resource(each) for each in [*shared, payload]],
            output_files=[models.OutputFile(
                file_pattern=result,
                destination=models.OutputFileDestination(
                    container=models.OutputFileBlobContainerDestination(
                        container_url=f"{container.url}?{sas}", path=result)),
                upload_options=models.OutputFileUploadOptions(
                    upload_condition=models.OutputFileUploadCondition.task_success))]))
    batch.task.add_collection(name, tasks)
    calls += (count + 99) // 100

    for item in range(count):
        while True:
            task = batch.task.get(name, f"task_{item}")
            calls += 1
            if task.state == models.TaskState.completed:
                break
            time.sleep(POLL_SECONDS)
        value = container.download_blob(f"result_{item}.dat").readall()
        calls += 1
        if int(value) != item:
            raise RuntimeError(f"item {item} came back as {value!r}")
    print(json.dumps({"value": time.monotonic() - began, "unit": "s", "calls": calls, "n": count}))
    batch.job.delete(name)
    blobs.delete_container(name)


if __name__ == "__main__":
    main()
