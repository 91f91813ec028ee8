/**
 * The two things that a connection can be: a thread of a client's, or one of its descriptors.
 *
 * @module
 */

import { closeFd, dupFd, type NetmapError } from "@netmap/core";
import type { EngineDescriptor } from "@netmap/engine";
import { type Peer, receiveMessage, sendMessage } from "../internal/socket.ts";
import { MSG_EVENTFD, MSG_REGION, words } from "../internal/protocol.ts";

/** Messages that may wait for a client that does not read. */
const MOST_PENDING = 4096;
/** Time between two tries to send what there was no room for, in milliseconds. */
const FLUSH_MS = 20;

/** A descriptor of a client's. */
export interface Channel {
  /** The connection. */
  readonly fd: number;
  /** The thread that has it. */
  readonly attachment: Attachment;
  /** The engine's side. */
  readonly descriptor: EngineDescriptor;
  /** Buffers that the registration took, for the limit. */
  buffers: number;
}

/** A message that waits, and the descriptor that goes with it. */
interface Pending {
  readonly bytes: Uint8Array;
  readonly fd: number;
}

/** A client's thread that runs the data path. */
export class Attachment {
  /** Number that its descriptors name. */
  readonly id: number;
  /** The connection. */
  readonly fd: number;
  /** Who it is. */
  readonly peer: Peer;
  /** A Worker of this process: descriptors have the same numbers there. */
  readonly isLocal: boolean;
  /** Its descriptors. */
  readonly channels: Set<Channel> = new Set();
  /** Descriptors that the owner has handed over, and that it has not taken yet. */
  readonly handed: Map<number, EngineDescriptor> = new Map();
  /** Ends of local connections that nobody but this process can close once the Worker is dead. */
  readonly farEnds: Map<number, number> = new Map();
  /** Its owner tag in the image; 0 before it has one and when it has given it back. */
  tag = 0;
  /** The thread; 0 before it is known. */
  tid = 0;
  readonly #pending: Pending[] = [];
  readonly #broken: (why: NetmapError | string) => void;
  #flushing = false;
  #ended = false;

  /**
   * @param id its number
   * @param fd the connection
   * @param peer who it is
   * @param isLocal a Worker of this process
   * @param broken called when it does not read what it is told
   */
  constructor(
    id: number,
    fd: number,
    peer: Peer,
    isLocal: boolean,
    broken: (why: NetmapError | string) => void,
  ) {
    this.id = id;
    this.fd = fd;
    this.peer = peer;
    this.isLocal = isLocal;
    this.#broken = broken;
  }

  /** Sends the memfd of a region. Never blocks: a client in a sync may wait for it. */
  pushRegion(slot: number, generation: number, fd: number): void {
    this.#push(words(MSG_REGION, slot, generation), fd);
  }

  /**
   * Sends a copy of a record's eventfd.
   *
   * @param isWanted whether the client asked for it; else it may be left out
   */
  pushEventfd(record: number, serial: number, fd: number, isWanted: boolean): void {
    const bytes = words(MSG_EVENTFD, record, serial);
    if (isWanted) this.#push(bytes, fd);
    else if (!this.#ended && this.#pending.length === 0) trySend(this.fd, bytes, fd);
  }

  #push(bytes: Uint8Array, fd: number): void {
    if (this.#ended || (this.#pending.length === 0 && trySend(this.fd, bytes, fd))) return;
    if (this.#pending.length >= MOST_PENDING) {
      this.#broken(`it leaves ${MOST_PENDING} messages unread`);
      return;
    }
    this.#pending.push({ bytes, fd: dupFd(fd) });
    if (!this.#flushing) this.#flush();
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#pending.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
      while (this.#pending.length > 0) {
        const { bytes, fd } = this.#pending[0];
        if (!trySend(this.fd, bytes, fd)) break;
        closeFd(fd);
        this.#pending.shift();
      }
    }
    this.#flushing = false;
  }

  /** Sends nothing any more. The connection is for the host to close. */
  end(): void {
    this.#ended = true;
    for (const { fd } of this.#pending.splice(0)) closeFd(fd);
  }
}

/** @returns false when there is no room now; what cannot be sent for good is seen elsewhere */
function trySend(socket: number, bytes: Uint8Array, fd: number): boolean {
  try {
    return sendMessage(socket, bytes, [fd]);
  } catch {
    return true;
  }
}

/** Whether the other end of a connection was closed: nothing can come any more. */
export function isHungUp(fd: number): boolean {
  try {
    for (;;) {
      const message = receiveMessage(fd);
      if (message === null) return false;
      for (const one of message.fds) closeFd(one);
      if (message.bytes.length === 0) return true;
    }
  } catch {
    return true;
  }
}
