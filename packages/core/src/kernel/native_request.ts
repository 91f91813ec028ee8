/**
 * A control request as the ioctl takes it: one block of memory in which header, body and options
 * point at each other.
 *
 * ```
 *   ControlRequest                     block
 *   header, body, options[]   ---->    | header | body | option 0 | option 1 | ...
 *                             <----      nr_body ^  nr_options ^  nro_next ^
 * ```
 *
 * The user's bytes are copied in and back out, so that no pointer of ours is left in them.
 *
 * @module
 */

import { NMREQ_HEADER } from "../abi/nmreq_header.ts";
import { NMREQ_OPTION } from "../abi/nmreq_options.ts";
import { structView } from "../abi/struct_view.ts";
import type { ControlRequest } from "../device.ts";
import { runtime } from "../runtime/pick.ts";

const aligned = (bytes: number): number => (bytes + 7) & ~7;

/** A request laid out for the kernel. */
export class NativeRequest {
  /** The block; the header stands at its start. */
  readonly block: Uint8Array;
  readonly #request: ControlRequest;
  readonly #places: { readonly bytes: Uint8Array; readonly at: number }[] = [];

  /** @param request what to lay out */
  constructor(request: ControlRequest) {
    this.#request = request;
    const { header, body, options } = request;
    let size = aligned(NMREQ_HEADER.size);
    for (const bytes of body ? [body, ...options] : options) {
      this.#places.push({ bytes, at: size });
      size += aligned(bytes.length);
    }
    this.block = new Uint8Array(size);
    this.block.set(header);
    for (const { bytes, at } of this.#places) this.block.set(bytes, at);
    const base = runtime().addressOf(this.block);
    const view = structView(NMREQ_HEADER, this.block);
    const optionPlaces = body ? this.#places.slice(1) : this.#places;
    view.body = body ? base + this.#places[0].at : 0;
    view.options = optionPlaces.length > 0 ? base + optionPlaces[0].at : 0;
    optionPlaces.forEach(({ at }, i) => {
      const next = optionPlaces[i + 1];
      structView(NMREQ_OPTION, this.block, at).next = next ? base + next.at : 0;
    });
  }

  /** Copies the kernel's answer back into the request. */
  copyBack(): void {
    const { header, options } = this.#request;
    const { body, options: first } = structView(NMREQ_HEADER, header);
    header.set(this.block.subarray(0, NMREQ_HEADER.size));
    const view = structView(NMREQ_HEADER, header);
    view.body = body;
    view.options = first;
    for (const { bytes, at } of this.#places) {
      const isOption = options.includes(bytes);
      const next = isOption ? structView(NMREQ_OPTION, bytes).next : 0;
      bytes.set(this.block.subarray(at, at + bytes.length));
      if (isOption) structView(NMREQ_OPTION, bytes).next = next;
    }
  }
}
