/**
 * Pipes as a feature of the embedded engine.
 *
 * @module
 */

import type { Feature } from "@netmap/engine";
import { pipeKind } from "./data_path.ts";
import { findPipe, type PipeTable } from "./find_pipe.ts";

/**
 * Zero-copy pipes between two ports on one parent: `vale0:a{1` and `vale0:a}1`.
 *
 * @returns a feature for one engine
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { pipes } from "@netmap/pipes";
 * using engine = createEngine({ features: [pipes()] });
 * using left = openPort(engine.device, "netmap:p{1");
 * using right = openPort(engine.device, "netmap:p}1");
 * left.send([new Uint8Array(60)]);
 * console.log(right.receive().length); // 1
 * ```
 */
export function pipes(): Feature {
  const table: PipeTable = new Map();
  return {
    name: "pipes",
    order: 30,
    kinds: [pipeKind],
    find: (request) => findPipe(table, request),
  };
}
