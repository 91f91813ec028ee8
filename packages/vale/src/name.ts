/**
 * Names of switches and of their ports: `vale<switch>:<port>` (vale(4)).
 *
 * ```
 *   vale0:a
 *   -----         switch: begins with "vale", letters, digits and '_', the colon within 16 characters
 *         -       port: at most 15 characters
 * ```
 *
 * @module
 */

import { IFNAMSIZ, NM_BDG_NAME } from "@netmap/core";

/** A name's two parts. */
export interface ValeName {
  /** The switch, without its colon: `vale0`. */
  readonly switchName: string;
  /** The port within the switch: `a`; empty when only the switch is named. */
  readonly port: string;
}

/** What is wrong with a name, as the end of a sentence. */
export interface NameProblem {
  /** `as ... : do ...` */
  readonly problem: string;
}

/**
 * Whether a name is a switch's or one of its ports', well formed or not.
 *
 * @param name any port name
 *
 * @example
 * ```ts
 * import { isValeName } from "@netmap/vale";
 * console.log(isValeName("vale0:a"), isValeName("eth0")); // true false
 * ```
 */
export function isValeName(name: string): boolean {
  return name.startsWith(NM_BDG_NAME);
}

/**
 * Takes a port's name apart (`nm_bdg_name_validate`).
 *
 * @param name `vale0:a`
 * @returns its parts, or what is wrong with it
 *
 * @example
 * ```ts
 * import { parseValeName } from "@netmap/vale";
 * console.log(parseValeName("vale0:a")); // { switchName: "vale0", port: "a" }
 * ```
 */
export function parseValeName(name: string): ValeName | NameProblem {
  if (!isValeName(name)) {
    return { problem: `as the name of a switch begins with '${NM_BDG_NAME}': use 'vale0:a'` };
  }
  const colon = name.indexOf(":");
  const switchName = colon < 0 ? name : name.slice(0, colon);
  const bad = switchName.search(/[^a-zA-Z0-9_]/);
  if (bad >= 0) {
    return {
      problem: `as '${switchName[bad]}' at column ${bad + 1} may not be in a switch's name: ` +
        "use letters, digits and '_' before the ':'",
    };
  }
  if (colon < 0) {
    return { problem: `as it has no ':' after the switch's name: use '${name}:a'` };
  }
  if (colon >= IFNAMSIZ) {
    return {
      problem: `as the switch's name is ${colon} characters long: use at most ${IFNAMSIZ - 1}`,
    };
  }
  const port = name.slice(colon + 1);
  if (port.length >= IFNAMSIZ) {
    return {
      problem: `as the port's name is ${port.length} characters long: use at most ${IFNAMSIZ - 1}`,
    };
  }
  return { switchName, port };
}

/** The name of a switch as users give it, `vale0:` or `vale0`, without its colon. */
export function switchBaseName(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(0, colon);
}

/**
 * Whether a network interface may have this name, so that it makes sense to look for one: not
 * longer than 15 characters, and none of those that separate the parts of a port's name.
 */
export function isInterfaceName(name: string): boolean {
  return name.length > 0 && name.length < IFNAMSIZ && name !== "." && name !== ".." &&
    !/[\s/:{}]/.test(name) && !isValeName(name);
}
