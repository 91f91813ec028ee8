/**
 * A thread's view of the engine: the mapped state image, the mapped regions and the code of each
 * port kind. The owner has one; a Worker or another process that was given the memfds makes its
 * own with {@link DataPath.attach} and runs txsync and rxsync by itself.
 *
 * @module
 */

import {
  closedError,
  closeFd,
  createMemfd,
  EINVAL,
  ENOSPC,
  mapMemory,
  type Mapping,
  type Memory,
  NetmapError,
  pid,
  threadId,
} from "@netmap/core";
import {
  ATTACH_PID,
  ATTACH_TABLE,
  ATTACH_TID,
  ATTACH_WORDS,
  HEAP,
  IMAGE_LAYOUT,
  IMAGE_LAYOUT_AT,
  IMAGE_MAGIC,
  IMAGE_MAGIC_AT,
  IMAGE_OWNER_PID,
  IMAGE_WORDS,
  K_REGION,
  MAX_ATTACHED,
  MAX_REGIONS,
  REGION_ENTRY_WORDS,
  REGION_FD,
  REGION_GENERATION,
  REGION_OFFSET,
  REGION_PAGES,
  REGION_TABLE,
} from "./layout.ts";
import { tidAlive } from "./thread.ts";

/**
 * The data path of a kind of port. Plain functions over words: they run in any thread, and may
 * keep nothing in JavaScript objects but caches.
 */
export interface PortKind {
  /** Position in the table of kinds; the same in every thread of an engine. See {@link KIND}. */
  readonly id: number;
  /** What listings show: `null`, `pipe`, `vale`. */
  readonly name: string;
  /** Whether its data path honours offsets of packets in buffers, see `state/offsets.ts`. */
  readonly offsets?: boolean;
  /** Sends the slots from hwcur to rhead; moves hwcur and hwtail. Called with K_BUSY held. */
  txsync(dp: DataPath, k: number): void;
  /** Takes back slots up to rhead and makes new ones visible. Called with K_BUSY held. */
  rxsync(dp: DataPath, k: number): void;
  /**
   * Takes the notification of a ring whose K_NOTIFY names this kind: a switch that has a device's
   * rings (`nm_notify`). Absent: the ring's descriptors are woken.
   */
  notify?(dp: DataPath, k: number): void;
}

/** Numbers of the port kinds that exist, so that an image means the same to every thread. */
export const KIND: Readonly<Record<string, number>> = {
  null: 1,
  pipe: 2,
  vale: 3,
  bwrap: 4,
  nic: 5,
  host: 6,
  monitor: 7,
  ptnet: 8,
  monitored: 9,
};

const MAX_KINDS = 32;
/** Unit of the region table. */
const PAGE = 4096;

/** What a thread needs to attach: numbers of memfds that are valid in its process. */
export interface ImageHandle {
  /** memfd of the state image. */
  readonly stateFd: number;
  /** memfd of each region by region slot; without it the owner's numbers are taken. */
  readonly regionFds?: readonly number[];
  /**
   * Gives the memfd of a region slot, for whoever learns of them one by one; it is closed once it is
   * mapped.
   *
   * @throws {NetmapError} when there is none
   */
  readonly openRegion?: (slot: number) => number;
}

/** A thread id that no thread has (Linux has ids up to 2^22): of threads that are known to be dead. */
const DEAD_TID = 0x3fffffff;

/** A thread's mapping of the state image and the regions. */
export class DataPath {
  /** The state image. */
  readonly state: Int32Array;
  /** The same as doubles, for counters alone. */
  readonly counters: Float64Array;
  /** Mapped regions by region slot. */
  readonly regions: Memory[] = [];
  /** Port kinds by number. */
  readonly kinds: PortKind[] = new Array(MAX_KINDS);
  /** What this thread writes into lock words. */
  readonly owner: number;
  /** This process. */
  readonly pid: number;
  /** Sockets and the like of the owner's NICs, by K_LOCAL. */
  readonly local: unknown[] = [null];
  /** memfd of the state image in this process. */
  readonly stateFd: number;
  /** Whether this is the engine's own. */
  readonly isOwner: boolean;
  readonly #mapping: Mapping;
  readonly #regionGenerations: number[] = [];
  readonly #handle: ImageHandle;
  #closed = false;

