/**
 * What locks need to know of threads.
 *
 * @module
 */

import { cString, EPERM, errno, libc } from "@netmap/core";

/**
 * Answers of kill(2) that are believed before a thread's state is looked up in /proc: 0.2 us against
 * 10 us, and whoever asks spins.
 */
const BELIEVED = 64;
let asked = 0;
const text = new Uint8Array(512);

/**
 * Whether a thread still runs. Linux looks a thread up by its id alone, whatever its process
 * (kill(2) with signal 0). A process that was killed has its id until its parent asks how it ended, so
 * now and then the state of the thread is looked at too.
 */
export function tidAlive(tid: number): boolean {
  // Someone else's thread may not be signalled, but it is there.
  if (libc().kill(tid, 0) !== 0 && errno() !== EPERM) return false;
  return (++asked & (BELIEVED - 1)) !== 0 || !isZombie(tid);
}

/** Whether a thread has ended and only its id is left (proc_pid_stat(5), field 3). */
export function isZombie(tid: number): boolean {
  const { open, read, close } = libc();
  const fd = open(cString(`/proc/${tid}/stat`), 0, 0);
  if (fd < 0) return false;
  const length = read(fd, text, text.length);
  close(fd);
  // The name before it stands in parentheses, and may have some in it.
  let at = length - 1;
  while (at > 0 && text[at] !== 0x29) at--;
  const state = String.fromCharCode(text[at + 2] ?? 0);
  return state === "Z" || state === "X";
}

/** Gives the rest of the time slice away: the holder of a lock may wait for this core. */
export function yieldThread(): void {
  libc().sched_yield();
}
