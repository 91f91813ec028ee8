/**
 * An end of a pipe. Both ends are made at once and end at once, so that neither ever has to ask
 * whether the other is there.
 *
 * ```
 *            user                  user    user                 user
 *             v                     v       v                     v
 *            end --> other         end     other     end <-- other          -->  holds (refs)
 *      one end is open             both are open      the first one was closed
 * ```
 *
 * Invariants: at least one end is open while krings exist; exactly one end that is not open is held
 * by the other; the two rings of a pair exist together or not at all.
 *
 * @module
 */

import {
  NETMAP_RING,
  RING_SLOTS,
  SLOT_PTR_LO,
  SLOT_WORDS,
  structAssign,
  structView,
} from "@netmap/core";
import {
  Adapter,
  copyOffsets,
  K_DIR,
  K_FLAGS,
  K_HWTAIL,
  K_MODE,
  K_NUM_SLOTS,
  K_OFFSET_MASK,
  K_PEER,
  K_PEER_TAIL,
  K_PENDING_MODE,
  K_RING,
  K_RING_ID,
  K_USERS,
  KR_STOPPED,
  NKR_FAKERING,
  NKR_NEEDRING,
  NR_RX,
  NR_TX,
  type PortShape,
  setRingOwnsBuffers,
  showOffsets,
  stopRing,
} from "@netmap/engine";
import { pipeKind } from "./data_path.ts";
import { leaveToHolders } from "./holders.ts";
import { pipeName, type PipeRole } from "./name.ts";

/** What the ends of a pipe have in common. */
export interface PipeOptions {
  /** The port whose memory the pipe uses; held by each end. */
  readonly parent: Adapter;
  /** The parent's name as it was asked for. */
  readonly parentName: string;
  /** What both ends have in common. */
  readonly id: string;
  /** Called once when the pipe is gone. */
  readonly onEnd: () => void;
}

/** An end of a pipe. */
export class PipeAdapter extends Adapter {
  /** Which end. */
  readonly role: PipeRole;
  /** What both ends have in common. */
  readonly options: PipeOptions;
  #peer: PipeAdapter = this;
  /** Set while the other end is not open and this one keeps it. */
  #holdsPeer = false;

  private constructor(role: PipeRole, options: PipeOptions, shape: PortShape) {
    const { parent, parentName, id } = options;
    super(parent.engine, pipeName(parentName, id, role), pipeKind, parent.region, shape);
    this.role = role;
    this.options = options;
  }

  /**
   * Makes both ends. The caller's hold on the parent becomes the pipe's.
   *
   * @param role the end that is about to be opened; it keeps the other
   * @param shape of the master; the slave has it the other way round
   * @returns that end, held by nobody yet
   * @throws {NetmapError} ENOSPC, with nothing made
   */
  static make(role: PipeRole, options: PipeOptions, shape: PortShape): PipeAdapter {
    const { txRings, rxRings, txSlots, rxSlots } = shape;
    const master = new PipeAdapter("master", options, shape);
    let slave: PipeAdapter;
    try {
      slave = new PipeAdapter("slave", options, {
        txRings: rxRings,
        rxRings: txRings,
        txSlots: rxSlots,
        rxSlots: txSlots,
      });
    } catch (error) {
      options.parent.hold(); // for the caller, as destroy() drops it
      master.hold().drop();
      throw error;
    }
    options.parent.hold();
    const asked = role === "master" ? master : slave;
    master.#peer = slave;
    slave.#peer = master;
    asked.#peer.hold();
    asked.#holdsPeer = true;
    for (const end of [master, slave]) end.engine.ports.set(end.name, end);
    return asked;
  }

  /** The other end. */
  get peer(): PipeAdapter {
    return this.#peer;
  }

  /** The port whose memory the pipe uses. */
  get parent(): Adapter {
    return this.options.parent;
  }

