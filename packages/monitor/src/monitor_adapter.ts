/**
 * A monitor as the control path sees it: an adapter whose rings are fed from another port's.
 *
 * The monitor holds the port that it watches, and lets go of its rings when the port's last user
 * closes it, or when its own user closes the monitor. What it has received stays readable.
 *
 * @module
 */

import { ENXIO, NetmapError, NR_MONITOR_RX, NR_MONITOR_TX } from "@netmap/core";
import {
  Adapter,
  type Follower,
  K_DIR,
  K_HWCUR,
  K_HWTAIL,
  K_KIND,
  K_MODE,
  K_MON_COPIES,
  K_MON_DIRS,
  K_MON_KIND,
  K_MON_NEXT,
  K_MON_NOTIFY,
  K_MON_TAIL,
  K_NOTIFY,
  K_PENDING_MODE,
  KIND,
  KR_LOCKED,
  NR_RX,
  NR_TX,
  type PortShape,
  type Region,
  resumeRing,
  stopRing,
  WAITER_DESC,
  WAITER_NEXT,
  WAITER_WORDS,
} from "@netmap/engine";
import { monitorKind } from "./data_path.ts";

/** What a monitor watches, and how. */
export interface Watch {
  /** The port; held by the monitor. */
  readonly parent: Adapter;
  /** `NR_MONITOR_TX | NR_MONITOR_RX`. */
  readonly directions: number;
  /** Buffers change hands instead of being copied. */
  readonly zeroCopy: boolean;
}

/** A monitor port. */
export class MonitorAdapter extends Adapter implements Follower {
  /** Directions that it watches. */
  readonly directions: number;
  /** Whether buffers change hands. */
  readonly zeroCopy: boolean;
  /** What it was opened on. */
  readonly parentName: string;
  #parent: Adapter | null;
  readonly #onEnd: (monitor: MonitorAdapter) => void;

  /** A monitor of a port; see `findMonitor`. */
  constructor(
    name: string,
    watch: Watch,
    region: Region,
    shape: PortShape,
    onEnd: (monitor: MonitorAdapter) => void,
  ) {
    super(watch.parent.engine, name, monitorKind, region, shape);
    this.#parent = watch.parent;
    this.parentName = watch.parent.name;
    this.directions = watch.directions;
    this.zeroCopy = watch.zeroCopy;
    this.#onEnd = onEnd;
    watch.parent.followers.add(this);
  }

  /** Packets may begin inside their buffers where they are copied; swapped ones begin where they do. */
  override get hasOffsets(): boolean {
    return !this.zeroCopy;
  }

  /** Whether the port that it watches is still there. */
  get watching(): boolean {
    return this.#parent !== null;
  }

  /** Rings go in or out of netmap mode: they are put behind the watched ones, or taken away. */
  override register(on: boolean): void {
    if (on && this.#parent === null) {
      throw new NetmapError(
        ENXIO,
        `Cannot register '${this.name}' as '${this.parentName}' was closed: open it first`,
      );
    }
    const { state } = this.engine.dp;
    for (let i = 0; i < this.allRings(NR_RX); i++) {
      const m = this.kring(NR_RX, i);
      if (state[m + K_MODE] === state[m + K_PENDING_MODE]) continue;
      if (on) state[m + K_MON_DIRS] = this.directions;
      for (const k of this.#watchedRings(i)) {
        stopRing(this.engine.dp, k, KR_LOCKED);
        if (on) this.#link(k, m);
        else this.#unlink(k, m);
        resumeRing(this.engine.dp, k);
      }
    }
    super.register(on);
  }

  /** The watched port's last user closes it. */
  portStops(): void {
    const { state } = this.engine.dp;
    for (let i = 0; this.hasKrings && i < this.allRings(NR_RX); i++) {
      const m = this.kring(NR_RX, i);
      if (state[m + K_MODE] === 0) continue;
      for (const k of this.#watchedRings(i)) {
        stopRing(this.engine.dp, k, KR_LOCKED);
        this.#unlink(k, m);
        resumeRing(this.engine.dp, k);
      }
    }
    this.#letGo();
  }

