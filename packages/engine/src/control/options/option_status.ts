/**
 * The status of an option: 0 when it was honoured, else why not.
 *
 * @module
 */

import { NetmapError, NMREQ_OPTION, structView } from "@netmap/core";

/**
 * Does what an option asks for and leaves the outcome in its status.
 *
 * @param option the option's bytes
 * @param action throws when the option cannot be honoured
 * @returns what the action returned
 */
export function withStatus<T>(option: Uint8Array, action: () => T): T {
  const header = structView(NMREQ_OPTION, option);
  try {
    const result = action();
    header.status = 0;
    return result;
  } catch (error) {
    if (error instanceof NetmapError) header.status = error.errno;
    throw error;
  }
}