  /** Makes the krings of both ends, unless the other end is open and they exist. */
  override createKrings(): void {
    // Else the other end is open, and both have theirs.
    if (!this.#holdsPeer) return;
    const peer = this.#peer;
    const state = this.engine.dp.state;
    this.#createOwnKrings();
    try {
      peer.#createOwnKrings();
    } catch (error) {
      this.#deleteOwnKrings();
      throw error;
    }
    for (const [k, p] of this.#pairs()) {
      state[k + K_PEER] = p;
      state[p + K_PEER] = k;
      // Whichever end is not open gets the buffers of the one that is.
      state[p + K_FLAGS] |= NKR_FAKERING;
      state[k + K_PEER_TAIL] = state[k + K_HWTAIL];
      state[p + K_PEER_TAIL] = state[p + K_HWTAIL];
    }
  }

  /**
   * The end's first user came, its last one went, or rings of it change their mode: decides who
   * holds whom, and connects the rings that are opened.
   *
   * @throws {NetmapError} ENOMEM, with nothing changed
   */
  override register(on: boolean): void {
    if (on) this.#shareRings();
    this.commitModes();
    // Not the first user of this end, nor the last; or nobody uses the other end.
    if (this.activeFds > 0 || this.#holdsPeer) return;
    if (on) {
      this.#peer.#holdsPeer = false;
      this.drop();
    } else {
      this.hold();
      this.#peer.#holdsPeer = true;
    }
  }

  /** Ends the rings and krings of both ends, unless the other end is open and needs them. */
  override deleteKrings(): void {
    // Else the other end is open: it needs both, and ends both.
    if (!this.#holdsPeer || !this.hasKrings) return;
    const { dp } = this.engine;
    const peer = this.#peer;
    for (const k of [...this.allKrings(), ...peer.allKrings()]) stopRing(dp, k, KR_STOPPED);
    const i32 = this.region.memory.i32;
    for (const [k, p, dir] of this.#pairs()) {
      leaveToHolders(dp.state, i32, dir === NR_TX ? k : p);
      dp.state[k + K_FLAGS] &= ~(NKR_FAKERING | NKR_NEEDRING);
      dp.state[p + K_FLAGS] &= ~(NKR_FAKERING | NKR_NEEDRING);
    }
    this.deleteRings();
    peer.deleteRings();
    this.#deleteOwnKrings();
    peer.#deleteOwnKrings();
  }

  /** Leaves the engine's tables, the parent, and the other end where this one keeps it. */
  override destroy(): void {
    const { engine, options } = this;
    if (engine.ports.get(this.name) === this) engine.ports.delete(this.name);
    if (this.#holdsPeer) {
      this.#holdsPeer = false;
      options.onEnd();
      this.#peer.drop();
    }
    options.parent.drop();
  }

  /**
   * Makes the other end's rings for those that are about to be opened, and has both rings of each
   * pair use one set of buffers. From then on buffers belong to neither ring alone
   * (NKR_FAKERING), and both rings stay (NKR_NEEDRING) until the pipe ends.
   */
  #shareRings(): void {
    const { state } = this.engine.dp;
    const peer = this.#peer;
    const opened = this.#pairs().filter(([k]) =>
      state[k + K_PENDING_MODE] !== 0 && state[k + K_MODE] === 0
    );
    const marked: number[] = [];
    for (const [, p] of opened) {
      if ((state[p + K_FLAGS] & NKR_NEEDRING) === 0) marked.push(p);
      state[p + K_FLAGS] |= NKR_NEEDRING;
    }
    try {
      peer.createRings();
    } catch (error) {
      for (const p of marked) state[p + K_FLAGS] &= ~NKR_NEEDRING;
      throw error;
    }
    for (const [k, p] of opened) {
      const fake = [k, p].filter((each) => (state[each + K_FLAGS] & NKR_FAKERING) !== 0);
      // Both: the pair was open before, at one end or the other, and is left as it is.
      if (fake.length === 2) this.#restoreHeader(k);
      else this.#lendBuffers(k, fake[0] === k ? p : k, fake[0]);
      this.#agreeOnOffsets(k, p);
      state[k + K_FLAGS] |= NKR_FAKERING | NKR_NEEDRING;
      state[p + K_FLAGS] |= NKR_FAKERING | NKR_NEEDRING;
    }
  }

  /**
   * Shows the buffers of one ring of a new pair in the other too, at the offsets of the opened one.
   *
   * @param k the opened one, which is `real` or `fake`
   */
  #lendBuffers(k: number, real: number, fake: number): void {
    const { state } = this.engine.dp;
    const i32 = this.region.memory.i32;
    const slots = state[real + K_NUM_SLOTS];
    const from = state[real + K_RING] + RING_SLOTS;
    const to = state[fake + K_RING] + RING_SLOTS;
    for (let w = SLOT_PTR_LO; k === fake && w < slots * SLOT_WORDS; w += SLOT_WORDS) {
      i32.copyWithin(from + w, to + w, to + w + 2);
    }
    i32.copyWithin(to, from, from + slots * SLOT_WORDS);
    // The real ring is known to own them since it was made.
    setRingOwnsBuffers(this.region, state[fake + K_RING], slots);
  }

  /** Has both rings of a pair take packets at offsets in their buffers, or neither. */
  #agreeOnOffsets(k: number, p: number): void {
    const { state } = this.engine.dp;
    const i32 = this.region.memory.i32;
    if (state[k + K_OFFSET_MASK] === 0) copyOffsets(state, i32, p, k);
    // Whoever has the other ring open without offsets would not know of them: it stays as it is.
    else if (state[p + K_USERS] === 0) copyOffsets(state, i32, k, p);
  }

  /** What a ring's last user should not have written, for the next one. */
  #restoreHeader(k: number): void {
    const { state } = this.engine.dp;
    const { memory, bufs } = this.region;
    const at = state[k + K_RING] << 2;
    structAssign(NETMAP_RING, structView(NETMAP_RING, memory.u8, at), {
      bufOfs: bufs.offset - at,
      numSlots: state[k + K_NUM_SLOTS],
      bufSize: bufs.objectSize,
      ringid: state[k + K_RING_ID],
      dir: state[k + K_DIR],
    });
    showOffsets(state, memory.i32, k);
  }

  /** Each ring of this end, the ring of the other that it is connected with, and its direction. */
  #pairs(): [k: number, p: number, dir: number][] {
    const pairs: [number, number, number][] = [];
    for (const dir of [NR_TX, NR_RX]) {
      const other = dir === NR_TX ? NR_RX : NR_TX;
      for (let i = 0; i < this.rings(dir); i++) {
        pairs.push([this.kring(dir, i), this.#peer.kring(other, i), dir]);
      }
    }
    return pairs;
  }

  #createOwnKrings(): void {
    super.createKrings();
  }

  #deleteOwnKrings(): void {
    super.deleteKrings();
  }
}
