/**
 * A Worker's side of an engine that another thread of its process owns.
 *
 * @module
 */

import {
  check,
  type Descriptor,
  EINVAL,
  libc,
  type NetmapDevice,
  NetmapError,
  pid,
  Port,
} from "@netmap/core";
import type { PortKind } from "@netmap/engine";
import { sendMessage, socketPair } from "../internal/socket.ts";
import { MSG_CONNECT, words } from "../internal/protocol.ts";
import type { TransferredPort, WorkerTicket } from "../server/workers.ts";
import { RemoteAttachment } from "./attachment.ts";
import { RemoteDescriptor } from "./remote_descriptor.ts";

/** Options of {@linkcode workerDevice}. */
export interface WorkerOptions {
  /** Processor that this Worker is to run on, from 0; wherever there is room when silent. */
  readonly pin?: number;
}

/** The owner's engine, in a Worker. */
export class WorkerDevice implements NetmapDevice, Disposable {
  /** What kind of device it is: its owner's. */
  readonly kind = "embedded";
  /** What applications print. */
  readonly name = "embedded";
  readonly #attachment: RemoteAttachment;

  /** Made by {@linkcode workerDevice}. */
  constructor(ticket: WorkerTicket, kinds: readonly PortKind[]) {
    if (ticket.pid !== pid()) {
      throw new NetmapError(
        EINVAL,
        `Cannot use a ticket of process ${ticket.pid} in process ${pid()}: it is for its Workers, ` +
          "other processes connect to a daemon",
      );
    }
    this.#attachment = new RemoteAttachment({
      name: "embedded",
      fd: ticket.fd,
      stateFd: ticket.stateFd,
      id: ticket.id,
      connect: () => {
        const [ours, theirs] = socketPair();
        // The owner gets a copy of its end, and the number of ours to close when this Worker dies.
        sendMessage(ticket.fd, words(MSG_CONNECT, ours), [theirs], true);
        libc().close(theirs);
        return ours;
      },
    }, kinds);
  }

  /** A new descriptor; waits for the owner's event loop. */
  open(): Descriptor {
    return new RemoteDescriptor(this.#attachment);
  }

  /**
   * Takes a port over.
   *
   * @param message from `WorkerLink.transfer`
   * @returns the port, as open as it was
   * @throws {NetmapError} EINVAL for one that was not handed to this Worker
   */
  receivePort({ index, reply, spec }: TransferredPort): Port {
    const descriptor = new RemoteDescriptor(this.#attachment, index);
    try {
      return new Port(descriptor, reply, { device: this, spec });
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  /** Ends the attachment, after its ports. */
  close(): void {
    this.#attachment.close();
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The owner's engine as a device of this Worker.
 *
 * @param ticket what the owner sent
 * @param kinds code of the port kinds that this Worker will sync: `vale().kinds`
 * @param options where it runs
 * @throws {NetmapError} ENOSPC when too many threads are attached, EINVAL for no such processor
 */
export function workerDevice(
  ticket: WorkerTicket,
  kinds: readonly PortKind[],
  { pin }: WorkerOptions = {},
): WorkerDevice {
  if (pin !== undefined) pinThread(pin);
  return new WorkerDevice(ticket, kinds);
}

/**
 * Binds this thread to a processor (sched_setaffinity(2)).
 *
 * @param processor its number, from 0
 * @throws {NetmapError} EINVAL when there is no such processor
 */
export function pinThread(processor: number): void {
  const most = 1024;
  if (!(Number.isInteger(processor) && processor >= 0 && processor < most)) {
    throw new NetmapError(
      EINVAL,
      `Cannot run on processor ${processor}: give a number from 0 to ${most - 1}`,
    );
  }
  const mask = new Uint8Array(most / 8);
  mask[processor >> 3] = 1 << (processor & 7);
  check(libc().sched_setaffinity(0, mask.length, mask), `run on processor ${processor}`);
}
