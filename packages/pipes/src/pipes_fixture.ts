/** What the tests of pipes share. */

import {
  type ControlRequest,
  NetmapError,
  type NmreqRegister,
  openPort,
  type Port,
  portInfoRequest,
  type PortOverrides,
  registerRequest,
} from "@netmap/core";
import {
  Adapter,
  type Engine,
  type EngineDescriptor,
  type Feature,
  KIND,
  nullKind,
  type PortKind,
  type PortShape,
} from "@netmap/engine";

/** Free objects of every region, by its number. */
export function freeObjects(engine: Engine): Record<number, [number, number, number]> {
  const free: Record<number, [number, number, number]> = {};
  for (const { id, ifs, rings, bufs } of engine.regions) {
    free[id] = [ifs.free, rings.free, bufs.free];
  }
  return free;
}

/** The code of the error that a request ends in; "" when it succeeds. */
export function codeOf(act: () => unknown): string {
  try {
    act();
    return "";
  } catch (error) {
    if (error instanceof NetmapError) return error.code;
    throw error;
  }
}

/** Registers a name as it is, past the grammar of `openPort`. */
export function register(
  engine: Engine,
  name: string,
  fields: Partial<NmreqRegister> = {},
): { descriptor: EngineDescriptor; reply: NmreqRegister } {
  const descriptor = engine.open() as EngineDescriptor;
  const { request, body } = registerRequest(name, fields);
  try {
    descriptor.control(request);
  } catch (error) {
    descriptor.close();
    throw error;
  }
  return { descriptor, reply: body };
}

/** Asks about a port without opening it. */
export function portInfo(engine: Engine, name: string): ReturnType<typeof portInfoRequest>["body"] {
  using descriptor = engine.open();
  const { request, body } = portInfoRequest(name);
  descriptor.control(request as ControlRequest);
  return body;
}

/** The descriptor that a port was opened with: the last one of the engine. */
export function openWithDescriptor(
  engine: Engine,
  name: string,
  overrides: PortOverrides = {},
): { port: Port; descriptor: EngineDescriptor } {
  const known = new Set(engine.descriptors.values());
  const port = openPort(engine.device, name, overrides);
  const descriptor = [...engine.descriptors.values()].find((each) => !known.has(each))!;
  return { port, descriptor };
}

/** Ports that tests put into an engine by name, as a NIC's feature does. */
export class Boxes implements Feature {
  readonly name = "boxes";
  readonly order = 50;
  readonly kinds: readonly PortKind[] = [{ ...nullKind, id: KIND.host }];
  readonly #ports: Map<string, Adapter> = new Map();

  /** Adds a port. It is held, as by its interface, until {@link remove}. */
  add(engine: Engine, name: string, shape: Partial<PortShape> = {}, memId = 1): Adapter {
    const adapter = new Adapter(engine, name, this.kinds[0], engine.region(memId), {
      txRings: 1,
      rxRings: 1,
      txSlots: 64,
      rxSlots: 64,
      ...shape,
    });
    this.#ports.set(name, adapter.hold());
    return adapter;
  }

  /** The interface goes away: the name is free again, those who hold the port keep it. */
  remove(name: string): void {
    const adapter = this.#ports.get(name)!;
    this.#ports.delete(name);
    adapter.stop();
    adapter.drop();
  }

  find({ name }: { name: string }): Adapter | null {
    return this.#ports.get(name) ?? null;
  }
}