  /** Lets go of the port. */
  override destroy(): void {
    this.#letGo();
    this.#onEnd(this);
  }

  #letGo(): void {
    const parent = this.#parent;
    if (parent === null) return;
    this.#parent = null;
    parent.followers.delete(this);
    parent.drop();
  }

  /** Rings of the port that feed the monitor's ring `i`: the same NIC ring, the same host ring. */
  #watchedRings(i: number): number[] {
    const parent = this.#parent;
    if (parent === null || !parent.hasKrings) return [];
    const list: number[] = [];
    for (const [dir, flag] of [[NR_TX, NR_MONITOR_TX], [NR_RX, NR_MONITOR_RX]]) {
      if ((this.directions & flag) === 0) continue;
      const host = i - this.numRxRings;
      const hostRings = dir === NR_TX ? parent.numHostTxRings : parent.numHostRxRings;
      if (host < 0 ? i < parent.rings(dir) : host < hostRings) {
        list.push(parent.kring(dir, host < 0 ? i : parent.rings(dir) + host));
      }
    }
    return list;
  }

  /** Puts ring `m` of this monitor behind ring `k`, which is stopped. */
  #link(k: number, m: number): void {
    const { dp, heap } = this.engine;
    const { state } = dp;
    if (state[k + K_MON_KIND] === 0) {
      state[k + K_MON_KIND] = state[k + K_KIND];
      state[k + K_KIND] = KIND.monitored;
      if (isRx(state, k)) {
        state[k + K_MON_NOTIFY] = state[k + K_NOTIFY];
        state[k + K_NOTIFY] = KIND.monitored;
      }
    }
    if (this.zeroCopy) {
      let last = k;
      while (state[last + K_MON_NEXT] !== 0 && state[last + K_MON_NEXT] !== m) {
        last = state[last + K_MON_NEXT];
      }
      Atomics.store(state, last + K_MON_NEXT, m);
      return;
    }
    // Only what comes from now on is copied.
    if (state[k + K_MON_COPIES] === 0) {
      state[k + K_MON_TAIL] = isRx(state, k)
        ? Atomics.load(state, k + K_HWTAIL)
        : state[k + K_HWCUR];
    }
    const node = heap.alloc(WAITER_WORDS);
    state[node + WAITER_DESC] = m;
    state[node + WAITER_NEXT] = state[k + K_MON_COPIES];
    Atomics.store(state, k + K_MON_COPIES, node);
  }

  /** Takes ring `m` of this monitor from behind ring `k`, which is stopped. */
  #unlink(k: number, m: number): void {
    const { dp, heap } = this.engine;
    const { state } = dp;
    if (this.zeroCopy) {
      let last = k;
      while (state[last + K_MON_NEXT] !== 0 && state[last + K_MON_NEXT] !== m) {
        last = state[last + K_MON_NEXT];
      }
      if (state[last + K_MON_NEXT] === m) {
        Atomics.store(state, last + K_MON_NEXT, state[m + K_MON_NEXT]);
      }
    } else {
      let at = k + K_MON_COPIES;
      while (state[at] !== 0 && state[state[at] + WAITER_DESC] !== m) at = state[at] + WAITER_NEXT;
      const node = state[at];
      if (node !== 0) {
        Atomics.store(state, at, state[node + WAITER_NEXT]);
        heap.release(node, WAITER_WORDS);
      }
    }
    if (state[k + K_MON_COPIES] !== 0 || state[k + K_MON_NEXT] !== 0) return;
    state[k + K_KIND] = state[k + K_MON_KIND];
    // Who attached the port to a switch meanwhile has taken the notifications for itself.
    if (state[k + K_NOTIFY] === KIND.monitored) state[k + K_NOTIFY] = state[k + K_MON_NOTIFY];
    state[k + K_MON_KIND] = 0;
    state[k + K_MON_NOTIFY] = 0;
  }
}

function isRx(state: Int32Array, k: number): boolean {
  return state[k + K_DIR] === NR_RX;
}
