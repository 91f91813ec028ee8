/**
 * SYNC_KLOOP_START and SYNC_KLOOP_STOP: netmap's checks in netmap's order, then the loop, in the thread
 * that asks. The same for the engine's owner and for a Worker that is attached to its images.
 *
 * @module
 */

import {
  cString,
  EBADF,
  EINVAL,
  ENXIO,
  KLOOP_EVENTFDS,
  type KloopEventfds,
  libc,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
  NetmapError,
  NM_OPT_SYNC_KLOOP_DIRECT_RX,
  NM_OPT_SYNC_KLOOP_DIRECT_TX,
  NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
  NMREQ_OPT_SYNC_KLOOP_MODE,
  NMREQ_OPTION,
  NMREQ_SYNC_KLOOP_START,
  type NmreqSyncKloopStart,
  structView,
} from "@netmap/core";
import {
  type ControlContext,
  D_PORT,
  type DataPath,
  findOption,
  type RequestEntry,
  withStatus,
} from "@netmap/engine";
import { entryCount, hasCsb, mapRecordedCsb } from "./csb_area.ts";
import type { CsbEntries } from "./client/csb.ts";
import { type KloopOptions, openRings } from "./loop/rings.ts";
import { loop, type RunOptions } from "./loop/run.ts";
import { isBusyWait } from "./loop/sleeper.ts";
import { KloopRun } from "./loop/state.ts";
import { stopKloop } from "./loop/stop.ts";

/** Longest sleep between two rounds, in microseconds. */
const MAX_SLEEP_US = 1_000_000;
const DIRECT = NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX;

/** The table entry of SYNC_KLOOP_START. */
export const startEntry: RequestEntry<NmreqSyncKloopStart> = {
  reqtype: NETMAP_REQ_SYNC_KLOOP_START,
  name: "SYNC_KLOOP_START",
  body: NMREQ_SYNC_KLOOP_START,
  options: [NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, NETMAP_REQ_OPT_SYNC_KLOOP_MODE],
  run({ engine, descriptor, body, request }): void {
    const { dp, interrupts } = engine;
    start(dp, descriptor.word, body.sleepUs, request, { interrupts });
  },
};

/** The table entry of SYNC_KLOOP_STOP. */
export const stopEntry: RequestEntry<null> = {
  reqtype: NETMAP_REQ_SYNC_KLOOP_STOP,
  name: "SYNC_KLOOP_STOP",
  body: null,
  run({ engine, descriptor }): void {
    stop(engine.dp, descriptor.word);
  },
};

/** What a thread that is not the owner's may have to add. */
export interface ThreadOptions extends Pick<RunOptions, "interrupts" | "wakeFd" | "onRingError"> {
  /** The CSB entries, where the thread is in another process than the owner. */
  readonly entries?: CsbEntries;
}

/**
 * Carries out SYNC_KLOOP_START: returns when the loop was stopped.
 *
 * @throws {NetmapError} EINVAL, ENXIO, EBUSY, EBADF as netmap; EIO when the port goes away
 */
export function start(
  dp: DataPath,
  d: number,
  sleepUs: number,
  request: ControlContext["request"],
  thread: ThreadOptions,
): void {
  if (sleepUs > MAX_SLEEP_US) {
    throw new NetmapError(
      EINVAL,
      `Cannot start a sync loop that sleeps ${sleepUs} us: use at most ${MAX_SLEEP_US}`,
    );
  }
  needPort(dp, d, "start a sync loop");
  if (!hasCsb(dp, d)) {
    throw new NetmapError(
      EINVAL,
      "Cannot start a sync loop as the descriptor is not in CSB mode: register it with option CSB, " +
        "or enable that first",
    );
  }
  const run = new KloopRun(dp, d);
  try {
    const asked = takeOptions(request, entryCount(dp.state, d));
    const options: RunOptions = { ...thread, ...asked, sleepUs };
    if (thread.entries !== undefined) {
      loop(run, openRings(dp, d, thread.entries, options), options);
      return;
    }
    using entries = mapRecordedCsb(dp, d);
    loop(run, openRings(dp, d, entries, options), options);
  } finally {
    run.end();
  }
}

