/**
 * A descriptor whose syncs are stores into CSB entries: a program that has the rings' memory, the
 * entries and, to sleep, a pair of eventfds for each ring is a full netmap user, without a system call
 * of its own and without the engine.
 *
 * ```
 *   Port, Ring ------ txsync(), rxsync() ---->  publish, learn      words of csb_rings.ts
 *                     poll(), wait(), fd ---->  irqfds in a KickSet
 *                     kick               ---->  ioeventfd, only when the loop asked
 * ```
 *
 * Without eventfds the loop cannot wake anybody: poll() and wait() then nap between two looks.
 *
 * @module
 */

import {
  closedError,
  type ControlRequest,
  type Descriptor,
  EINVAL,
  EOPNOTSUPP,
  findRings,
  type KloopEventfds,
  type LegacyCommand,
  type Memory,
  NetmapError,
  POLLERR,
  POLLIN,
  POLLOUT,
  signalEventfd,
  waitFd,
} from "@netmap/core";
import type { CsbEntries } from "./csb.ts";
import { type CsbRings, isReady, learn, needKick, pairRings, publish } from "./csb_rings.ts";
import { KickSet } from "./kick_set.ts";
import { nap } from "./nap.ts";

/** Looks before a waiter without eventfds sleeps at all, and its longest sleep in microseconds. */
const SPINS = 64;
const LONGEST_NAP_US = 1000;

/** What a CSB descriptor is made of. */
export interface CsbSetup {
  /** The region that the port's rings are in. */
  readonly memory: Memory;
  /** Bytes from the region's start to the port's `netmap_if`: `offset` of the registration's reply. */
  readonly nifp: number;
  /** The entries, one of each for every bound ring, as the device set them up. */
  readonly entries: CsbEntries;
  /** The eventfds that the loop was given, in the same order; absent where it busy-waits. */
  readonly eventfds?: readonly KloopEventfds[];
  /**
   * Kicks the loop for a ring in place of its ioeventfd: a function that syncs the ring itself, where
   * loop and application are in one isolate (direct mode).
   */
  readonly kick?: (entry: number) => void;
  /** The port's name, for errors. */
  readonly name?: string;
  /** Carries out control requests, where somebody does. */
  readonly control?: (request: ControlRequest) => void;
  /** Called once, after the close. */
  readonly onClose?: () => void;
}

/** What a CSB descriptor has done. */
export interface CsbCounters {
  /** Times that the loop was kicked. */
  kicks: number;
  /** Times that this side slept until it was kicked. */
  sleeps: number;
}

/** The application's end of a port in CSB mode. */
export class CsbDescriptor implements Descriptor {
  /** What it has done. */
  readonly counters: CsbCounters = { kicks: 0, sleeps: 0 };
  readonly #setup: CsbSetup;
  readonly #name: string;
  readonly #rings: CsbRings;
  readonly #kickFd: Int32Array;
  /** Sleeps on the irqfds of all rings; null where a ring has none. */
  readonly #set: KickSet | null;
  #handedOut = false;
  #closed = false;

