/**
 * CSB mode of a descriptor: checks the entries that a user offers as netmap does, sets them up, and
 * writes down where they are. At REGISTER with the option CSB, and later with CSB_ENABLE.
 *
 * @module
 */

import {
  closeFd,
  CSB_ATOK_APPL_NEED_KICK,
  CSB_ATOK_CUR,
  CSB_ATOK_HEAD,
  CSB_ATOK_SYNC_FLAGS,
  CSB_ENTRY_WORDS,
  CSB_KTOA_HWCUR,
  CSB_KTOA_HWTAIL,
  CSB_KTOA_KERN_NEED_KICK,
  EBUSY,
  EFAULT,
  EINVAL,
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_OPT_CSB,
  NetmapError,
  NMREQ_OPT_CSB,
  structView,
} from "@netmap/core";
import {
  type ControlContext,
  D_RX,
  D_RX_COUNT,
  D_TX,
  D_TX_COUNT,
  type DataPath,
  type EngineDescriptor,
  findOption,
  K_HWCUR,
  K_HWTAIL,
  K_RCUR,
  K_RHEAD,
  K_RTAIL,
  KRING_WORDS,
  ProcessMemory,
  type RequestEntry,
  withStatus,
} from "@netmap/engine";
import {
  ENTRY_BYTES,
  entryCount,
  type FilePlace,
  filePlace,
  forgetCsb,
  mapPlaces,
  recordCsb,
} from "./csb_area.ts";
import type { CsbEntries } from "./client/csb.ts";
import { clearCounters } from "./loop/counters.ts";
import { isRunning } from "./loop/state.ts";
import { forgetStop, stopKloop } from "./loop/stop.ts";

/** The table entry of CSB_ENABLE. */
export const csbEnableEntry: RequestEntry<null> = {
  reqtype: NETMAP_REQ_CSB_ENABLE,
  name: "CSB_ENABLE",
  body: null,
  options: [NETMAP_REQ_OPT_CSB],
  run(context: ControlContext<null>): void {
    const option = findOption(context.request, NETMAP_REQ_OPT_CSB);
    if (option === null) {
      throw new NetmapError(
        EINVAL,
        "Cannot enable CSB mode without the entries' addresses: give option CSB",
      );
    }
    withStatus(option, () => enableCsb(context.descriptor, option));
  },
};

/** Takes the option CSB of a REGISTER. @throws {NetmapError} as CSB_ENABLE does */
export function csbAtRegister({ descriptor, request }: ControlContext): void {
  const option = findOption(request, NETMAP_REQ_OPT_CSB);
  if (option !== null) withStatus(option, () => enableCsb(descriptor, option));
}

/**
 * Puts a descriptor into CSB mode.
 *
 * @param descriptor registered with NR_EXCLUSIVE; one without rings is left as it is
 * @param option the option's bytes
 * @throws {NetmapError} EBUSY while a loop runs, EINVAL for a registration that is not exclusive or
 * addresses that are not aligned, EFAULT for memory that is not there or not shared
 */