  private constructor(
    handle: ImageHandle,
    kinds: readonly PortKind[],
    isOwner: boolean,
  ) {
    const { stateFd } = handle;
    this.stateFd = stateFd;
    this.isOwner = isOwner;
    this.#handle = handle;
    this.#mapping = mapMemory(stateFd, IMAGE_WORDS * 4);
    this.state = this.#mapping.i32;
    this.counters = new Float64Array(this.state.buffer);
    this.pid = pid();
    for (const kind of kinds) this.addKind(kind);
    if (isOwner) {
      this.state[IMAGE_MAGIC_AT] = IMAGE_MAGIC;
      this.state[IMAGE_LAYOUT_AT] = IMAGE_LAYOUT;
      this.state[IMAGE_OWNER_PID] = this.pid;
    } else if (
      this.state[IMAGE_MAGIC_AT] !== IMAGE_MAGIC || this.state[IMAGE_LAYOUT_AT] !== IMAGE_LAYOUT
    ) {
      this.#mapping.close();
      throw new NetmapError(
        EINVAL,
        "Cannot attach to the state image as it has another layout: use the same version as its owner",
      );
    }
    this.owner = this.#takeOwnerTag();
  }

  /** Makes a new, empty image. */
  static create(kinds: readonly PortKind[]): DataPath {
    return new DataPath({ stateFd: createMemfd("netmap-state", IMAGE_WORDS * 4) }, kinds, true);
  }

  /**
   * Attaches this thread to an engine's image.
   *
   * @param handle memfds, valid in this process
   * @param kinds the port kinds that this thread will sync
   * @throws {NetmapError} EINVAL when it is no image, ENOSPC when too many threads are attached
   */
  static attach(handle: ImageHandle, kinds: readonly PortKind[]): DataPath {
    return new DataPath(handle, kinds, false);
  }

  /** Registers a port kind in this thread. */
  addKind(kind: PortKind): void {
    this.kinds[kind.id] = kind;
  }

  /** Puts a region of the owner's into the table, for other threads to map. */
  publishRegion(slot: number, memory: Memory, fd: number, offset: number = 0): void {
    const entry = REGION_TABLE + slot * REGION_ENTRY_WORDS;
    this.regions[slot] = memory;
    this.state[entry + REGION_FD] = fd;
    this.state[entry + REGION_OFFSET] = offset / PAGE;
    this.state[entry + REGION_GENERATION] += 1;
    this.#regionGenerations[slot] = this.state[entry + REGION_GENERATION];
    // First those who have to be told, then the size, by which others see the region.
    this.regionPublished(slot, fd);
    Atomics.store(this.state, entry + REGION_PAGES, memory.size / PAGE);
  }

  /** Takes a region out of the table. */
  retireRegion(slot: number): void {
    Atomics.store(this.state, REGION_TABLE + slot * REGION_ENTRY_WORDS + REGION_PAGES, 0);
    delete this.regions[slot];
  }

  /** The region of a kring; mapped at its first use in this thread. */
  regionOf(k: number): Memory {
    const slot = this.state[k + K_REGION];
    const known = this.regions[slot];
    if (this.isOwner) return known;
    const entry = REGION_TABLE + slot * REGION_ENTRY_WORDS;
    if (
      known !== undefined &&
      this.#regionGenerations[slot] === Atomics.load(this.state, entry + REGION_GENERATION)
    ) return known;
    return this.region(slot);
  }

