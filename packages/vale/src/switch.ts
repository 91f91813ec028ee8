/**
 * A switch as the control path sees it (`struct nm_bridge`): its record in the state image, its
 * ports by number and by name, and who may change it.
 *
 * A switch lives from its first port to its last; one that a module created lives until the
 * module destroys it, and belongs to whoever has the module's token.
 *
 * @module
 */

import { ENOMEM, NetmapError } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { clearTable, forgetPort } from "./data_path/fdb.ts";
import { moduleFailed, setModule, type SwitchModule } from "./data_path/module.ts";
import {
  F_WAYS,
  F_WORDS,
  MAX_PORTS,
  S_ACTIVE,
  S_FDB,
  S_FDB_MASK,
  S_FLAG_ZERO_COPY,
  S_FLAGS,
  S_MAX_AGE,
  S_MODULE,
  S_NUM_ACTIVE,
  S_PORTS,
  SWITCH_WORDS,
  V_CLOSED,
  V_PORT,
  V_SWITCH,
} from "./layout.ts";

import { withWriter } from "./writer.ts";

/** A switch's module, as `regops` has put it together. */
export interface ModuleInUse extends Omit<SwitchModule, "privateData"> {
  /** Carries out a request of `configSwitch`. */
  config?(request: unknown, privateData: unknown): unknown;
  /** Handed to every call. */
  privateData: unknown;
}

/** What a switch knows of one of its ports. */
export interface SwitchPort {
  /** Name in the switch: `vale0:a`; the host side of `vale0:eth0` is `vale0:eth0^`. */
  readonly switchName: string;
  /** Record in the state image. */
  readonly port: number;
  /** What it is: `vale`, `bwrap` for an attached interface, `host` for an interface's host side. */
  readonly portKind: "vale" | "bwrap" | "host";
  /** Whether somebody has it open. */
  readonly isOpen: boolean;
  /** Its krings of a direction, NR_TX or NR_RX; none while nobody has it open. */
  krings(dir: number): number[];
}

/** What a switch is made with. */
export interface SwitchOptions {
  /** Buckets of its forwarding table, a power of 2. */
  readonly buckets: number;
  /** Whether it begins with zero-copy on. */
  readonly zeroCopy: boolean;
  /** Seconds after which a silent address is unknown again, as S_MAX_AGE has them. */
  readonly maxAge: number;
}

/** A switch. */
export class Switch {
  /** The engine. */
  readonly engine: Engine;
  /** Without its colon: `vale0`. */
  readonly name: string;
  /** Its number, as VALE_LIST gives it. */
  readonly index: number;
  /** Record in the state image. */
  readonly record: number;
  /** Words of the forwarding table. */
  readonly #tableWords: number;
  /** Ports by number. */
  readonly ports: Map<number, SwitchPort> = new Map();
  /** The token that its owner holds; null when it is everybody's. */
  token: symbol | null = null;
  /** The module that decides where frames go; null for the learning bridge. */
  module: ModuleInUse | null = null;
  /** Numbers of ports: those in use, then the free ones; the last one freed is given out first. */
  readonly #order: number[] = Array.from({ length: MAX_PORTS }, (_, i) => i);

