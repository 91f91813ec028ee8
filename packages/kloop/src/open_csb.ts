/**
 * Opening a port in CSB mode on any device: entries, eventfds and registration in one call.
 *
 * @module
 */

import {
  type Descriptor,
  EOPNOTSUPP,
  findRings,
  type NetmapDevice,
  NetmapError,
  NR_EXCLUSIVE,
  overrideSpec,
  parsePortName,
  type PortOptions,
  type PortOverrides,
  portSpec,
  registerFromSpec,
} from "@netmap/core";
import { EngineDescriptor } from "@netmap/engine";
import { createCsb, type Csb } from "./client/csb.ts";
import { type CsbPort, csbPort } from "./client/csb_port.ts";
import { createEventfds, type EventfdPairs } from "./client/eventfds.ts";
import { type KloopHandle, kloopHandle } from "./handle.ts";
import { mapRecordedCsb } from "./csb_area.ts";
import { serveKloop } from "./loop/serve.ts";
import { enableCsb } from "./requests.ts";

/** How a port is opened in CSB mode. */
export interface OpenCsbOptions extends PortOverrides {
  /**
   * Eventfds: a pair for each ring, one pair for all of them ("shared"), or none, for a loop that
   * busy-waits. "shared" if absent.
   */
  readonly eventfds?: "each" | "shared" | "none";
}

/** A port in CSB mode: all that a loop and an application need. */
export class OpenedCsb implements Disposable {
  /** The registered descriptor: for `startKloop` and `stopKloop`. */
  readonly descriptor: Descriptor;
  /** The entries. */
  readonly csb: Csb;
  /** The eventfds; no pairs where there are none. */
  readonly eventfds: EventfdPairs;
  /** Bytes from the region's start to the port's `netmap_if`. */
  readonly nifp: number;
  /** Bytes of the region. */
  readonly memsize: number;
  /** Number of the region. */
  readonly memId: number;
  /** The port's name, as requests carry it. */
  readonly name: string;
  readonly #device: NetmapDevice;

  /** Takes over what was opened. */
  constructor(
    device: NetmapDevice,
    parts: Omit<OpenedCsb, "port" | "handle" | "serve" | "close" | typeof Symbol.dispose>,
  ) {
    this.#device = device;
    this.memId = parts.memId;
    this.descriptor = parts.descriptor;
    this.csb = parts.csb;
    this.eventfds = parts.eventfds;
    this.nifp = parts.nifp;
    this.memsize = parts.memsize;
    this.name = parts.name;
  }

  /** The application's end in this isolate. Only one at a time may be in use, here or elsewhere. */
  port(): CsbPort {
    const { pairs } = this.eventfds;
    return csbPort({
      memory: this.descriptor.memory,
      nifp: this.nifp,
      entries: this.csb,
      ...(pairs.length > 0 ? { eventfds: pairs } : {}),
      name: this.name,
    });
  }

  /**
   * What a Worker needs to run the loop, as plain data: see `openKloop`.
   *
   * @throws {NetmapError} EOPNOTSUPP for a device whose loops this process cannot run
   */
  handle(): KloopHandle {
    return kloopHandle(this.#device, this.descriptor, this);
  }

  /**
   * Runs the loop in this isolate's event loop, beside whatever else it does; `stopKloop` ends it.
   *
   * @param signal ends it too
   * @throws {NetmapError} EOPNOTSUPP where the descriptor is not an engine's in this isolate: give
   * `handle()` to a Worker then; EBUSY while another loop runs, EIO when the port goes away
   */
  async serve(signal?: AbortSignal): Promise<void> {
    if (!(this.descriptor instanceof EngineDescriptor)) {
      throw new NetmapError(
        EOPNOTSUPP,
        `Cannot serve '${this.name}' in an event loop as '${this.#device.name}' blocks who runs its ` +
          "loop: start it in a Worker",
        { port: this.name },
      );
    }
    const { engine: { dp, interrupts }, word } = this.descriptor;
    const { pairs } = this.eventfds;
    const eventfds = pairs.length > 0 ? pairs : undefined;
    using entries = mapRecordedCsb(dp, word);
    await serveKloop(dp, word, entries, { eventfds, interrupts }, signal);
  }

  /** Stops the loop and gives everything back. Twice is harmless. */
  close(): void {
    this.descriptor.close();
    this.csb.close();
    this.eventfds.close();
  }

  /** Stops the loop and gives everything back. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens a port in CSB mode. Its rings move once a loop runs: `startKloop` in a Worker.
 *
 * @param device where
 * @param port a port name, or the same as an object
 * @param options eventfds, and what is put over what the name says
 * @returns all that belongs to it; close it, or hold it with `using`
 * @throws {NetmapError} as `openPort` does; EBUSY when somebody else has the rings
 *
 * @example
 * ```ts
 * import type { NetmapDevice } from "@netmap/core";
 * import { openCsb } from "@netmap/kloop";
 * function open(device: NetmapDevice): void {
 *   using opened = openCsb(device, "vale0:a");
 *   using port = opened.port();
 *   port.send([new Uint8Array(60)]); // leaves when the loop runs
 * }
 * ```
 */
export function openCsb(
  device: NetmapDevice,
  port: string | PortOptions,
  options: OpenCsbOptions = {},
): OpenedCsb {
  const { eventfds: how = "shared", ...overrides } = options;
  const named = typeof port === "string" ? parsePortName(port) : portSpec(port);
  const spec = overrideSpec(named, { ...overrides, flags: named.flags | NR_EXCLUSIVE });
  const descriptor = device.open();
  let csb: Csb | undefined;
  let eventfds: EventfdPairs | undefined;
  try {
    const { request, body } = registerFromSpec(spec);
    descriptor.control(request);
    const { name } = spec;
    const nifp = body.offset;
    const { tx, hostTx, rx, hostRx } = findRings(descriptor.memory, nifp, name);
    const count = tx.length + hostTx.length + rx.length + hostRx.length;
    csb = createCsb(count);
    eventfds = createEventfds(how === "none" ? 0 : count, how === "shared");
    enableCsb(descriptor, csb, name);
    const { memsize, memId } = body;
    return new OpenedCsb(device, { descriptor, csb, eventfds, nifp, memsize, memId, name });
  } catch (error) {
    descriptor.close();
    csb?.close();
    eventfds?.close();
    throw error;
  }
}
