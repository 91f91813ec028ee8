/**
 * The loop, blocking its thread until it is stopped (`netmap_sync_kloop`).
 *
 * @module
 */

import { arm, type DataPath, disarm, type InterruptSources, yieldThread } from "@netmap/engine";
import type { CsbEntries } from "../client/csb.ts";
import type { KickSet } from "../client/kick_set.ts";
import { nap } from "../client/nap.ts";
import {
  askForKicks,
  BUSY,
  C_SLEEPS,
  GONE,
  goneError,
  type KloopOptions,
  type KloopRings,
  openRings,
  refuseKicks,
  syncRound,
  WORK,
} from "./rings.ts";
import { isBusyWait, LONGEST_SLEEP_MS, openSleeper } from "./sleeper.ts";
import { KloopRun } from "./state.ts";

/** Rounds between two looks at the owner's interrupts while there is always something to do. */
const INTERRUPT_ROUNDS = 64;

/** How a loop is run by a thread of its own. */
export interface RunOptions extends KloopOptions {
  /** The engine's, in the isolate of its owner: served beside the rings. */
  readonly interrupts?: InterruptSources;
  /** The descriptor's eventfd in this process, where it is not the owner's. */
  readonly wakeFd?: number;
}

/**
 * Runs the sync loop of a descriptor in CSB mode until it is stopped or the descriptor closes.
 *
 * @param dp this thread's view of the images, with the kinds of the port in it
 * @param d the descriptor's record
 * @param entries its CSB entries, mapped in this thread
 * @param options eventfds, or how to busy-wait
 * @throws {NetmapError} EBUSY while another loop runs, EIO when the port goes away
 */
export function runKloop(
  dp: DataPath,
  d: number,
  entries: CsbEntries,
  options: RunOptions = {},
): void {
  const run = new KloopRun(dp, d);
  try {
    loop(run, openRings(dp, d, entries, options), options);
  } finally {
    run.end();
  }
}

/** The same for a run that has begun, which the caller ends. */
export function loop(run: KloopRun, rings: KloopRings, options: RunOptions): void {
  if (isBusyWait(options)) return busyWait(run, rings, options);
  const set = openSleeper(run.dp, run.d, options, options.wakeFd);
  try {
    sleepWhenIdle(run, rings, set, options.interrupts);
  } finally {
    set.close();
  }
}

function busyWait(run: KloopRun, rings: KloopRings, options: RunOptions): void {
  const { sleepUs = 0, interrupts } = options;
  refuseKicks(rings);
  for (let rounds = 0; !run.mustEnd; rounds++) {
    const found = syncRound(rings);
    if ((found & GONE) !== 0) throw goneError();
    const idle = (found & WORK) === 0;
    if (interrupts !== undefined && (idle || rounds % INTERRUPT_ROUNDS === 0)) {
      serve(interrupts, -1, 0);
    }
    if (!idle) continue;
    rings.dp.counters[rings.counters + C_SLEEPS]++;
    nap(sleepUs);
  }
}

function sleepWhenIdle(
  run: KloopRun,
  rings: KloopRings,
  set: KickSet,
  interrupts: InterruptSources | undefined,
): void {
  const { dp, d } = run;
  refuseKicks(rings);
  for (let rounds = 0; !run.mustEnd; rounds++) {
    const found = syncRound(rings);
    if ((found & GONE) !== 0) throw goneError();
    if (found !== 0) {
      if ((found & WORK) === 0) yieldThread();
      if (interrupts !== undefined && rounds % INTERRUPT_ROUNDS === 0) serve(interrupts, -1, 0);
      continue;
    }
    askForKicks(rings);
    arm(dp, d);
    if ((syncRound(rings) & (WORK | BUSY | GONE)) === 0 && !run.mustEnd) {
      dp.counters[rings.counters + C_SLEEPS]++;
      sleep(set, interrupts);
      if (run.mustEnd) break;
    }
    disarm(dp, d);
    refuseKicks(rings);
  }
}

function sleep(set: KickSet, interrupts: InterruptSources | undefined): void {
  if (interrupts === undefined || interrupts.size === 0) {
    set.sleep(LONGEST_SLEEP_MS);
    return;
  }
  serve(interrupts, set.fd, LONGEST_SLEEP_MS);
  set.forget();
}

function serve(interrupts: InterruptSources, fd: number, timeoutMs: number): void {
  if (interrupts.size > 0) interrupts.poll(fd, timeoutMs);
}
