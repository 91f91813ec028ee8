/**
 * An engine's side of all connections: Workers of this process and other processes alike.
 *
 * ```
 *   thread A --- attachment ---+            +--- EngineDescriptor
 *          \---- descriptor ---|--- Host ---|
 *   thread B --- attachment ---+            +--- regions, eventfds, locks of the dead
 * ```
 *
 * Each connection has a loop of its own that takes one message a turn, so that whoever floods one
 * delays nobody but himself. Nothing here blocks, and pushes never wait: a client may be in the
 * middle of a sync that the owner's next step waits for.
 *
 * @module
 */

import {
  closeFd,
  dupFd,
  EINVAL,
  EPROTO,
  NetmapError,
  pid,
  POLLIN,
  signalEventfd,
  waitFd,
} from "@netmap/core";
import {
  ATTACH_TABLE,
  ATTACH_TID,
  ATTACH_WORDS,
  D_FD,
  D_FD_PID,
  D_FD_SERIAL,
  DESC_TABLE,
  DESC_WORDS,
  type Engine,
  type EngineDescriptor,
  IMAGE_WORDS,
  MAX_ATTACHED,
  REGION_ENTRY_WORDS,
  REGION_GENERATION,
  REGION_TABLE,
  tidAlive,
} from "@netmap/engine";
import { readlinkSync } from "node:fs";
import {
  MSG_ADOPT,
  MSG_ATTACH,
  MSG_CLOSE,
  MSG_CONNECT,
  MSG_OPEN,
  MSG_STATUS,
  MSG_TAG,
  MSG_WAKE,
  PROTOCOL,
} from "../internal/protocol.ts";
import {
  endSending,
  type Message,
  type Peer,
  peerOf,
  receiveMessage,
  sendMessage,
} from "../internal/socket.ts";
import { Attachment, type Channel, isHungUp } from "./connection.ts";
import { type AllLimits, allLimits, checkBuffers, checkCount, type Limits } from "./limits.ts";
import { carryOut, errorReply, reply } from "./requests.ts";

/** How often Workers are looked at, in milliseconds: no runtime says when one was terminated. */
const WATCH_MS = 50;
/**
 * Descriptors up to which everybody gets everybody's eventfd at once, so that the daemon's process
 * may stand still; more are sent when they are asked for.
 */
const EAGER = 64;

/** What a connection is: nothing yet, a thread or a descriptor. */
type Role = Attachment | Channel | null;

