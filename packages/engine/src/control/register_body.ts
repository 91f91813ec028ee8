/**
 * The body of a REGISTER as plain data, for requests that only look a port up.
 *
 * @module
 */

import type { NmreqRegister } from "@netmap/core";

/** A registration's body: zero, but for the fields given. */
export function registerBody(fields: Partial<NmreqRegister>): NmreqRegister {
  return {
    offset: 0,
    memsize: 0,
    txSlots: 0,
    rxSlots: 0,
    txRings: 0,
    rxRings: 0,
    hostTxRings: 0,
    hostRxRings: 0,
    memId: 0,
    ringid: 0,
    mode: 0,
    extraBufs: 0,
    flags: 0,
    ...fields,
  };
}
