/**
 * A descriptor of an engine that another thread or process owns. What is asked of the engine goes
 * over a connection; the data path runs here, on the shared images, without a message.
 *
 * Only rings of interfaces are synced by the owner, whose sockets they are: a message a batch, as
 * the kernel's netmap takes a system call.
 *
 * @module
 */

import {
  closedError,
  closeFd,
  type ControlRequest,
  type Descriptor,
  findMapping,
  type LegacyCommand,
  type Mapping,
  type Memory,
  NETMAP_REQ_OPT_EXTMEM,
  NetmapError,
  NMREQ_OPT_EXTMEM,
  NMREQ_OPTION,
  POLLERR,
  POLLIN,
  PollSet,
  structView,
  waitFd,
} from "@netmap/core";
import { AttachedDescriptor, D_FD, pollRound } from "@netmap/engine";
import { receiveMessage, sendMessage } from "../internal/socket.ts";
import {
  copyBack,
  MSG_ADOPT,
  MSG_CLOSE,
  MSG_CONTROL,
  MSG_LEGACY,
  MSG_OPEN,
  MSG_ROUND,
  MSG_RXSYNC,
  MSG_TXSYNC,
  packRequest,
  unpackRequest,
  words,
} from "../internal/protocol.ts";
import {
  lostError,
  readReply,
  type RemoteAttachment,
  type Reply,
  replyError,
} from "./attachment.ts";

/** Syncs between two looks whether the owner is still there: a look is a system call. */
const LOOK_EVERY = 4096;
/** As `SYNCED_BY_OWNER` of the owner's side. */
const SYNCED_BY_OWNER = 1;

/** An open descriptor of a remote engine. */
export class RemoteDescriptor implements Descriptor {
  readonly #attachment: RemoteAttachment;
  readonly #connection: number;
  readonly #wakeFd: number;
  readonly #attached: AttachedDescriptor;
  readonly #look: PollSet = new PollSet();
  #byOwner = false;
  #syncs = 0;
  #closed = false;

  /**
   * Opens a descriptor.
   *
   * @param attachment this thread
   * @param adopt number of a descriptor that the owner has handed over; a new one when left out
   * @throws {NetmapError} what the owner answers
   */
  constructor(attachment: RemoteAttachment, adopt: number = -1) {
    this.#attachment = attachment;
    this.#connection = attachment.connect();
    this.#look.add(-1, POLLIN);
    this.#look.add(this.#connection, POLLIN);
    attachment.users++;
    try {
      const reply = adopt < 0
        ? this.#ask(words(MSG_OPEN, attachment.id))
        : this.#ask(words(MSG_ADOPT, attachment.id, adopt));
      if (reply.errno !== 0) throw replyError(reply);
      this.#wakeFd = reply.fds[0] ?? -1;
      this.#attached = this.#attach(reply.value);
    } catch (error) {
      this.#closed = true;
      closeFd(this.#connection);
      attachment.leave();
      throw error;
    }
  }

  control(request: ControlRequest): void {
    this.#checkOpen();
    this.#attachment.drain();
    const mapped = mappingsOf(request);
    const reply = this.#ask(
      packRequest({ request, memory: mapped }, [MSG_CONTROL]),
      mapped.map((one) => one.fd),
    );
    if (reply.answer.length > 0) copyBack(unpackRequest(reply.answer, 0).request, request);
    if (reply.errno !== 0) throw replyError(reply);
    this.#byOwner = (reply.value & SYNCED_BY_OWNER) !== 0;
  }

  legacy(command: LegacyCommand, nmreq: Uint8Array): void {
    this.#checkOpen();
    const bytes = new Uint8Array(8 + nmreq.length);
    bytes.set(words(MSG_LEGACY, command === "NIOCREGIF" ? 1 : 0));
    bytes.set(nmreq, 8);
    const reply = this.#ask(bytes);
    nmreq.set(reply.answer);
    if (reply.errno !== 0) throw replyError(reply);
    this.#byOwner = (reply.value & SYNCED_BY_OWNER) !== 0;
  }

  get memory(): Memory {
    this.#checkOpen();
    return this.#attached.memory;
  }