export function enableCsb(descriptor: EngineDescriptor, option: Uint8Array): void {
  const { registration, engine, word } = descriptor;
  const { dp } = engine;
  if (isRunning(dp, word)) {
    throw new NetmapError(EBUSY, "Cannot set CSB entries while a loop uses others: stop it first");
  }
  const count = registration === null ? 0 : entryCount(dp.state, word);
  // netmap's answer where there is nothing to exchange: nothing is wrong.
  if (registration === null || count === 0) return;
  const name = registration.adapter.name;
  if (!registration.exclusive) {
    throw new NetmapError(
      EINVAL,
      `Cannot enable CSB mode of '${name}' as others may use its rings: register it with ` +
        "NR_EXCLUSIVE",
    );
  }
  const { csbAtok, csbKtoa } = structView(NMREQ_OPT_CSB, option);
  const bytes = count * ENTRY_BYTES;
  // In netmap's order: the first thing that is wrong decides the errno.
  const memory = new ProcessMemory();
  checkAligned(csbAtok);
  memory.read(csbAtok, bytes);
  checkAligned(csbKtoa);
  memory.write(csbKtoa, new Uint8Array(bytes));
  const atok = filePlace(engine, csbAtok, bytes);
  try {
    const ktoa = filePlace(engine, csbKtoa, bytes);
    try {
      using entries = mapPlaces(atok, ktoa, count);
      setUp(dp, word, entries);
      checkShared(memory, csbAtok, entries.atok);
      checkShared(memory, csbKtoa, entries.ktoa);
      replaceCsb(descriptor, atok, ktoa);
    } catch (error) {
      closeFd(ktoa.fd);
      throw error;
    }
  } catch (error) {
    closeFd(atok.fd);
    throw error;
  }
  // The loop may run in a thread that cannot make one.
  descriptor.wakeFd();
}

/** Writes the new places down; the first time also what has to happen in the end. */
function replaceCsb(descriptor: EngineDescriptor, atok: FilePlace, ktoa: FilePlace): void {
  const { engine: { dp }, word } = descriptor;
  if (!forgetCsb(dp, word)) {
    clearCounters(dp, word);
    descriptor.beforeUnregister(() => {
      stopKloop(dp, word);
      forgetStop(dp, word);
      forgetCsb(dp, word);
    });
  }
  recordCsb(dp, word, atok, ktoa);
}

function checkAligned(address: number): void {
  if (address % ENTRY_BYTES === 0) return;
  throw new NetmapError(
    EINVAL,
    `Cannot use CSB entries at address 0x${
      address.toString(16)
    }: align them to ${ENTRY_BYTES} bytes`,
  );
}

/** Whether the user sees what the loop writes. */
function checkShared(memory: ProcessMemory, address: number, ours: Int32Array): void {
  const theirs = memory.read(address, ours.byteLength);
  const bytes = new Uint8Array(ours.buffer, ours.byteOffset, ours.byteLength);
  if (theirs.every((byte, i) => byte === bytes[i])) return;
  throw new NetmapError(
    EFAULT,
    `Cannot use CSB entries at address 0x${
      address.toString(16)
    } as stores do not reach their file: ` +
      "map it shared, not private",
  );
}

/** Writes where each ring stands into its entries. */
function setUp(dp: DataPath, d: number, entries: CsbEntries): void {
  const { state } = dp;
  const tx = state[d + D_TX_COUNT];
  for (let i = 0; i < tx; i++) setUpEntry(state, state[d + D_TX] + i * KRING_WORDS, entries, i);
  for (let i = 0; i < state[d + D_RX_COUNT]; i++) {
    setUpEntry(state, state[d + D_RX] + i * KRING_WORDS, entries, tx + i);
  }
}

function setUpEntry(state: Int32Array, k: number, { atok, ktoa }: CsbEntries, i: number): void {
  const at = i * CSB_ENTRY_WORDS;
  // What the application is told is what it may come up to.
  state[k + K_RTAIL] = Atomics.load(state, k + K_HWTAIL);
  Atomics.store(atok, at + CSB_ATOK_HEAD, state[k + K_RHEAD]);
  Atomics.store(atok, at + CSB_ATOK_CUR, state[k + K_RCUR]);
  Atomics.store(atok, at + CSB_ATOK_APPL_NEED_KICK, 1);
  Atomics.store(atok, at + CSB_ATOK_SYNC_FLAGS, 1);
  Atomics.store(ktoa, at + CSB_KTOA_HWCUR, state[k + K_HWCUR]);
  Atomics.store(ktoa, at + CSB_KTOA_HWTAIL, state[k + K_RTAIL]);
  Atomics.store(ktoa, at + CSB_KTOA_KERN_NEED_KICK, 1);
}
