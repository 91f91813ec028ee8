/**
 * The loop in an event loop: it gives way while there is nothing to do, so one isolate can serve many
 * applications and do other things beside.
 *
 * @module
 */

import { POLLIN, waitFd } from "@netmap/core";
import { arm, type DataPath, disarm } from "@netmap/engine";
import type { CsbEntries } from "../client/csb.ts";
import type { KickSet } from "../client/kick_set.ts";
import {
  askForKicks,
  BUSY,
  C_SLEEPS,
  GONE,
  goneError,
  type KloopRings,
  openRings,
  refuseKicks,
  syncRound,
  WORK,
} from "./rings.ts";
import type { RunOptions } from "./run.ts";
import { isBusyWait, openSleeper } from "./sleeper.ts";
import { KloopRun } from "./state.ts";

/** How long rounds may go on before timers and sockets have a turn, in milliseconds. */
const MAX_HOG_MS = 20;

/**
 * Runs the sync loop of a descriptor without blocking the isolate.
 *
 * @param dp this thread's view of the images, with the kinds of the port in it
 * @param d the descriptor's record
 * @param entries its CSB entries, mapped in this thread
 * @param options eventfds; without them the loop looks at its rings once a millisecond
 * @param signal ends it
 * @returns when the loop was stopped, the signal aborted, or the descriptor was closed
 * @throws {NetmapError} EBUSY while another loop runs, EIO when the port goes away
 */
export async function serveKloop(
  dp: DataPath,
  d: number,
  entries: CsbEntries,
  options: RunOptions = {},
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) return;
  const run = new KloopRun(dp, d);
  const abort = new AbortController();
  const onAbort = (): void => run.end();
  signal?.addEventListener("abort", onAbort, { once: true });
  run.onEnd = () => abort.abort();
  const { interrupts } = options;
  let set: KickSet | null = null;
  try {
    const rings = openRings(dp, d, entries, options);
    set = isBusyWait(options) ? null : openSleeper(dp, d, options, options.wakeFd);
    interrupts?.acquire();
    try {
      await rounds(run, rings, set, abort.signal);
    } finally {
      interrupts?.release();
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    set?.close();
    run.end();
  }
}

async function rounds(
  run: KloopRun,
  rings: KloopRings,
  set: KickSet | null,
  ended: AbortSignal,
): Promise<void> {
  const { dp, d } = run;
  refuseKicks(rings);
  let began = performance.now();
  while (!run.mustEnd) {
    const found = syncRound(rings);
    if ((found & GONE) !== 0) throw goneError();
    if ((found & WORK) !== 0 && performance.now() - began < MAX_HOG_MS) continue;
    if (found !== 0 || set === null) {
      await turn(set === null && found === 0 ? 1 : 0);
    } else {
      askForKicks(rings);
      arm(dp, d);
      if ((syncRound(rings) & (WORK | BUSY | GONE)) === 0 && !run.mustEnd) {
        dp.counters[rings.counters + C_SLEEPS]++;
        await until(set, ended);
        if (run.mustEnd) break;
      }
      disarm(dp, d);
      refuseKicks(rings);
    }
    began = performance.now();
  }
}

function turn(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for a kick, or for the end of the run. */
async function until(set: KickSet, ended: AbortSignal): Promise<void> {
  try {
    await waitFd(set.fd, POLLIN, ended);
    set.forget();
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}
