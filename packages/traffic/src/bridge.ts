/**
 * A bridge of two ports: what arrives on one leaves by the other.
 *
 * ```
 *   a.rx --swap or copy--> b.tx        b.rx --swap or copy--> a.tx
 * ```
 *
 * Nothing is dropped: what the other side has no room for waits in its receive ring.
 *
 * @module
 */

import { EINVAL, NetmapError, POLLIN, POLLOUT, type Port, ringEmpty } from "@netmap/core";
import { Turns, type Wait, waitForAny } from "./internal/turns.ts";
import { canSwap, type Moved, movePackets, newMoved } from "./move.ts";
import { type RingSide, rxSides, txSides } from "./ring_side.ts";

/** Slots moved from a ring in one go, as the classic has it. */
const BATCH = 1024;

/** How to bridge. */
export interface BridgeOptions {
  /** Slots moved from ring to ring before the other direction has its turn; 1024 when silent. */
  readonly batch?: number;
  /** False copies where buffers could be swapped. */
  readonly zeroCopy?: boolean;
  /** Looks again and again instead of waiting: lower latency, and a processor for itself. */
  readonly busyWait?: boolean;
}

/** A bridge. It does not own its ports. */
export interface Bridge {
  /** Whether buffers are swapped. */
  readonly zeroCopy: boolean;
  /** What went from the first port to the second. */
  readonly forward: Readonly<Moved>;
  /** What went from the second port to the first. */
  readonly backward: Readonly<Moved>;
  /** One round in both directions. @returns slots that were moved */
  step(): number;
  /** Moves until the signal aborts; waits while there is nothing. */
  run(signal: AbortSignal): Promise<void>;
}

/** One direction. */
class Lane {
  readonly moved: Moved = newMoved();
  readonly #from: Port;
  readonly #to: Port;
  readonly #rx: readonly RingSide[];
  readonly #tx: readonly RingSide[];
  readonly #batch: number;
  readonly #swap: boolean;
  #holding = false;

  constructor(from: Port, to: Port, batch: number, swap: boolean) {
    this.#from = from;
    this.#to = to;
    this.#rx = rxSides(from);
    this.#tx = txSides(to);
    this.#batch = batch;
    this.#swap = swap;
    if (this.#rx.length === 0 || this.#tx.length === 0) {
      const [port, what] = this.#rx.length === 0 ? [from, "receive"] : [to, "transmit"];
      throw new NetmapError(
        EINVAL,
        `Cannot bridge '${port.name}' as it has no ${what} rings: open it with both`,
        { port: port.name },
      );
    }
  }

  /** Whether every pair of rings is in one region. */
  get canSwap(): boolean {
    return this.#rx.every((rx) => this.#tx.every((tx) => canSwap(rx, tx)));
  }

  step(): number {
    this.#from.rxsync();
    const moved = this.#move();
    if (moved > 0) this.#to.txsync();
    this.#holding = moved === 0 && this.#isHolding();
    // Room is learned of by syncing.
    if (this.#holding) this.#to.txsync();
    return moved;
  }

  #isHolding(): boolean {
    for (let n = 0; n < this.#rx.length; n++) {
      if (!ringEmpty(this.#rx[n].i32, this.#rx[n].word)) return true;
    }
    return false;
  }

  /** What the next step waits for. */
  wait(): Wait {
    return this.#holding ? [this.#to, POLLOUT] : [this.#from, POLLIN];
  }

  #move(): number {
    let total = 0;
    let to = 0;
    for (let from = 0; from < this.#rx.length; from++) {
      const rx = this.#rx[from];
      for (let tried = 0; tried < this.#tx.length && !ringEmpty(rx.i32, rx.word); tried++) {
        total += movePackets(rx, this.#tx[to], this.#batch, this.#swap, this.moved);
        if (!ringEmpty(this.#tx[to].i32, this.#tx[to].word)) break;
        to = to + 1 === this.#tx.length ? 0 : to + 1;
      }
    }
    return total;
  }
}

/**
 * Bridges two ports; with the same port twice, what arrives goes back where it came from.
 *
 * @param a a port
 * @param b another one, or the same
 * @param options how
 * @returns a bridge that moves while it is stepped or run
 * @throws {NetmapError} EINVAL for a batch below 1, or a port without rings of a direction
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * import { bridge } from "@netmap/traffic";
 * async function join(device: NetmapDevice, signal: AbortSignal): Promise<number> {
 *   using a = openPort(device, "vale0:a"), b = openPort(device, "vale1:b");
 *   const joined = bridge(a, b);
 *   await joined.run(signal);
 *   return joined.forward.packets + joined.backward.packets;
 * }
 * ```
 */
export function bridge(a: Port, b: Port, options: BridgeOptions = {}): Bridge {
  const { batch = BATCH, zeroCopy = true, busyWait = false } = options;
  if (!Number.isInteger(batch) || batch < 1) {
    throw new NetmapError(EINVAL, `Cannot bridge in batches of '${batch}': give a number from 1`);
  }
  const lanes = a === b ? [[a, a] as const] : [[a, b] as const, [b, a] as const];
  const swap = zeroCopy &&
    lanes.every(([from, to]) => new Lane(from, to, batch, false).canSwap);
  const [forward, backward] = lanes.map(([from, to]) => new Lane(from, to, batch, swap));
  const all = backward === undefined ? [forward] : [forward, backward];
  const step = (): number => {
    let moved = 0;
    for (let n = 0; n < all.length; n++) moved += all[n].step();
    return moved;
  };
  return {
    zeroCopy: swap,
    forward: forward.moved,
    backward: backward?.moved ?? newMoved(),
    step,
    async run(signal: AbortSignal): Promise<void> {
      const turns = new Turns();
      while (!signal.aborted) {
        if (step() === 0 && !busyWait) {
          await waitForAny(all.map((lane) => lane.wait()), signal);
        }
        if (turns.isOver(performance.now())) await turns.pass();
      }
    },
  };
}
