/**
 * Null ports (`NR_REG_NULL`): rings and buffers of a region with nobody at the other end. Syncs do
 * nothing; the use is memory, for extra buffers and for programs that move packets themselves.
 *
 * @module
 */

import { EINVAL, NetmapError, NR_REG_NULL } from "@netmap/core";
import { Adapter } from "./adapter.ts";
import type { FindRequest } from "./feature.ts";
import { KIND, type PortKind } from "./state/data_path.ts";

/** Data path of null ports: nothing is ever sent or received. */
export const nullKind: PortKind = {
  id: KIND.null,
  name: "null",
  offsets: true,
  txsync() {},
  rxsync() {},
};

/** A null port with the rings and slots that the request asks for, 0 included. */
export function findNullPort({ engine, name, body, region, create }: FindRequest): Adapter | null {
  if (body.mode !== NR_REG_NULL) return null;
  if (!create) {
    throw new NetmapError(
      EINVAL,
      `Cannot reopen null port '${name}': each one is its opener's own`,
    );
  }
  if (!region) {
    throw new NetmapError(
      EINVAL,
      `Cannot make null port '${name}' without a memory region: name one ('@1' is the global one)`,
    );
  }
  return new Adapter(engine, `null:${name}`, nullKind, region, body);
}