/** Carries out SYNC_KLOOP_STOP. @throws {NetmapError} ENXIO without a port */
export function stop(dp: DataPath, d: number): void {
  needPort(dp, d, "stop a sync loop");
  stopKloop(dp, d);
}

function needPort(dp: DataPath, d: number, what: string): void {
  dp.checkOpen();
  if (Atomics.load(dp.state, d + D_PORT) !== 0) return;
  throw new NetmapError(ENXIO, `Cannot ${what} as the descriptor has no port: register one first`);
}

/** What the request's options say. */
function takeOptions(request: ControlContext["request"], entries: number): KloopOptions {
  const mode = findOption(request, NETMAP_REQ_OPT_SYNC_KLOOP_MODE);
  const direct = mode === null ? 0 : withStatus(mode, () => checkMode(mode));
  const option = findOption(request, NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS);
  const eventfds = option === null
    ? undefined
    : withStatus(option, () => checkEventfds(option, entries, direct));
  if (direct !== 0 && eventfds === undefined) throw directError();
  return { direct, eventfds };
}

function checkMode(option: Uint8Array): number {
  const { mode } = structView(NMREQ_OPT_SYNC_KLOOP_MODE, option);
  if ((mode & ~DIRECT) === 0) return mode;
  throw new NetmapError(
    EINVAL,
    `Cannot start a sync loop in mode 0x${mode.toString(16)}: use NM_OPT_SYNC_KLOOP_DIRECT_TX, ` +
      "NM_OPT_SYNC_KLOOP_DIRECT_RX, both or 0",
  );
}

function checkEventfds(
  option: Uint8Array,
  entries: number,
  direct: number,
): readonly KloopEventfds[] {
  const { size } = structView(NMREQ_OPTION, option);
  const wanted = NMREQ_OPT_SYNC_KLOOP_EVENTFDS.size + entries * KLOOP_EVENTFDS.size;
  if (size !== wanted || option.length < wanted) {
    throw new NetmapError(
      EINVAL,
      `Cannot start a sync loop with an option EVENTFDS of ${size} bytes as the descriptor has ` +
        `${entries} rings: give a pair for each, ${wanted} bytes`,
    );
  }
  const list = structView(NMREQ_OPT_SYNC_KLOOP_EVENTFDS, option).eventfds;
  const pairs: KloopEventfds[] = [];
  for (let i = 0; i < entries; i++) {
    const { ioeventfd, irqfd } = list.get(i);
    pairs.push({ ioeventfd, irqfd });
  }
  const busy = isBusyWait({ eventfds: pairs });
  if (busy && direct !== 0) throw directError();
  for (const { ioeventfd, irqfd } of pairs) {
    if (irqfd >= 0) checkEventfd(irqfd);
    if (!busy) checkEventfd(ioeventfd);
  }
  return pairs;
}

/** netmap starts such a loop when the option is missing, and it never looks at the rings. */
function directError(): NetmapError {
  return new NetmapError(
    EINVAL,
    "Cannot start a sync loop in direct mode as that needs an ioeventfd for every ring: give option " +
      "EVENTFDS",
  );
}

/** @throws {NetmapError} EBADF for what is not open, EINVAL for what is no eventfd */
function checkEventfd(fd: number): void {
  const { open, read, close } = libc();
  const info = open(cString(`/proc/self/fdinfo/${fd}`), 0, 0);
  if (info < 0) {
    throw new NetmapError(EBADF, `Cannot use descriptor '${fd}' as an eventfd as it is not open`);
  }
  const bytes = new Uint8Array(1024);
  const got = Math.max(0, read(info, bytes, bytes.length));
  close(info);
  if (new TextDecoder().decode(bytes.subarray(0, got)).includes("eventfd-count:")) return;
  throw new NetmapError(EINVAL, `Cannot use descriptor '${fd}' as an eventfd as it is none`);
}