  /**
   * @param engine the engine
   * @param name without its colon
   * @param index its place among the engine's switches
   * @param options of new switches
   */
  constructor(
    engine: Engine,
    name: string,
    index: number,
    { buckets, zeroCopy, maxAge }: SwitchOptions,
  ) {
    this.engine = engine;
    this.name = name;
    this.index = index;
    const { heap, dp } = engine;
    this.#tableWords = buckets * F_WAYS * F_WORDS;
    this.record = heap.alloc(SWITCH_WORDS);
    dp.state[this.record + S_FDB] = heap.alloc(this.#tableWords);
    dp.state[this.record + S_FDB_MASK] = buckets - 1;
    dp.state[this.record + S_MAX_AGE] = maxAge;
    dp.state[this.record + S_FLAGS] = zeroCopy ? S_FLAG_ZERO_COPY : 0;
  }

  /** Whether nothing keeps it any more. */
  get unused(): boolean {
    return this.ports.size === 0 && this.token === null;
  }

  /** Whether unicast frames move by swapping buffers. */
  get zeroCopy(): boolean {
    return (this.engine.dp.state[this.record + S_FLAGS] & S_FLAG_ZERO_COPY) !== 0;
  }

  set zeroCopy(on: boolean) {
    const word = this.record + S_FLAGS;
    if (on) Atomics.or(this.engine.dp.state, word, S_FLAG_ZERO_COPY);
    else Atomics.and(this.engine.dp.state, word, ~S_FLAG_ZERO_COPY);
  }

  /** Runs a change while nobody forwards through the switch. */
  write<T>(change: () => T): T {
    return withWriter(this.engine.dp, this.record, this.name, change);
  }

  /** Finds a port by its full name. */
  find(switchName: string): SwitchPort | null {
    for (const port of this.ports.values()) if (port.switchName === switchName) return port;
    return null;
  }

  /** @throws {NetmapError} ENOMEM unless `count` more ports fit */
  needRoom(count: number, switchName: string): void {
    if (this.ports.size + count <= MAX_PORTS) return;
    throw new NetmapError(
      ENOMEM,
      `Cannot add port '${switchName}' as switch '${this.name}:' has ${this.ports.size} of at most ` +
        `${MAX_PORTS} ports: use another switch`,
      { port: switchName },
    );
  }

  /**
   * Adds a port. It is sent to once its V_CLOSED is 0.
   *
   * @returns its number
   */
  add(port: SwitchPort): number {
    this.needRoom(1, port.switchName);
    const { state } = this.engine.dp;
    return this.write(() => {
      const count = this.ports.size;
      const index = this.#order[count];
      const p = port.port;
      state[p + V_PORT] = index;
      state[this.record + S_PORTS + index] = p;
      state[this.record + S_ACTIVE + count] = index;
      state[this.record + S_NUM_ACTIVE] = count + 1;
      Atomics.store(state, p + V_SWITCH, this.record);
      this.ports.set(index, port);
      return index;
    });
  }

  /** Takes a port out: nobody sends to it any more, and the forwarding table forgets it. */
  remove(port: SwitchPort): void {
    const { dp } = this.engine;
    const { state } = dp;
    const p = port.port;
    this.write(() => {
      const index = state[p + V_PORT];
      this.#tellModule(index, port.switchName);
      const last = this.ports.size - 1;
      const at = this.#order.indexOf(index);
      this.#order[at] = this.#order[last];
      this.#order[last] = index;
      state[this.record + S_ACTIVE + at] = this.#order[at];
      state[this.record + S_NUM_ACTIVE] = last;
      state[this.record + S_PORTS + index] = 0;
      Atomics.store(state, p + V_CLOSED, 1);
      Atomics.store(state, p + V_SWITCH, 0);
      forgetPort(dp, this.record, index);
      this.ports.delete(index);
    });
  }

  /** Tells the module that a port leaves. What it throws is its own trouble, and counted. */
  #tellModule(index: number, switchName: string): void {
    const { dp } = this.engine;
    try {
      this.module?.dtor?.(index, switchName);
    } catch (error) {
      moduleFailed(dp, this.record, dp.state[this.record + S_MODULE], error);
    }
  }

  /** Empties the forwarding table; every port's sources are learned anew. */
  forgetAll(): void {
    this.write(() => clearTable(this.engine.dp, this.record));
  }

  /** Gives its words of the image back. Only when {@link unused}. */
  end(): void {
    const { heap, dp } = this.engine;
    setModule(dp, this.record, null);
    heap.release(dp.state[this.record + S_FDB], this.#tableWords);
    heap.release(this.record, SWITCH_WORDS);
  }
}