/** Where connections of an engine end. */
export class Host {
  /** The engine. */
  readonly engine: Engine;
  /** What one process may have. */
  limits: AllLimits = allLimits();
  /** Told of what goes wrong. */
  log: (event: string, fields: Record<string, unknown>) => void = () => {};
  /** Answers STATUS. */
  status: () => unknown = () => ({});
  /** Threads that are attached. */
  readonly attachments: Map<number, Attachment> = new Map();
  readonly #stop: AbortController = new AbortController();
  #nextId = 1;
  #watch: ReturnType<typeof setInterval> | undefined;
  /** Owner tags of Workers that have nothing any more, and run yet. */
  readonly #leaving: { readonly tag: number; readonly tid: number }[] = [];
  /** Ends of connections that nobody but this process can close once their Worker is dead. */
  readonly #farEnds: {
    readonly ours: number;
    readonly farEnd: number;
    readonly tid: number;
  }[] = [];

  /** Made by {@linkcode hostOf}. */
  constructor(engine: Engine) {
    this.engine = engine;
    engine.beforeClose(() => this.#engineCloses());
    engine.dp.regionPublished = (slot, fd) => {
      for (const attachment of this.attachments.values()) this.#pushRegion(attachment, slot, fd);
    };
  }

  /** Sets what one process may have. */
  setLimits(limits: Limits | undefined): void {
    this.limits = allLimits(limits);
  }

  /**
   * Serves a connection until its end.
   *
   * @param fd the connection, the host's from now on
   * @param signal ends it
   * @param refusal why everything that it asks is refused
   */
  async serve(fd: number, signal: AbortSignal, refusal: NetmapError | null = null): Promise<void> {
    await this.#serve(fd, signal, refusal, null);
  }

  /**
   * A thread of this process, without the first message.
   *
   * @param fd the host's end
   * @param farEnd the thread's end
   */
  addLocal(fd: number, farEnd: number): Attachment {
    const attachment = this.#attach(fd, peerOf(fd), true);
    attachment.farEnds.set(fd, farEnd);
    this.#serve(fd, this.#stop.signal, null, attachment);
    return attachment;
  }

  /** Ends everything: the image goes. */
  #engineCloses(): void {
    this.#stop.abort();
    for (const attachment of [...this.attachments.values()]) this.endAttachment(attachment);
    this.#look();
    for (const { ours } of this.#farEnds.splice(0)) closeFd(ours);
    this.#leaving.length = 0;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  async #serve(
    fd: number,
    signal: AbortSignal,
    refusal: NetmapError | null,
    first: Role,
  ): Promise<void> {
    let role = first;
    try {
      const peer = peerOf(fd);
      for (;;) {
        await waitFd(fd, POLLIN, signal);
        const message = receiveMessage(fd);
        if (message === null) continue;
        if (message.bytes.length === 0) break;
        try {
          if (refusal !== null) throw refusal;
          role = this.#take(fd, peer, role, message);
        } catch (error) {
          if (!(error instanceof NetmapError)) this.log("fault", { error: String(error) });
          tell(fd, errorReply(error));
          if (role === null) break;
        } finally {
          for (const one of message.fds) closeFd(one);
        }
      }
    } catch (error) {
      const isEnd = signal.aborted || error instanceof NetmapError;
      if (!isEnd) this.log("fault", { error: String(error) });
    }
    try {
      if (role === null) closeFd(fd);
      else if (role instanceof Attachment) this.endAttachment(role);
      else this.#endChannel(role);
    } catch (error) {
      // One client's end may not be everybody's.
      this.log("fault", { error: String(error) });
    }
  }

  /** @returns what the connection is from now on */
  #take(fd: number, peer: Peer, role: Role, message: Message): Role {
    const { bytes } = message;
    if (bytes.length < 4) throw new NetmapError(EINVAL, "Cannot take a message without a type");
    const [type, ...args] = new Int32Array(bytes.slice(0, Math.min(bytes.length, 16) & ~3).buffer);
    if (role === null) return this.#begin(fd, peer, type, args);
    if (role instanceof Attachment) {
      this.#takeOfThread(role, type, args, message);
      return role;
    }
    if (type === MSG_CLOSE) {
      role.descriptor.close();
      tell(fd, reply(0, 0));
      return role;
    }
    const checkBuffers = (): void => this.#checkBuffers(role);
    const answer = carryOut(role.descriptor, message, type, peer.pid, checkBuffers);
    tell(fd, answer);
    return role;
  }

  #begin(fd: number, peer: Peer, type: number, args: number[]): Role {
    switch (type) {
      case MSG_STATUS: {
        const text = new TextEncoder().encode(JSON.stringify(this.status()));
        tell(fd, reply(0, 0, text));
        return null;
      }
      case MSG_ATTACH: {
        if (args[0] !== PROTOCOL || args[1] !== peer.pid) {
          throw new NetmapError(
            EPROTO,
            args[0] !== PROTOCOL
              ? `Cannot serve protocol ${
                args[0]
              } as this daemon speaks ${PROTOCOL}: use the same version`
              : `Cannot serve process ${
                args[1]
              } as it is ${peer.pid} for the daemon: run both in ` +
                "one PID namespace, as locks name threads",
          );
        }
        const threads = [...this.#ofProcess(peer)].length;
        checkCount(peer, "threads", threads, this.limits.threads);
        const attachment = this.#attach(fd, peer, false);
        tell(fd, reply(0, attachment.id), [this.engine.dp.stateFd]);
        for (const region of this.engine.regions) {
          this.#pushRegion(attachment, region.slot, region.fd);
        }
        for (const descriptor of [...this.engine.descriptors.values()].slice(0, EAGER)) {
          this.#pushEventfd(attachment, descriptor);
        }
        return attachment;
      }
      case MSG_OPEN:
      case MSG_ADOPT:
        return this.#open(fd, peer, type === MSG_ADOPT, args);
    }
    throw new NetmapError(EINVAL, `Cannot begin with message ${type}: attach first`);
  }

  #attach(fd: number, peer: Peer, isLocal: boolean): Attachment {
    const id = this.#nextId++;
    const attachment = new Attachment(id, fd, peer, isLocal, (why) => {
      this.log("dropped", { pid: peer.pid, why: String(why) });
      queueMicrotask(() => this.endAttachment(attachment));
    });
    this.attachments.set(id, attachment);
    return attachment;
  }

  #open(fd: number, peer: Peer, isAdopted: boolean, [id, index]: number[]): Channel {
    const attachment = this.attachments.get(id);
    if (attachment?.peer.pid !== peer.pid) {
      throw new NetmapError(EINVAL, `Cannot open a descriptor of thread ${id}: attach it first`);
    }
    let have = 0;
    for (const { channels } of this.#ofProcess(peer)) have += channels.size;
    if (!attachment.isLocal) checkCount(peer, "descriptors", have, this.limits.descriptors);
    const descriptor = isAdopted
      ? attachment.handed.get(index)
      : this.engine.open() as EngineDescriptor;
    if (descriptor === undefined) {
      throw new NetmapError(EINVAL, `Cannot take over descriptor ${index}: it was not handed over`);
    }
    attachment.handed.delete(descriptor.index);
    if (!isAdopted) descriptor.findMemory = () => null;
    const channel: Channel = { fd, attachment, descriptor, buffers: 0 };
    attachment.channels.add(channel);
    const wake = descriptor.wakeFd();
    if (this.engine.descriptors.size <= EAGER) {
      for (const other of this.attachments.values()) this.#pushEventfd(other, descriptor);
    }
    tell(fd, reply(0, descriptor.index), attachment.isLocal ? [] : [wake]);
    return channel;
  }

  #takeOfThread(attachment: Attachment, type: number, args: number[], { fds }: Message): void {
    const { state } = this.engine.dp;
    switch (type) {
      case MSG_TAG: {
        const [tag] = args;
        if (!(tag >= 0 && tag <= MAX_ATTACHED)) break;
        attachment.tag = tag;
        if (tag === 0) return;
        attachment.tid = Atomics.load(state, ATTACH_TABLE + (tag - 1) * ATTACH_WORDS + ATTACH_TID);
        if (attachment.isLocal) this.#startWatch();
        return;
      }
      case MSG_WAKE:
        this.#wake(attachment, args[0]);
        return;
      case MSG_CONNECT: {
        const fd = fds.shift();
        if (fd === undefined) break;
        if (attachment.isLocal) attachment.farEnds.set(fd, args[0]);
        this.#serve(fd, this.#stop.signal, null, null);
        return;
      }
    }
    throw new NetmapError(EINVAL, `Cannot take message ${type} of a thread`);
  }

  /** Signals an eventfd for a client that has no copy of it, and gives it one. */
  #wake(attachment: Attachment, record: number): void {
    const { state } = this.engine.dp;
    const isRecord = record >= DESC_TABLE && record + DESC_WORDS <= IMAGE_WORDS &&
      (record - DESC_TABLE) % DESC_WORDS === 0;
    if (!isRecord || state[record + D_FD_PID] !== pid()) return;
    const fd = state[record + D_FD];
    if (!isEventfd(fd)) return;
    attachment.pushEventfd(record, state[record + D_FD_SERIAL], fd, true);
    signalEventfd(fd);
  }

  #pushRegion(attachment: Attachment, slot: number, fd: number): void {
    if (attachment.isLocal) return;
    const at = REGION_TABLE + slot * REGION_ENTRY_WORDS + REGION_GENERATION;
    attachment.pushRegion(slot, this.engine.dp.state[at], fd);
  }

  /** Spares a client the question when it wakes a descriptor for the first time. */
  #pushEventfd(attachment: Attachment, { word }: EngineDescriptor): void {
    const { state } = this.engine.dp;
    if (attachment.isLocal || state[word + D_FD_PID] !== pid()) return;
    attachment.pushEventfd(word, state[word + D_FD_SERIAL], state[word + D_FD], false);
  }

  #checkBuffers(channel: Channel): void {
    const { descriptor, attachment } = channel;
    const { registration } = descriptor;
    if (!registration || channel.buffers > 0) return;
    const { adapter, tx, rx, extra } = registration;
    const took = extra + tx.count * adapter.numTxSlots + rx.count * adapter.numRxSlots;
    let have = 0;
    for (const { channels } of this.#ofProcess(attachment.peer)) {
      for (const other of channels) if (other !== channel) have += other.buffers;
    }
    try {
      checkBuffers(attachment.peer, have, took, this.limits.buffers);
    } catch (error) {
      descriptor.unregister();
      throw error;
    }
    channel.buffers = took;
  }

  *#ofProcess(peer: Peer): Iterable<Attachment> {
    for (const one of this.attachments.values()) {
      if (one.peer.pid === peer.pid && !one.isLocal) yield one;
    }
  }

  /** close(2): the port goes, its buffers return. */
  #endChannel(channel: Channel): void {
    const { attachment, descriptor, fd } = channel;
    if (!attachment.channels.delete(channel)) return;
    // Waits for a sync that is under way; a dead thread's is taken over.
    descriptor.close();
    this.#endConnection(attachment, fd);
  }

  /** The thread has ended, or is to have nothing any more. */
  endAttachment(attachment: Attachment): void {
    if (!this.attachments.delete(attachment.id)) return;
    const { tag, tid, fd, isLocal } = attachment;
    const { state } = this.engine.dp;
    const at = ATTACH_TABLE + (tag - 1) * ATTACH_WORDS + ATTACH_TID;
    const isHeld = tag !== 0 && Atomics.load(state, at) === tid;
    // A process is gone with its connection. A Worker may go on for a while.
    const isDead = isHeld && (!isLocal || !tidAlive(tid));
    // First its locks: closing its descriptors takes them.
    if (isDead) this.engine.dp.declareDead(tag);
    for (const channel of [...attachment.channels]) this.#endChannel(channel);
    for (const descriptor of attachment.handed.values()) descriptor.close();
    if (isDead) this.engine.threadsDied([tag]);
    else if (isHeld) this.#leaving.push({ tag, tid });
    attachment.end();
    this.#endConnection(attachment, fd);
    if (this.#leaving.length > 0) this.#startWatch();
  }

  /** Closes a connection. A Worker's end of it is open yet if the Worker was terminated. */
  #endConnection({ farEnds, tid }: Attachment, fd: number): void {
    const farEnd = farEnds.get(fd);
    farEnds.delete(fd);
    if (farEnd !== undefined && !isHungUp(fd)) {
      const ours = dupFd(fd);
      endSending(ours);
      this.#farEnds.push({ ours, farEnd, tid });
      this.#startWatch();
    }
    closeFd(fd);
  }

  #startWatch(): void {
    if (this.#watch !== undefined) return;
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    this.#watch.unref?.();
  }

  /** Looks which Workers have ended since. */
  #look(): void {
    let locals = 0;
    for (const attachment of [...this.attachments.values()]) {
      if (!attachment.isLocal || attachment.tid === 0) continue;
      if (tidAlive(attachment.tid)) locals++;
      else this.endAttachment(attachment);
    }
    for (const one of this.#leaving.splice(0)) {
      if (tidAlive(one.tid)) this.#leaving.push(one);
      else this.engine.threadsDied([one.tag]);
    }
    for (const one of this.#farEnds.splice(0)) {
      const isClosed = isHungUp(one.ours);
      if (!isClosed && one.tid !== 0 && tidAlive(one.tid)) {
        this.#farEnds.push(one);
        continue;
      }
      if (!isClosed) closeFd(one.farEnd);
      closeFd(one.ours);
    }
    if (locals + this.#leaving.length + this.#farEnds.length > 0) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  }
}

/**
 * Sends a reply. Whoever is gone, or reads nothing, is none the worse for not getting it: the end of
 * the connection is seen by its loop, which knows by then what the connection is.
 */
function tell(fd: number, bytes: Uint8Array, fds: readonly number[] = []): void {
  try {
    sendMessage(fd, bytes, fds);
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
  }
}

/** A word of the image is no promise: what a client names has to be an eventfd before it is written to. */
function isEventfd(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:[eventfd]";
  } catch {
    return false;
  }
}

const hosts: WeakMap<Engine, Host> = new WeakMap();

/** The host of an engine; there is one. */
export function hostOf(engine: Engine): Host {
  let host = hosts.get(engine);
  if (host === undefined) {
    host = new Host(engine);
    hosts.set(engine, host);
  }
  return host;
}
