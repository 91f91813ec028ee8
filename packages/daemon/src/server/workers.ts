/**
 * An engine for Workers of its process: they run the data path themselves, and ask the owner for
 * what only it can do.
 *
 * ```
 *   owner                                     Worker
 *   const link = attachWorker(engine)
 *   worker.postMessage(link.ticket)   ----->  const device = workerDevice(ticket, kinds)
 *   link.transfer(port)               ----->  receivePort(device, message)
 * ```
 *
 * The owner has to turn its event loop now and then: a Worker that opens or closes a port waits for
 * it. Syncs do not.
 *
 * @module
 */

import {
  EINVAL,
  NetmapError,
  type NmreqRegister,
  pid,
  type Port,
  type PortSpec,
} from "@netmap/core";
import { D_NIFP, D_REGION, type Engine, type EngineDescriptor } from "@netmap/engine";
import { socketPair } from "../internal/socket.ts";
import type { Attachment } from "./connection.ts";
import { type Host, hostOf } from "./host.ts";

/** What a Worker is given: a plain object, to be posted or to be `workerData`. */
export interface WorkerTicket {
  /** The owner's process. */
  readonly pid: number;
  /** The state image. */
  readonly stateFd: number;
  /** The Worker's end of its connection. */
  readonly fd: number;
  /** Number of the attachment. */
  readonly id: number;
}

/** A port on its way to a Worker: a plain object, to be posted. */
export interface TransferredPort {
  /** Number of the descriptor. */
  readonly index: number;
  /** The registration's reply. */
  readonly reply: Readonly<NmreqRegister>;
  /** What was asked for. */
  readonly spec: PortSpec;
}

/** The owner's side of one Worker. */
export class WorkerLink implements Disposable {
  /** For the Worker, for one alone. */
  readonly ticket: WorkerTicket;
  readonly #host: Host;
  readonly #attachment: Attachment;

  /** Made by {@linkcode attachWorker}. */
  constructor(engine: Engine) {
    const [ours, theirs] = socketPair();
    this.#host = hostOf(engine);
    this.#attachment = this.#host.addLocal(ours, theirs);
    this.ticket = {
      pid: pid(),
      stateFd: engine.dp.stateFd,
      fd: theirs,
      id: this.#attachment.id,
    };
  }

  /**
   * Hands a port over: here it is closed, and the Worker goes on with it.
   *
   * @param port opened on this engine's device
   * @returns what the Worker gives to `receivePort`
   * @throws {NetmapError} EINVAL for a port of another device, EBADF for one that is closed
   */
  transfer(port: Port): TransferredPort {
    const descriptor = this.#descriptorOf(port);
    const { reply, spec } = port;
    port.detach();
    this.#attachment.handed.set(descriptor.index, descriptor);
    return { index: descriptor.index, reply: { ...reply }, spec };
  }

  /**
   * Takes everything back when a Worker says that it has ended. A Worker that has really ended is
   * seen without this; one that was terminated may go on for a long time (in Deno, until it turns its
   * event loop), and then fails at its next sync.
   *
   * @param worker of `node:worker_threads`
   */
  follow(worker: { once(event: "exit", listener: () => void): unknown }): void {
    worker.once("exit", () => this.close());
  }

  /** Takes everything back that the Worker has: it has ended, or is to have nothing any more. */
  close(): void {
    this.#host.endAttachment(this.#attachment);
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** A `netmap_if` belongs to one descriptor, so it tells them apart. */
  #descriptorOf(port: Port): EngineDescriptor {
    const { memory, nifp, name } = port;
    const { engine } = this.#host;
    for (const descriptor of engine.descriptors.values()) {
      if (descriptor.registration === null) continue;
      const { state } = engine.dp;
      const isIts = state[descriptor.word + D_NIFP] === nifp &&
        engine.dp.region(state[descriptor.word + D_REGION]) === memory;
      if (isIts) return descriptor;
    }
    throw new NetmapError(
      EINVAL,
      `Cannot hand '${name}' over as it is not open on this engine: open it on 'engine.device'`,
      { port: name },
    );
  }
}

/**
 * Makes the owner's side of a Worker. Its end, by whatever way, is seen: its ports, locks and
 * leases come back within a tenth of a second.
 *
 * @param engine the engine, owned by this thread
 * @returns the link; post its `ticket` to one Worker
 *
 * @example
 * ```ts
 * import { attachWorker } from "@netmap/daemon";
 * import { createEngine } from "@netmap/engine";
 * using engine = createEngine();
 * using link = attachWorker(engine);
 * console.log(typeof link.ticket.fd); // number
 * ```
 */
export function attachWorker(engine: Engine): WorkerLink {
  return new WorkerLink(engine);
}
