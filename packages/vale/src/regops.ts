/**
 * Switches for modules (`netmap_vale_create`, `netmap_bdg_regops` and their like): a program in
 * the engine's process decides where frames go, and may keep a switch for itself.
 *
 * ```
 *   token = createSwitch(engine, "vale9:")          nobody attaches without the token
 *   regops(engine, "vale9:", { lookup }, token)     the module decides
 *   regops(engine, "vale9:", null, token)           the learning bridge again
 *   destroySwitch(engine, "vale9:", token)          when it has no ports any more
 * ```
 *
 * @module
 */

import {
  EBUSY,
  EEXIST,
  EINVAL,
  ENOMEM,
  NetmapError,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
} from "@netmap/core";
import { type Engine, registerBody } from "@netmap/engine";
import { attachPort } from "./control/attach.ts";
import { detachPort } from "./control/detach.ts";
import { needToken } from "./control/token.ts";
import { lastModuleError, setModule, type SwitchModule } from "./data_path/module.ts";
import { parseValeName, switchBaseName } from "./name.ts";
import type { AttachOptions } from "./requests.ts";
import type { ModuleInUse } from "./switch.ts";
import { needSwitch, switchTable } from "./switch_table.ts";

/** What shows that a switch is the bearer's. */
export type SwitchToken = symbol;

/** What a module does for a switch. */
export interface SwitchOps extends SwitchModule {
  /** Carries out a request of {@link configSwitch}. */
  config?(request: unknown, privateData: unknown): unknown;
}

/**
 * Makes a switch that belongs to whoever has the token, and lives until {@link destroySwitch}.
 *
 * Others still register ports on it; nobody else attaches interfaces, or takes its module away.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:`
 * @returns the token
 * @throws {NetmapError} EEXIST when there is such a switch, ENOMEM for a bad name or when there are too
 *   many switches
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { createSwitch, destroySwitch, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * const token = createSwitch(engine, "vale9:");
 * destroySwitch(engine, "vale9:", token);
 * ```
 */
export function createSwitch(engine: Engine, name: string): SwitchToken {
  const table = switchTable(engine);
  const base = switchBaseName(name);
  if (table.find(base)) {
    throw new NetmapError(
      EEXIST,
      `Cannot create switch '${base}:' as there is one of that name: use another, or close its ports`,
    );
  }
  const parsed = parseValeName(`${base}:`);
  if ("problem" in parsed) {
    throw new NetmapError(ENOMEM, `Cannot create switch '${name}' ${parsed.problem}`);
  }
  const bridge = table.findOrMake(`${base}:`);
  bridge.token = Symbol(bridge.name);
  return bridge.token;
}

/**
 * Ends a switch made by {@link createSwitch}.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:`
 * @param token what {@link createSwitch} returned
 * @throws {NetmapError} ENXIO when there is no such switch, EACCES without its token, EINVAL when it was
 *   not made by a module, EBUSY while it has ports
 */
export function destroySwitch(engine: Engine, name: string, token: SwitchToken | null): void {
  const bridge = needSwitch(engine, name);
  needToken(bridge, token, "destroy it");
  if (bridge.token === null) {
    throw new NetmapError(
      EINVAL,
      `Cannot destroy switch '${bridge.name}:' as no module created it: it ends with its last port`,
    );
  }
  if (bridge.ports.size > 0) {
    throw new NetmapError(
      EBUSY,
      `Cannot destroy switch '${bridge.name}:' as it has ${bridge.ports.size} ports: ` +
        "close or detach them first",
    );
  }
  bridge.token = null;
  switchTable(engine).release(bridge);
}

/**
 * Gives a switch a module, which decides from the next batch on where frames go; or takes it away:
 * the switch is a learning bridge again, and learns anew.
 *
 * What `ops` leaves out stays as it is, as in netmap, but for `privateData`.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:`
 * @param ops the module; null for the learning bridge
 * @param token of a switch that a module has for itself
 * @returns the module's number, for `registerModule` in other threads; 0 when no lookup was given
 * @throws {NetmapError} ENXIO when there is no such switch, EACCES without its token
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { BROADCAST, regops, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using hub = openPort(engine.device, "vale0:a");
 * regops(engine, "vale0:", { lookup: () => BROADCAST }); // a hub: everybody gets everything
 * ```
 */
