/**
 * What a feature package gives to the engine: kinds of ports, control requests, and a way to find
 * its ports by name. Adding a feature is a package and one line where features are listed.
 *
 * @module
 */

import type { ControlRequest, NmreqHeader, NmreqRegister, StructLayout } from "@netmap/core";
import type { Adapter } from "./adapter.ts";
import type { EngineDescriptor } from "./descriptor.ts";
import type { Engine } from "./engine.ts";
import type { Region } from "./memory/region.ts";
import type { PortKind } from "./state/data_path.ts";

/** A registration that asks for a port by name. */
export interface FindRequest {
  /** The engine. */
  readonly engine: Engine;
  /** Full port name. */
  readonly name: string;
  /** The registration's body. */
  readonly body: NmreqRegister;
  /** The region that it asks for, null when it leaves that to the port. */
  readonly region: Region | null;
  /** Whether a port that does not exist may be made. */
  readonly create: boolean;
}

/** What a request's handler works on. */
export interface ControlContext<Body = unknown> {
  /** The engine. */
  readonly engine: Engine;
  /** The descriptor that asks. */
  readonly descriptor: EngineDescriptor;
  /** The request's header. */
  readonly header: NmreqHeader;
  /** `nr_name`, terminated and decoded. */
  readonly name: string;
  /** View of the body; the handler writes the reply into it. */
  readonly body: Body;
  /** The request as it came, for options. */
  readonly request: ControlRequest;
}

/** A control request that the engine can carry out. */
export interface RequestEntry<Body = unknown> {
  /** `NETMAP_REQ_*`. */
  readonly reqtype: number;
  /** What error messages call it: `REGISTER`. */
  readonly name: string;
  /** Layout of the body; null when the request has none. */
  readonly body: StructLayout<Body> | null;
  /** Options (`NETMAP_REQ_OPT_*`) that it understands. */
  readonly options?: readonly number[];
  /** Carries it out. @throws {NetmapError} with netmap's errno */
  run(context: ControlContext<Body>): void;
}

/** A set of port kinds and requests. */
export interface Feature {
  /** Its package's short name. */
  readonly name: string;
  /**
   * Place in the search for a port by name, as in netmap: null ports 10, monitors 20, pipes 30,
   * VALE 40, interfaces 50.
   */
  readonly order: number;
  /** Whether its ports are monitors: it takes the registrations that ask for one. */
  readonly monitors?: boolean;
  /** Code of its ports' data path. */
  readonly kinds?: readonly PortKind[];
  /** Requests that it carries out. */
  // deno-lint-ignore no-explicit-any -- each entry has a body type of its own
  readonly requests?: readonly RequestEntry<any>[];
  /**
   * The port that a registration names, made if need be; null when the name is none of its kind.
   *
   * @throws {NetmapError} when the name is of its kind, but the port cannot be had
   */
  find?(request: FindRequest): Adapter | null;
  /**
   * Called when a descriptor was registered, before options that nobody took are refused: for options
   * of REGISTER that are about the descriptor. A throw undoes the registration.
   */
  registered?(context: ControlContext<NmreqRegister>): void;
  /**
   * Called when a thread that ran the data path has died: takes back what stands under its owner tag
   * in the feature's part of the image.
   *
   * @returns whether nothing is left; if there is it is called again later
   */
  threadDied?(engine: Engine, tag: number): boolean;
  /** Called once when the engine is made. */
  start?(engine: Engine): void;
  /** Called once when the engine is closed, after all descriptors. */
  stop?(engine: Engine): void;
}