  /** The region in a slot of the table. @throws {NetmapError} EINVAL when the slot is free */
  region(slot: number): Memory {
    const entry = REGION_TABLE + slot * REGION_ENTRY_WORDS;
    const generation = Atomics.load(this.state, entry + REGION_GENERATION);
    const known = this.regions[slot];
    if (known !== undefined && (this.isOwner || this.#regionGenerations[slot] === generation)) {
      return known;
    }
    const pages = slot >= 0 && slot < MAX_REGIONS
      ? Atomics.load(this.state, entry + REGION_PAGES)
      : 0;
    const { openRegion, regionFds } = this.#handle;
    if (pages <= 0 || (!openRegion && regionFds && regionFds[slot] === undefined)) {
      throw new NetmapError(EINVAL, `Cannot map memory region ${slot} as there is none`);
    }
    if (known !== undefined) (known as Mapping).close();
    const offset = this.state[entry + REGION_OFFSET] * PAGE;
    const fd = openRegion?.(slot) ?? regionFds?.[slot] ?? this.state[entry + REGION_FD];
    let mapping: Mapping;
    try {
      mapping = mapMemory(fd, pages * PAGE, { offset });
    } finally {
      if (openRegion) closeFd(fd);
    }
    this.regions[slot] = mapping;
    this.#regionGenerations[slot] = generation;
    return mapping;
  }

  /** Whether the thread with an owner tag still runs. */
  ownerAlive(tag: number): boolean {
    const tid = Atomics.load(this.state, ATTACH_TABLE + (tag - 1) * ATTACH_WORDS + ATTACH_TID);
    return tid !== 0 && tidAlive(tid);
  }

  /**
   * Wakes a descriptor whose eventfd belongs to another process. Replaced by whoever holds a
   * copy of that eventfd (a daemon's client).
   */
  wakeElsewhere(_d: number): void {}

  /**
   * Called in the owner before others can see a region. Replaced by whoever has to send its memfd to
   * other processes.
   */
  regionPublished(_slot: number, _fd: number): void {}

  /**
   * Says that the thread with an owner tag has ended, although the system may know its id yet: a
   * killed process keeps it until its parent asks. Its locks are for whoever meets them from now on.
   */
  declareDead(tag: number): void {
    Atomics.store(this.state, ATTACH_TABLE + (tag - 1) * ATTACH_WORDS + ATTACH_TID, DEAD_TID);
  }

  /** Gives the tag of a dead thread to whoever attaches next: nothing in the image names it any more. */
  freeTag(tag: number): void {
    Atomics.store(this.state, ATTACH_TABLE + (tag - 1) * ATTACH_WORDS + ATTACH_TID, 0);
  }

  /** Unmaps everything. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    Atomics.store(this.state, ATTACH_TABLE + (this.owner - 1) * ATTACH_WORDS + ATTACH_TID, 0);
    if (!this.isOwner) {
      for (const region of this.regions) (region as Mapping | undefined)?.close();
    }
    this.#mapping.close();
    if (this.isOwner) closeFd(this.stateFd);
  }

  /** Fails when the engine was closed. @throws {NetmapError} EBADF */
  checkOpen(): void {
    if (this.#closed) throw closedError("engine");
  }

  /** Unmaps everything. */
  [Symbol.dispose](): void {
    this.close();
  }

  #takeOwnerTag(): number {
    // A dead thread's tag may stand in locks yet: whoever takes it would hold them for ever. So it
    // is taken only where no other is left.
    const tag = this.#takeTag(false) || this.#takeTag(true);
    if (tag !== 0) return tag;
    this.#mapping.close();
    throw new NetmapError(
      ENOSPC,
      `Cannot attach to the engine as ${MAX_ATTACHED} threads are attached: end one first`,
    );
  }

  #takeTag(ofTheDead: boolean): number {
    const mine = threadId();
    for (let i = 0; i < MAX_ATTACHED; i++) {
      const entry = ATTACH_TABLE + i * ATTACH_WORDS;
      const tid = Atomics.load(this.state, entry + ATTACH_TID);
      if (tid !== 0 && (!ofTheDead || tidAlive(tid))) continue;
      if (Atomics.compareExchange(this.state, entry + ATTACH_TID, tid, mine) !== tid) continue;
      Atomics.store(this.state, entry + ATTACH_PID, this.pid);
      return i + 1;
    }
    return 0;
  }
}

/** Words of the image that records are made from; the owner alone allocates. */
export class StateHeap {
  #next = HEAP;
  readonly #free: Map<number, number[]> = new Map();

  readonly #state: Int32Array;

  /** A heap over an image that nobody else allocates from. */
  constructor(state: Int32Array) {
    this.#state = state;
  }

  /** Makes a record. @param words its size @returns its first word, zeroed, on a 128-byte boundary */
  alloc(words: number): number {
    const size = (words + 31) & ~31;
    const recycled = this.#free.get(size)?.pop();
    if (recycled !== undefined) {
      this.#state.fill(0, recycled, recycled + size);
      return recycled;
    }
    if (this.#next + size > IMAGE_WORDS) {
      throw new NetmapError(
        ENOSPC,
        `Cannot allocate ${words} words of state as the image is full: close ports first`,
      );
    }
    const at = this.#next;
    this.#next += size;
    return at;
  }

  /** Makes several records of one size, or none. */
  allocAll(words: number, count: number): number[] {
    const made: number[] = [];
    try {
      while (made.length < count) made.push(this.alloc(words));
    } catch (error) {
      for (const at of made) this.release(at, words);
      throw error;
    }
    return made;
  }

  /** Gives a record back. @param words the size that was asked for */
  release(at: number, words: number): void {
    const size = (words + 31) & ~31;
    const list = this.#free.get(size);
    if (list) list.push(at);
    else this.#free.set(size, [at]);
  }
}
