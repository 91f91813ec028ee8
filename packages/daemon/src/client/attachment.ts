/**
 * This thread's side of an engine that another thread or process owns: the mapped images, and copies
 * of the eventfds of those it wakes.
 *
 * Nothing here waits for the owner but what the user asks the owner for. In the middle of a sync the
 * owner may be waiting for this thread: so regions are sent before they can be needed, and whoever
 * is woken for the first time is woken by the owner, asked without an answer.
 *
 * @module
 */

import {
  closeFd,
  EINVAL,
  ENXIO,
  NetmapError,
  pid,
  POLLIN,
  PollSet,
  signalEventfd,
} from "@netmap/core";
import {
  D_FD_SERIAL,
  DataPath,
  type PortKind,
  REGION_ENTRY_WORDS,
  REGION_GENERATION,
  REGION_TABLE,
} from "@netmap/engine";
import { type Message, receiveMessage, sendMessage } from "../internal/socket.ts";
import {
  MSG_ATTACH,
  MSG_EVENTFD,
  MSG_REGION,
  MSG_REPLY,
  MSG_TAG,
  MSG_WAKE,
  PROTOCOL,
  unpackError,
  words,
  wordsOf,
} from "../internal/protocol.ts";

/** How long a region is waited for that the owner has had no time to send, in milliseconds. */
const PATIENCE_MS = 1000;

/** What a reply said. */
export interface Reply {
  /** 0, or what went wrong. */
  readonly errno: number;
  /** A number. */
  readonly value: number;
  /** Bytes that belong to the request. */
  readonly answer: Uint8Array;
  /** Behind them: the error. */
  readonly rest: Uint8Array;
  /** Descriptors, the receiver's to close. */
  readonly fds: number[];
}

/** Takes a reply apart. @throws {NetmapError} EINVAL for what is none */
export function readReply({ bytes, fds }: Message): Reply {
  const [type, errno, value, length] = wordsOf(bytes.subarray(0, 16));
  if (type !== MSG_REPLY) {
    throw new NetmapError(EINVAL, `Cannot read message ${type} as a reply: is it a netmap daemon?`);
  }
  return {
    errno,
    value,
    answer: bytes.slice(16, 16 + length),
    rest: bytes.slice(16 + length),
    fds,
  };
}

/** The error of a reply. */
export function replyError({ errno, rest }: Reply): NetmapError {
  return unpackError(errno, rest);
}

/** What everything fails with once the owner is gone. */
export function lostError(name: string): NetmapError {
  return new NetmapError(
    ENXIO,
    `Cannot use '${name}' any more as its daemon ended: close the port and open it again`,
  );
}

/** Where an engine is found. */
export interface Place {
  /** What errors call it. */
  readonly name: string;
  /** The connection of this thread. */
  readonly fd: number;
  /** The state image, where it is known: in a Worker of the owner's process. */
  readonly stateFd?: number;
  /** The attachment's number, where it is known. */
  readonly id?: number;
  /** Makes a connection for a descriptor. */
  connect(): number;
}

interface Copy {
  readonly serial: number;
  readonly fd: number;
}

/** A thread that is attached to an engine. */
export class RemoteAttachment {
  /** What errors call it. */
  readonly name: string;
  /** This thread's view of the images. */
  readonly dp: DataPath;
  /** What its descriptors name. */
  readonly id: number;
  /** Whether the owner is a thread of this process. */
  readonly isLocal: boolean;
  /** The owner is gone. */
  lost = false;
  /** Descriptors that are open. */
  users = 0;
  readonly #place: Place;
  readonly #eventfds: Map<number, Copy> = new Map();
  readonly #asked: Map<number, number> = new Map();
  readonly #regions: Map<number, Copy> = new Map();
  #closed = false;

