/**
 * How many options a request may carry: netmap copies body and options into a buffer of fixed size,
 * and both that buffer and the sum of what is copied are bounded (`nmreq_copyin`).
 *
 * ```
 *   | 2 pointers | body | table of options | pointer, header, body | pointer, header, body | ...
 *   0                                                                        BUFFER bytes at most
 * ```
 *
 * @module
 */

import {
  EMSGSIZE,
  NETMAP_REQ_MAXSIZE,
  NETMAP_REQ_OPT_MAX,
  NetmapError,
  NMREQ_OPTION,
  type NmreqOption,
  optionSize,
} from "@netmap/core";

const POINTER = 8;
const TABLE = NETMAP_REQ_OPT_MAX * POINTER;
const BUFFER = (2 + NETMAP_REQ_OPT_MAX) * POINTER + NETMAP_REQ_MAXSIZE + TABLE;

/** Room for the options of one request. */
export class OptionBudget {
  #used: number;
  #copied: number;

  /** @param bodySize bytes of the request's body */
  constructor(bodySize: number) {
    this.#used = 2 * POINTER + bodySize + TABLE;
    this.#copied = bodySize;
  }

  /** Takes room for an option's header. @throws {NetmapError} EMSGSIZE: the list may have no end */
  takeHeader(): void {
    this.#used += POINTER + NMREQ_OPTION.size;
    this.#copied += NMREQ_OPTION.size;
    if (this.#used > BUFFER) throw tooLarge();
  }

  /**
   * Takes room for what follows the header of an option whose type is known.
   *
   * @returns bytes of the whole option
   * @throws {NetmapError} EMSGSIZE
   */
  takeBody({ reqtype, size }: NmreqOption): number {
    const whole = optionSize(reqtype, size);
    this.#used += whole - NMREQ_OPTION.size;
    this.#copied += whole - NMREQ_OPTION.size;
    if (
      size > NETMAP_REQ_MAXSIZE || this.#copied > NETMAP_REQ_MAXSIZE || this.#used > BUFFER
    ) throw tooLarge();
    return whole;
  }
}

function tooLarge(): NetmapError {
  return new NetmapError(
    EMSGSIZE,
    `Cannot take a request whose body and options are above ${NETMAP_REQ_MAXSIZE} bytes: ` +
      "give fewer options, or end their list",
  );
}