export function regops(
  engine: Engine,
  name: string,
  ops: SwitchOps | null,
  token: SwitchToken | null = null,
): number {
  const bridge = needSwitch(engine, name);
  needToken(bridge, token, "change its module");
  return bridge.write(() => {
    if (ops === null) bridge.forgetAll();
    bridge.module = ops === null ? null : merge(bridge.module, ops);
    return setModule(engine.dp, bridge.record, bridge.module);
  });
}

/** A module's functions over those that were there; a lookup replaces both forms of it. */
function merge(before: SwitchOps | null, ops: SwitchOps): ModuleInUse {
  const decides = ops.lookup !== undefined || ops.lookupBatch !== undefined;
  const lookups = decides ? ops : before;
  return {
    lookup: lookups?.lookup?.bind(lookups),
    lookupBatch: lookups?.lookupBatch?.bind(lookups),
    dtor: ops.dtor?.bind(ops) ?? before?.dtor,
    config: ops.config?.bind(ops) ?? before?.config,
    privateData: ops.privateData,
  };
}

/**
 * Replaces a module's private data while nobody forwards. Other threads have data of their own.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:`
 * @param update gets the present data and returns the next
 * @param token of a switch that a module has for itself
 * @throws {NetmapError} EINVAL when there is no such switch or it has no module, EACCES without its token
 */
export function updatePrivateData(
  engine: Engine,
  name: string,
  update: (privateData: unknown) => unknown,
  token: SwitchToken | null = null,
): void {
  const bridge = switchTable(engine).find(name);
  needToken(bridge, token, "update its module's data");
  if (bridge === null || bridge.module === null) {
    throw new NetmapError(
      EINVAL,
      `Cannot update the module's data of '${name}' as ${
        bridge ? "it has no module" : "there is no such switch"
      }: give it one with regops()`,
    );
  }
  const { module } = bridge;
  bridge.write(() => {
    module.privateData = update(module.privateData);
  });
}

/**
 * What a switch's module threw last in the engine's own thread. Frames for which it throws are
 * dropped, and counted by `moduleErrors` of `switches()`.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:`
 * @returns undefined when nothing was thrown
 * @throws {NetmapError} ENXIO when there is no such switch
 */
export function moduleError(engine: Engine, name: string): unknown {
  return lastModuleError(engine.dp, needSwitch(engine, name).record);
}

/**
 * Hands a request to a switch's module (`NIOCCONFIG`).
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:`
 * @param request what the module takes
 * @returns what it answers
 * @throws {NetmapError} EINVAL when there is no such switch, or none that takes requests
 */
export function configSwitch(engine: Engine, name: string, request: unknown): unknown {
  const module = switchTable(engine).find(name)?.module;
  if (module?.config) return module.config(request, module.privateData);
  throw new NetmapError(
    EINVAL,
    `Cannot configure '${name}' as no module of such a switch takes requests: give it one with ` +
      "'config' by regops()",
  );
}

/**
 * Attaches an interface to a switch that a module has for itself; as `attach()` else.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:eth0`
 * @param token what {@link createSwitch} returned
 * @param options host rings, memory
 * @returns the port's number in the switch
 * @throws {NetmapError} EACCES without the token, and what `attach()` throws
 */
export function attachWithToken(
  engine: Engine,
  name: string,
  token: SwitchToken,
  options: AttachOptions = {},
): number {
  const { hostRings = false, memId = 0 } = options;
  const mode = hostRings ? NR_REG_NIC_SW : NR_REG_ALL_NIC;
  return attachPort(engine, name, registerBody({ mode, memId }), token);
}

/**
 * Detaches an interface from a switch that a module has for itself; as `detach()` else.
 *
 * @param engine an engine with `vale()`
 * @param name `vale9:eth0`
 * @param token what {@link createSwitch} returned
 * @returns the number that the port had
 * @throws {NetmapError} EACCES without the token, and what `detach()` throws
 */
export function detachWithToken(engine: Engine, name: string, token: SwitchToken): number {
  return detachPort(engine, name, token);
}
