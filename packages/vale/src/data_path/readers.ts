/**
 * Forwarding through a switch while its owner may want to change it (`BDG_RLOCK`); the other side
 * is `writer.ts`.
 *
 * Each thread has a word of its own in S_READERS, so threads that forward share no cache line.
 * A thread that forwards again while it forwards (a device behind one switch is a port of another)
 * is counted in its own memory; its word tells only whether it is within.
 *
 * @module
 */

import { type DataPath, yieldThread } from "@netmap/engine";
import { S_READERS, S_WRITER, V_SWITCH } from "../layout.ts";

/** Looks at the writer's word before the time slice is given away. */
const SPINS = 200;

/** The port is attached to no switch. */
export const NO_SWITCH = 0;
/** The switch cannot be entered now: packets stay where they are. */
export const NOT_NOW = -1;

/** The switches that this thread is within, the innermost last, each with its engine. */
const withinSwitch: number[] = [];
const withinEngine: (DataPath | null)[] = [];
// A counter and not push() and pop(): V8 gives an array's memory back and takes it again (300 bytes).
let depth = 0;

function isWithin(dp: DataPath, s: number): boolean {
  for (let i = 0; i < depth; i++) {
    if (withinSwitch[i] === s && withinEngine[i] === dp) return true;
  }
  return false;
}

/**
 * Enters the switch of a port.
 *
 * @param p the port's record
 * @returns the switch's record, NO_SWITCH or NOT_NOW
 */
export function enterSwitch(dp: DataPath, p: number): number {
  const { state, owner } = dp;
  for (let spins = 0;; spins++) {
    const s = Atomics.load(state, p + V_SWITCH);
    if (s === 0) return NO_SWITCH;
    if (isWithin(dp, s)) return enter(dp, s);
    Atomics.store(state, s + S_READERS + owner, owner);
    const writer = Atomics.load(state, s + S_WRITER);
    if (writer === 0 && Atomics.load(state, p + V_SWITCH) === s) return enter(dp, s);
    Atomics.store(state, s + S_READERS + owner, 0);
    // This thread is the one that changes it, or the engine's owner is gone: no use in waiting.
    if (writer === owner) return NOT_NOW;
    if (writer === 0 || spins < SPINS) continue;
    if (!dp.ownerAlive(writer)) return NOT_NOW;
    yieldThread();
  }
}

function enter(dp: DataPath, s: number): number {
  withinSwitch[depth] = s;
  withinEngine[depth++] = dp;
  return s;
}

/** Leaves the switch that was entered last. */
export function leaveSwitch(dp: DataPath, s: number): void {
  withinEngine[--depth] = null;
  if (!isWithin(dp, s)) Atomics.store(dp.state, s + S_READERS + dp.owner, 0);
}