  txsync(): void {
    this.#checkSync();
    if (this.#byOwner) this.#askFor(MSG_TXSYNC);
    else this.#attached.txsync();
  }

  rxsync(): void {
    this.#checkSync();
    if (this.#byOwner) this.#askFor(MSG_RXSYNC);
    else this.#attached.rxsync();
  }

  poll(events: number, timeoutMs: number): number {
    this.#checkOpen();
    this.#lookForLoss();
    if (this.#attachment.lost) return POLLERR;
    return this.#attached.poll(events, timeoutMs);
  }

  async wait(events: number, signal?: AbortSignal): Promise<number> {
    this.#checkOpen();
    return await this.#attached.wait(events, signal);
  }

  get fd(): number {
    this.#checkOpen();
    return this.#attached.fd;
  }

  close(): void {
    if (this.#closed) return;
    try {
      if (!this.#attachment.lost) this.#ask(words(MSG_CLOSE));
    } catch (error) {
      // Whoever is gone has closed it.
      if (!this.#attachment.lost) throw error;
    } finally {
      this.#closed = true;
      closeFd(this.#connection);
      if (this.#wakeFd >= 0) closeFd(this.#wakeFd);
      this.#attachment.leave();
    }
  }

  /** Closes the descriptor. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The data path: what differs from a Worker's is how it learns that the owner is gone. */
  #attach(index: number): AttachedDescriptor {
    const { dp } = this.#attachment;
    const isClosed = (): boolean => this.#closed || this.#attachment.lost;
    const attached: AttachedDescriptor = new AttachedDescriptor(dp, index, {
      get closed(): boolean {
        return isClosed();
      },
      wakeFd: () => this.#wakeFd >= 0 ? this.#wakeFd : dp.state[attached.word + D_FD],
      round: (events) =>
        this.#byOwner
          ? this.#askFor(MSG_ROUND, events).value
          : pollRound(dp, attached.word, events),
      block: (fd, timeoutMs) => {
        this.#look.set(0, fd, POLLIN);
        if (this.#look.wait(timeoutMs) > 0) this.#noteLoss();
      },
      sleep: (fd, signal) => this.#sleep(fd, signal),
    });
    return attached;
  }

  async #sleep(fd: number, signal: AbortSignal | undefined): Promise<void> {
    const over = new AbortController();
    const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
    try {
      await Promise.race([
        waitFd(fd, POLLIN, either),
        waitFd(this.#connection, POLLIN, either).then(() => this.#attachment.lost = true),
      ]);
    } finally {
      over.abort();
    }
  }

  /** Between requests nothing comes over the connection but its end. */
  #noteLoss(): void {
    if (this.#look.revents(1) !== 0) this.#attachment.lost = true;
  }

  #askFor(type: number, value: number = 0): Reply {
    const reply = this.#ask(words(type, value));
    if (reply.errno !== 0) throw replyError(reply);
    return reply;
  }

  #ask(bytes: Uint8Array, fds: readonly number[] = []): Reply {
    try {
      sendMessage(this.#connection, bytes, fds, true);
      const message = receiveMessage(this.#connection, true)!;
      if (message.bytes.length > 0) return readReply(message);
    } catch (error) {
      if (!(error instanceof NetmapError)) throw error;
    }
    this.#attachment.lost = true;
    throw lostError(this.#attachment.name);
  }

  #checkSync(): void {
    this.#checkOpen();
    this.#lookForLoss();
    if (this.#attachment.lost) throw lostError(this.#attachment.name);
  }

  #lookForLoss(): void {
    if ((++this.#syncs & (LOOK_EVERY - 1)) !== 0) return;
    this.#look.set(0, -1, POLLIN);
    if (this.#look.wait(0) > 0) this.#noteLoss();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError("descriptor");
  }
}

/** Memory of this thread that a request points at: its descriptors go with it. */
function mappingsOf({ options }: ControlRequest): Mapping[] {
  const mappings: Mapping[] = [];
  for (const option of options) {
    if (option.length < NMREQ_OPT_EXTMEM.size) continue;
    if (structView(NMREQ_OPTION, option).reqtype !== NETMAP_REQ_OPT_EXTMEM) continue;
    const { usrptr, info } = structView(NMREQ_OPT_EXTMEM, option);
    const mapping = findMapping(usrptr, info.memsize);
    if (mapping !== null && mapping.fd >= 0) mappings.push(mapping);
  }
  return mappings;
}
