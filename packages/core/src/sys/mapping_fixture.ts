/** A child of `mapping_test.ts`: does what would crash if a view outlived its memory. */

import { scrypt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { copyBetween, copyWithin } from "./copy.ts";
import { mapMemory, type Mapping } from "./mapping.ts";
import { createMemfd, libc } from "./system.ts";

const SIZE = 8 << 20;
const fd: number = isMainThread ? createMemfd("danger", SIZE) : workerData;

function assert(ok: boolean, what: string): void {
  if (!ok) throw new Error(what);
}

function sum(words: Int32Array, n: number): number {
  let total = 0;
  for (let i = 0; i < n; i++) total += words[i] | 0;
  return total;
}

function store(words: Int32Array, n: number): void {
  for (let i = 0; i < n; i++) words[i] = i;
}

/** Something for the garbage collector to do. */
function litter(): void {
  let kept: unknown[] = [];
  for (let i = 0; i < 500_000; i++) {
    kept.push({ i, text: `${i}` });
    if (kept.length > 10_000) kept = [];
  }
  (globalThis as unknown as { Bun?: { gc(sync: boolean): void } }).Bun?.gc(true);
}

function throws(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

const dangers: Record<string, () => unknown> = {
  "stale views in compiled code"() {
    const memory = mapMemory(fd, SIZE);
    const { u8, i32 } = memory;
    for (let i = 0; i < 300; i++) {
      store(i32, 20_000);
      sum(i32, 20_000);
      copyWithin(memory, 4096, 0, 2048);
    }
    assert(sum(i32, 100) === 4950, "the loops work");
    memory.close();
    for (let i = 0; i < 300; i++) {
      store(i32, 20_000);
      assert(sum(i32, 20_000) === 0, "a closed region holds nothing");
      assert(throws(() => copyWithin(memory, 4096, 0, 2048)), "copies fail");
    }
    for (
      const use of [
        () => u8.fill(1),
        () => u8.set([1]),
        () => u8.copyWithin(0, 100, 200),
        () => u8.slice(),
        () => u8.indexOf(1),
      ]
    ) assert(throws(use), `${use} fails`);
  },

  "closed inside a loop over it"() {
    for (let round = 0; round < 50; round++) {
      const memory = mapMemory(fd, SIZE);
      const words = memory.i32;
      let seen = 0;
      for (let i = 0; i < 50_000; i++) {
        if (i === 40_000) memory.close();
        words[i] = 1;
        seen += words[i] === 1 ? 1 : 0;
      }
      assert(seen === 40_000, `${seen} words were seen`);
      const callback = mapMemory(fd, SIZE);
      let calls = 0;
      callback.u8.subarray(0, 1000).forEach(() => {
        if (++calls === 500) callback.close();
      });
      callback.close();
    }
  },

  "garbage collection after close"() {
    let views: unknown[] = [];
    for (let i = 0; i < 200; i++) {
      const memory = mapMemory(fd, SIZE);
      views.push(memory.u8, memory.i32.subarray(5), memory.u8.buffer, memory);
      memory.close();
      if (i % 50 === 0) {
        litter();
        views = [];
      }
    }
    litter();
    // Addresses are reused: a finalizer that unmaps late would take these away.
    const alive = Array.from({ length: 20 }, () => mapMemory(fd, SIZE));
    litter();
    for (const memory of alive) {
      memory.i32[1000] = 1;
      memory.close();
    }
  },

  "mappings that nobody closed"() {
    for (let i = 0; i < 300; i++) mapMemory(fd, SIZE).i32[i] = i;
    litter();
    litter();
    using memory = mapMemory(fd, SIZE);
    assert(memory.i32[299] === 299, "stores reached the memory");
  },

  async "a view still in an asynchronous write"() {
    const memory = mapMemory(fd, SIZE);
    const { u8, i32 } = memory;
    const written = Array.from({ length: 20 }, () => writeFile("/dev/null", u8));
    memory.close();
    u8[0] = 1;
    assert(sum(i32, 1000) <= 1, "nothing of the region is left");
    await Promise.allSettled(written);
    store(i32, 20_000);
    litter();
    using again = mapMemory(fd, SIZE);
    assert(again.u8[0] === 0, "the region was not reached");
  },

  async "a view still hashed by another thread"() {
    const memory = mapMemory(fd, SIZE);
    memory.u8.fill(1);
    const { u8 } = memory;
    const hashed = [1, 2].map(() =>
      new Promise((resolve) => scrypt(u8, u8, 64, (_error, key) => resolve(key)))
    );
    memory.close();
    for (let i = 0; i < 100; i++) mapMemory(fd, SIZE).close();
    await Promise.allSettled(hashed);
  },

  "a view in a foreign call before close"() {
    const memory = mapMemory(fd, SIZE);
    const { u8 } = memory;
    for (let i = 0; i < 100_000; i++) libc().read(-1, u8, 8);
    memory.close();
    assert(u8.length === 0, "foreign calls pin nothing");
    libc().read(-1, u8, 8);
    const other = mapMemory(fd, SIZE);
    assert(throws(() => copyBetween(other, 0, memory, 0, 8)), "copies fail");
  },

  async "closed in one Worker and used in another"() {
    const worker = new Worker(new URL(import.meta.url), { workerData: fd, argv: ["user"] });
    const done = new Promise((resolve) => worker.on("message", resolve));
    const words = mapMemory(fd, 4096);
    while (Atomics.load(words.i32, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    for (let i = 0; i < 500; i++) {
      const memory: Mapping = mapMemory(fd, SIZE);
      memory.i32[5000] = i;
      memory.close();
    }
    Atomics.store(words.i32, 1, 1);
    assert(Number(await done) > 0, "the Worker went on");
    await worker.terminate();
  },
};

if (isMainThread) {
  await dangers[process.argv[2]]();
  console.log("survived");
} else {
  const memory = mapMemory(fd, SIZE);
  let rounds = 0;
  Atomics.store(memory.i32, 0, 1);
  while (Atomics.load(memory.i32, 1) === 0) {
    for (let i = 2; i < 10_000; i++) memory.i32[i] = i;
    rounds++;
  }
  memory.close();
  parentPort!.postMessage(rounds);
}