  /**
   * Attaches this thread.
   *
   * @param place where the engine is; its connection is this object's from now on
   * @param kinds port kinds that this thread will sync
   * @throws {NetmapError} what the owner answers, EACCES for who is not trusted
   */
  constructor(place: Place, kinds: readonly PortKind[]) {
    this.name = place.name;
    this.#place = place;
    this.isLocal = place.stateFd !== undefined;
    try {
      let stateFd = place.stateFd;
      let id = place.id ?? 0;
      if (stateFd === undefined) {
        const reply = this.#askToAttach();
        id = reply.value;
        stateFd = reply.fds[0];
      }
      this.id = id;
      this.dp = DataPath.attach(
        this.isLocal ? { stateFd } : { stateFd, openRegion: (slot) => this.#openRegion(slot) },
        kinds,
      );
      if (!this.isLocal) closeFd(stateFd);
    } catch (error) {
      closeFd(place.fd);
      throw error;
    }
    this.dp.wakeElsewhere = (record) => this.#wake(record);
    sendMessage(place.fd, words(MSG_TAG, this.dp.owner));
  }

  /** A new connection for a descriptor. */
  connect(): number {
    return this.#place.connect();
  }

  /** Takes what the owner has sent since. */
  drain(): void {
    try {
      for (;;) {
        const message = receiveMessage(this.#place.fd);
        if (message === null) return;
        if (message.bytes.length === 0) break;
        this.#take(message);
      }
    } catch (error) {
      if (!(error instanceof NetmapError)) throw error;
    }
    this.lost = true;
  }

  /** One descriptor less; the last one of an owner that is gone ends it all. */
  leave(): void {
    this.users--;
    if (this.lost && this.users === 0) this.close();
  }

  /** Unmaps the images. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.dp.close();
    try {
      // The tag is somebody else's from here on.
      sendMessage(this.#place.fd, words(MSG_TAG, 0), [], true);
    } catch {
      // It is gone already.
    }
    closeFd(this.#place.fd);
    for (const { fd } of [...this.#eventfds.values(), ...this.#regions.values()]) closeFd(fd);
    this.#eventfds.clear();
    this.#regions.clear();
  }

  #askToAttach(): Reply {
    sendMessage(this.#place.fd, words(MSG_ATTACH, PROTOCOL, pid()), [], true);
    const message = receiveMessage(this.#place.fd, true)!;
    if (message.bytes.length === 0) throw lostError(this.name);
    const reply = readReply(message);
    if (reply.errno !== 0) throw replyError(reply);
    return reply;
  }

  #take({ bytes, fds }: Message): void {
    const [type, key, serial] = wordsOf(bytes.subarray(0, 12));
    const copies = type === MSG_REGION ? this.#regions : this.#eventfds;
    if ((type !== MSG_REGION && type !== MSG_EVENTFD) || fds.length !== 1) {
      for (const fd of fds) closeFd(fd);
      return;
    }
    const known = copies.get(key);
    if (known !== undefined) closeFd(known.fd);
    copies.set(key, { serial, fd: fds[0] });
    if (type === MSG_EVENTFD) this.#asked.delete(key);
  }

  /** Wakes whoever sleeps on a record of another process. */
  #wake(record: number): void {
    const serial = this.dp.state[record + D_FD_SERIAL];
    let known = this.#eventfds.get(record);
    if (known?.serial !== serial) {
      this.drain();
      known = this.#eventfds.get(record);
    }
    if (known?.serial === serial) {
      signalEventfd(known.fd);
      return;
    }
    // The owner signals it after it has sent the copy, so an answer that is still to come covers
    // this call too.
    if (this.lost || this.#asked.get(record) === serial) return;
    try {
      if (sendMessage(this.#place.fd, words(MSG_WAKE, record))) this.#asked.set(record, serial);
    } catch {
      this.lost = true;
    }
  }

  #openRegion(slot: number): number {
    const at = REGION_TABLE + slot * REGION_ENTRY_WORDS + REGION_GENERATION;
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      this.drain();
      const known = this.#regions.get(slot);
      if (known?.serial === Atomics.load(this.dp.state, at)) {
        this.#regions.delete(slot);
        return known.fd;
      }
      const left = deadline - performance.now();
      if (left <= 0 || this.lost) break;
      const set = new PollSet();
      set.add(this.#place.fd, POLLIN);
      set.wait(left);
    }
    throw new NetmapError(
      EINVAL,
      `Cannot map memory region ${slot} of '${this.name}' as its daemon has not sent it`,
    );
  }
}
