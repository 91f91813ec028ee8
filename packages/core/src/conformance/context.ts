/**
 * What a case works with: names that nobody else uses, ports that are closed when it ends.
 *
 * @module
 */

import type { NmreqRegister, NmreqValeNewif } from "../abi/nmreq_bodies.ts";
import type { TypedRequest } from "../abi/request.ts";
import {
  valeAttachRequest,
  valeDelifRequest,
  valeDetachRequest,
  valeNewifRequest,
} from "../abi/request_vale.ts";
import type { Descriptor, NetmapDevice } from "../device.ts";
import { NetmapError } from "../errors.ts";
import { mapMemory, type Mapping } from "../sys/mapping.ts";
import { closeFd, createMemfd, pid } from "../sys/system.ts";
import type { Capability, ConformanceTarget, RawIoctl } from "./case.ts";
import { ConformanceFailure } from "./expect.ts";
import { BoundPort } from "./bound_port.ts";

let serial = 0;

/** The surroundings of one case. */
export class Context {
  /** The device that is tried. */
  readonly device: NetmapDevice;
  readonly #target: ConformanceTarget;
  /** What every name of this case has in it. */
  readonly #tag: string = `${base36(pid() % 1296)}${base36(serial++)}`;
  readonly #undo: (() => void)[] = [];

  /**
   * Surroundings with nothing in them.
   *
   * @param target what the suite is run on
   */
  constructor(target: ConformanceTarget) {
    this.#target = target;
    this.device = target.device;
  }

  /** Whether the device has something. */
  has(capability: Capability): boolean {
    return this.#target.capabilities.has(capability);
  }

  /** Whether the errors are those of our own engine, with its sentences. */
  get isEmbedded(): boolean {
    return this.device.kind === "embedded";
  }

  /** The interface that may be tried; for capability `interface`. */
  get interface(): string {
    return this.#target.interface ?? missing("interface");
  }

  /** Makes an ioctl by pointer; for capability `raw-ioctl`. */
  get rawIoctl(): RawIoctl {
    return this.#target.rawIoctl ?? missing("rawIoctl");
  }

  /** Name of this case's switch, or of a second one: `vale0a01`. */
  switchName(which: string = ""): string {
    return `vale${this.#tag}${which}`;
  }

  /** Name of a port of this case's switch: `vale0a01:a`. */
  vale(port: string = "a", which: string = ""): string {
    return `${this.switchName(which)}:${port}`;
  }

  /** A name without a switch, as of an interface that does not exist. */
  plain(which: string = ""): string {
    return `n${this.#tag}${which}`;
  }

  /** Runs when the case ends, last first. */
  defer(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** A new descriptor. */
  open(): Descriptor {
    const descriptor = this.device.open();
    this.defer(() => descriptor.close());
    return descriptor;
  }

  /** Registers a port on a new descriptor. */
  register(
    name: string,
    fields: Partial<NmreqRegister> = {},
    options: readonly Uint8Array[] = [],
  ): BoundPort {
    return BoundPort.register(this.open(), name, fields, options);
  }

  /** A port of this case's switch, with few slots. */
  port(port: string = "a", fields: Partial<NmreqRegister> = {}): BoundPort {
    return this.register(this.vale(port), { txSlots: 64, rxSlots: 64, ...fields });
  }

  /** Both ends of a pipe: what one sends, the other receives. */
  pipe(fields: Partial<NmreqRegister> = {}, which: string = ""): [BoundPort, BoundPort] {
    const shape = { txSlots: 32, rxSlots: 32, ...fields };
    const master = this.register(`${this.plain(which)}{1`, shape);
    return [master, this.register(`${this.plain(which)}}1`, shape)];
  }

  /** Carries out a request on a descriptor of its own. @returns the reply */
  ask<B>(request: TypedRequest<B>): B {
    const descriptor = this.device.open();
    try {
      descriptor.control(request.request);
    } finally {
      descriptor.close();
    }
    return request.body;
  }

  /** Makes a persistent port; it ends with the case. */
  newif(name: string, fields: Partial<NmreqValeNewif> = {}): NmreqValeNewif {
    const body = this.ask(valeNewifRequest(name, fields));
    this.defer(() => ignoring(() => this.ask(valeDelifRequest(name))));
    return body;
  }

  /** Attaches a port to a switch; it is detached when the case ends. @returns its number there */
  attach(name: string, fields: Partial<NmreqRegister> = {}): number {
    const body = this.ask(valeAttachRequest(name, fields));
    this.defer(() => ignoring(() => this.ask(valeDetachRequest(name))));
    return body.portIndex;
  }

  /** Memory whose address may be given to the device; it goes with the case. */
  memory(bytes: number): Mapping {
    const fd = createMemfd("netmap-conformance", bytes);
    const mapping = mapMemory(fd, bytes, { keepFd: true });
    closeFd(fd);
    this.defer(() => mapping.close());
    return mapping;
  }

  /** Closes and undoes everything. */
  end(): void {
    let failure: unknown = null;
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) {
      try {
        undo();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
  }
}

/** What the case has undone already cannot be undone again. */
function ignoring(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
  }
}

/** At least two digits: names of a switch and a port have to fit into the 15 bytes of old. */
function base36(n: number): string {
  return n.toString(36).padStart(2, "0");
}

function missing(what: string): never {
  throw new ConformanceFailure(`The target says that it has this, but gives no '${what}'`);
}
