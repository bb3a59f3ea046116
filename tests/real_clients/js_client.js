// SPDX-License-Identifier: MIT
// @azure/batch drives the emulator: node js_client.js ENDPOINT ACCOUNT KEY. Ends with 0 when all holds.
"use strict";
const assert = require("assert");
const { BatchServiceClient, BatchSharedKeyCredentials } = require("@azure/batch");

const [endpoint, account, key] = process.argv.slice(2);
const client = new BatchServiceClient(new BatchSharedKeyCredentials(account, key), endpoint);
const deadline = Date.now() + 60000;

async function waitFor(condition, what) {
  while (Date.now() < deadline) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited in vain for " + what);
}

async function refused(code, call) {
  try {
    await call();
  } catch (caught) {
    assert.strictEqual(caught.code, code);
    return;
  }
  throw new Error("not refused with " + code);
}

async function main() {
  await client.pool.add({
    id: "p1",
    vmSize: "standard_e2s_v3",
    targetDedicatedNodes: 2,
    virtualMachineConfiguration: {
      imageReference: { publisher: "canonical", offer: "ubuntu-24_04-lts", sku: "server" },
      nodeAgentSKUId: "batch.node.ubuntu 24.04",
    },
  });
  assert.strictEqual((await client.pool.get("p1")).currentDedicatedNodes, 2);
  await refused("PoolNotFound", () => client.pool.get("nowhere"));
  await client.job.add({ id: "j1", poolInfo: { poolId: "p1" } });
  await client.task.add("j1", { id: "one", commandLine: "/bin/sh -c 'echo hello'" });
  for (let first = 0; first < 300; first += 100) {
    const tasks = [];
    for (let i = first; i < first + 100; ++i) tasks.push({ id: "t" + i, commandLine: "/bin/true" });
    const added = await client.task.addCollection("j1", tasks);
    assert.strictEqual(added.value.length, 100);
    assert(added.value.every((each) => each.status.toLowerCase() === "success"));
  }
  await waitFor(
    async () => (await client.job.getTaskCounts("j1")).taskCounts.completed === 301,
    "301 completed tasks"
  );
  let page = await client.task.list("j1", {
    taskListOptions: { maxResults: 100, filter: "startswith(id,'t')", select: "id" },
  });
  let found = page.length;
  while (page.odatanextLink) {
    page = await client.task.listNext(page.odatanextLink);
    found += page.length;
  }
  assert.strictEqual(found, 300);
  const file = await client.file.getFromTask("j1", "one", "stdout.txt");
  const chunks = [];
  for await (const chunk of file.readableStreamBody) chunks.push(chunk);
  assert.strictEqual(Buffer.concat(chunks).toString(), "hello\n");
  await client.task.add("j1", { id: "long", commandLine: "/bin/sleep 1000" });
  await client.job.disable("j1", "requeue");
  await waitFor(async () => (await client.job.get("j1")).state === "disabled", "a disabled job");
  await client.job.enable("j1");
  await client.task.terminate("j1", "long");
  const ended = await waitFor(async () => {
    const now = await client.task.get("j1", "long");
    return now.state === "completed" ? now : null;
  }, "a terminated task");
  assert.strictEqual(ended.executionInfo.failureInfo.code, "TaskEnded");
  await client.task.reactivate("j1", "long");
  await client.task.deleteMethod("j1", "long");
  await refused("TaskNotFound", () => client.task.get("j1", "long"));
  await client.pool.resize("p1", { targetDedicatedNodes: 1 });
  await waitFor(async () => (await client.computeNode.list("p1")).length === 1, "one node");
  await client.job.terminate("j1");
  await waitFor(async () => (await client.job.get("j1")).state === "completed", "a completed job");
  await client.job.deleteMethod("j1");
  await client.pool.deleteMethod("p1");
  await refused("JobNotFound", () => client.job.get("j1"));
}

main().then(
  () => console.log("good"),
  (problem) => {
    console.error(problem);
    process.exitCode = 1;
  }
);
