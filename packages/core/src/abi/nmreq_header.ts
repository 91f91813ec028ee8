/**
 * What every request of API 14 begins with.
 *
 * ```
 *   nmreq_header            body            option            option
 *   +------------+    +-> nmreq_register  +-> +----------+  +-> +----------+
 *   | version    |    |                   |   | nro_next |--+   | nro_next |--> 0
 *   | reqtype    |    |                   |   | reqtype  |      | reqtype  |
 *   | name[64]   |    |                   |   | status   |      | ...      |
 *   | options    |----|-------------------+   | size     |      +----------+
 *   | body       |----+                       | ...      |
 *   +------------+                            +----------+
 * ```
 *
 * Over the seam of `device.ts` the three parts are arrays of bytes and the pointers are left out.
 *
 * @module
 */

import { NETMAP_REQ_IFNAMSIZ } from "./constants.ts";
import { chars, defineStruct, type StructLayout, u16, u32, u64 } from "./struct.ts";

/** `struct nmreq_header`. */
export interface NmreqHeader {
  /** The API version asked for; the one in use on return. */
  version: number;
  /** NETMAP_REQ_*. */
  reqtype: number;
  /** Must be 0. */
  reserved: number;
  /** The port, at most 63 bytes. */
  name: string;
  /** Address of the first option; left to the device. */
  options: number;
  /** Address of the body; left to the device. */
  body: number;
}

/** Table of `struct nmreq_header`: 88 bytes. */
export const NMREQ_HEADER: StructLayout<NmreqHeader> = defineStruct<NmreqHeader>("nmreq_header", {
  version: u16("nr_version"),
  reqtype: u16("nr_reqtype"),
  reserved: u32("nr_reserved"),
  name: chars("nr_name", NETMAP_REQ_IFNAMSIZ),
  options: u64("nr_options"),
  body: u64("nr_body"),
});