  /**
   * Takes up the port where its entries stand.
   *
   * @param setup memory, entries and eventfds; they stay the caller's
   * @throws {NetmapError} EINVAL when they do not go together, EBADF for an eventfd that is none
   */
  constructor(setup: CsbSetup) {
    const { memory, nifp, entries, eventfds = [], name = "csb" } = setup;
    this.#setup = setup;
    this.#name = name;
    this.#rings = pairRings(memory.i32, findRings(memory, nifp, name), entries, name);
    const { count } = this.#rings;
    if (eventfds.length !== 0 && eventfds.length !== count) {
      throw new NetmapError(
        EINVAL,
        `Cannot use ${eventfds.length} pairs of eventfds with '${name}' as it has ${count} rings: ` +
          "give one for each",
        { port: name },
      );
    }
    this.#kickFd = Int32Array.from(
      { length: count },
      (_, i) => eventfds[i]?.ioeventfd ?? -1,
    );
    const canSleep = eventfds.length > 0 && eventfds.every(({ irqfd }) => irqfd >= 0);
    this.#set = canSleep ? new KickSet() : null;
    try {
      for (const { irqfd } of eventfds) this.#set?.add(irqfd);
    } catch (error) {
      this.#set?.close();
      throw error;
    }
  }

  /** Asks whoever carries out requests for this port. @throws {NetmapError} EOPNOTSUPP for nobody */
  control(request: ControlRequest): void {
    this.#checkOpen();
    if (this.#setup.control !== undefined) return this.#setup.control(request);
    throw this.#noControl();
  }

  /** Is not there: a CSB port is already bound. @throws {NetmapError} EOPNOTSUPP */
  legacy(_command: LegacyCommand, _nmreq: Uint8Array): void {
    this.#checkOpen();
    throw this.#noControl();
  }

  /** The region that the rings are in. */
  get memory(): Memory {
    this.#checkOpen();
    return this.#setup.memory;
  }

  /** Publishes the transmit rings, kicks the loop if it asked for that, and learns how far it is. */
  txsync(): void {
    this.#checkOpen();
    this.#exchange(0, this.#rings.txCount);
    if (this.#handedOut) this.#set?.forget();
  }

  /** The same for the receive rings: gives slots back and learns of new packets. */
  rxsync(): void {
    this.#checkOpen();
    this.#exchange(this.#rings.txCount, this.#rings.count);
    if (this.#handedOut) this.#set?.forget();
  }

  /** Blocks until one of `events` holds; see `Descriptor.poll`. */
  poll(events: number, timeoutMs: number): number {
    this.#checkOpen();
    const early = this.#look(events);
    if (early !== 0 || timeoutMs === 0) return early;
    const deadline = timeoutMs < 0 ? Infinity : performance.now() + timeoutMs;
    for (let spins = 0;; spins++) {
      const again = this.#set === null ? this.#nap(events, spins) : this.#sleep(events, deadline);
      if (again !== 0) return again;
      if (performance.now() >= deadline) return this.#look(events);
    }
  }

  /** The same for an event loop; see `Descriptor.wait`. */
  async wait(events: number, signal?: AbortSignal): Promise<number> {
    this.#checkOpen();
    signal?.throwIfAborted();
    for (;;) {
      if (this.#closed) return POLLERR;
      const early = this.#look(events);
      if (early !== 0) return early;
      if (this.#set === null) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        signal?.throwIfAborted();
        continue;
      }
      this.#ask(events, true);
      const again = this.#look(events);
      try {
        if (again !== 0) return again;
        await waitFd(this.#set.fd, POLLIN, signal);
        this.counters.sleeps++;
      } catch (error) {
        // Closing the descriptor ends its waits, as close(2) ends a poll: with POLLERR.
        if (this.#closed) return POLLERR;
        throw error;
      } finally {
        if (!this.#closed) {
          this.#set.forget();
          this.#ask(events, false);
        }
      }
    }
  }

  /**
   * A descriptor for select, poll or epoll: readable once the loop has kicked, until the next sync.
   * From the first use on the loop is asked to kick for all that is new.
   *
   * @throws {NetmapError} EOPNOTSUPP without eventfds
   */
  get fd(): number {
    this.#checkOpen();
    if (this.#set === null) {
      throw new NetmapError(
        EOPNOTSUPP,
        `Cannot give a descriptor to wait on for '${this.#name}' as nobody signals one: ` +
          "give an irqfd for every ring",
        { port: this.#name },
      );
    }
    this.#handedOut = true;
    this.#ask(POLLIN | POLLOUT, true);
    return this.#set.fd;
  }

  /** Ends the use of the port; memory, entries and eventfds stay the caller's. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#set?.close();
    this.#setup.onClose?.();
  }

  /** Ends the use of the port. */
  [Symbol.dispose](): void {
    this.close();
  }

  #exchange(from: number, to: number): void {
    const rings = this.#rings;
    for (let i = from; i < to; i++) {
      if (publish(rings, i)) this.#kick(i);
      learn(rings, i);
    }
  }

  #kick(i: number): void {
    if (this.#setup.kick !== undefined) this.#setup.kick(i);
    else if (this.#kickFd[i] >= 0) signalEventfd(this.#kickFd[i]);
    else return;
    this.counters.kicks++;
  }

  /** One round of poll: sends what is pending, and says which of the events hold. */
  #look(events: number): number {
    const rings = this.#rings;
    let revents = 0;
    this.#exchange(0, rings.txCount);
    if ((events & POLLOUT) !== 0) {
      for (let i = 0; i < rings.txCount; i++) if (isReady(rings, i)) revents |= POLLOUT;
    }
    if ((events & POLLIN) !== 0) {
      this.#exchange(rings.txCount, rings.count);
      for (let i = rings.txCount; i < rings.count; i++) if (isReady(rings, i)) revents |= POLLIN;
    }
    return revents;
  }

  #ask(events: number, needed: boolean): void {
    if (this.#handedOut && !needed) return;
    const rings = this.#rings;
    if ((events & POLLOUT) !== 0) {
      for (let i = 0; i < rings.txCount; i++) needKick(rings, i, needed);
    }
    if ((events & POLLIN) !== 0) {
      for (let i = rings.txCount; i < rings.count; i++) needKick(rings, i, needed);
    }
  }

  /** Asks for kicks, looks again, sleeps. @returns the events that hold after that */
  #sleep(events: number, deadline: number): number {
    this.#ask(events, true);
    const early = this.#look(events);
    if (early === 0) {
      const left = deadline === Infinity ? -1 : Math.max(0, deadline - performance.now());
      this.#set!.sleep(left);
      this.counters.sleeps++;
    }
    this.#ask(events, false);
    return early !== 0 ? early : this.#look(events);
  }

  #nap(events: number, spins: number): number {
    nap(spins < SPINS ? 0 : Math.min(spins, LONGEST_NAP_US));
    return this.#look(events);
  }

  #noControl(): NetmapError {
    return new NetmapError(
      EOPNOTSUPP,
      `Cannot carry out requests for '${this.#name}' as it is reached through memory alone: ` +
        "ask whoever bound it",
      { port: this.#name },
    );
  }

  #checkOpen(): void {
    // Memory that was unmapped behind the descriptor's back leaves arrays of length 0.
    if (this.#closed || this.#rings.atok.length === 0 || this.#rings.i32.length === 0) {
      throw closedError(this.#name);
    }
  }
}
