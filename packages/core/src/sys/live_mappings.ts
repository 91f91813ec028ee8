/**
 * The mappings of this isolate that are not closed, to find out what is behind an address.
 *
 * Invariant: a mapping is in the list from its making to its close, and no other way.
 *
 * @module
 */

import type { Mapping } from "./mapping.ts";

const live: Set<Mapping> = new Set();

/** Called by a mapping that was made. */
export function addLiveMapping(mapping: Mapping): void {
  live.add(mapping);
}

/** Called by a mapping that is about to go. */
export function removeLiveMapping(mapping: Mapping): void {
  live.delete(mapping);
}

/**
 * The mapping that bytes of this process belong to, if this isolate made it.
 *
 * @param address first byte
 * @param bytes how many
 * @returns the mapping that has them all; null when there is none
 *
 * @example
 * ```ts
 * import { closeFd, createMemfd, findMapping, mapMemory } from "@netmap/core";
 * const fd = createMemfd("example", 8192);
 * using memory = mapMemory(fd, 8192);
 * closeFd(fd);
 * console.log(findMapping(memory.address + 4096, 4096) === memory); // true
 * ```
 */
export function findMapping(address: number, bytes: number): Mapping | null {
  for (const mapping of live) {
    if (address >= mapping.address && address + bytes <= mapping.address + mapping.size) {
      return mapping;
    }
  }
  return null;
}
