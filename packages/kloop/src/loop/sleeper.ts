/**
 * What a loop sleeps on: the eventfds that its application kicks, and that of the descriptor, which
 * the port's notifications and a stop signal.
 *
 * ```
 *   ask for kicks, arm the descriptor     somebody kicks or notifies from here on
 *   one more round                        what came before that
 *   sleep
 *   refuse kicks, disarm
 * ```
 *
 * @module
 */

import { D_FD, D_FD_PID, type DataPath } from "@netmap/engine";
import { EINVAL, NetmapError } from "@netmap/core";
import { KickSet } from "../client/kick_set.ts";
import type { KloopOptions } from "./rings.ts";

/** The longest sleep: in this time a thread that was told to end by its runtime notices it. */
export const LONGEST_SLEEP_MS = 1000;

/** Whether a loop has to look again and again, as it cannot be kicked for every ring. */
export function isBusyWait({ eventfds = [] }: KloopOptions): boolean {
  return eventfds.length === 0 || eventfds.some(({ ioeventfd }) => ioeventfd < 0);
}

/**
 * The set that a loop sleeps on.
 *
 * @param dp this thread's view
 * @param d the descriptor's record
 * @param options eventfds
 * @param wakeFd number of the descriptor's eventfd in this process, where it is not the owner's
 * @throws {NetmapError} EINVAL when the descriptor's eventfd is not known in this process
 */
export function openSleeper(
  dp: DataPath,
  d: number,
  { eventfds = [] }: KloopOptions,
  wakeFd: number | undefined,
): KickSet {
  const own = dp.state[d + D_FD_PID] === dp.pid ? dp.state[d + D_FD] : -1;
  const fd = wakeFd ?? own;
  if (fd < 0) {
    throw new NetmapError(
      EINVAL,
      "Cannot wait for a port in another process than its engine's without its eventfd: " +
        "pass 'wakeFd', or let the loop busy-wait",
    );
  }
  const set = new KickSet();
  try {
    set.add(fd);
    for (const { ioeventfd } of eventfds) set.add(ioeventfd);
    return set;
  } catch (error) {
    set.close();
    throw error;
  }
}
