/**
 * What a client may have, and who is trusted with the images.
 *
 * @module
 */

import { EACCES, ENOMEM, ENOSPC, libc, NetmapError } from "@netmap/core";
import type { Peer } from "../internal/socket.ts";

/** What one process may have at a time. */
export interface Limits {
  /** Descriptors; 256 when silent. */
  readonly descriptors?: number;
  /** Threads that are attached; 16 when silent. */
  readonly threads?: number;
  /** Packet buffers of its registrations, extra ones among them; no limit when silent. */
  readonly buffers?: number;
}

/** Limits, all of them. */
export type AllLimits = Required<Limits>;

/** Fills in what was left out. */
export function allLimits(limits: Limits = {}): AllLimits {
  return { descriptors: 256, threads: 16, buffers: Infinity, ...limits };
}

/** Who may run the data path by himself, beside root and the user that the daemon runs as. */
export interface Trust {
  /** User ids. */
  readonly uids?: readonly number[];
  /** Group ids: the peer's own group. */
  readonly gids?: readonly number[];
}

/** Trust as it is shown: the users and groups that are trusted. */
export function trustOf(trust: Trust = {}): { uids: number[]; gids: number[] } {
  return {
    uids: [...new Set([0, libc().geteuid(), ...trust.uids ?? []])],
    gids: [...trust.gids ?? []],
  };
}

/** Fails for somebody who is not trusted. @throws {NetmapError} EACCES */
export function checkTrust(peer: Peer, trust: { uids: number[]; gids: number[] }): void {
  if (trust.uids.includes(peer.uid) || trust.gids.includes(peer.gid)) return;
  throw new NetmapError(
    EACCES,
    `Cannot serve user ${peer.uid} as only users ${trust.uids.join(", ")} are trusted with the ` +
      "shared memory, and this daemon has no other way to serve: name the user in 'trust'",
  );
}

/** Fails when there would be too many of something. @throws {NetmapError} ENOSPC */
export function checkCount(peer: Peer, what: string, have: number, most: number): void {
  if (have < most) return;
  throw new NetmapError(
    ENOSPC,
    `Cannot give process ${peer.pid} another of its ${what} as it has ${have} of at most ${most}: ` +
      "close some, or raise 'limits'",
  );
}

/** Fails when a registration took too many buffers. @throws {NetmapError} ENOMEM */
export function checkBuffers(peer: Peer, have: number, took: number, most: number): void {
  if (have + took <= most) return;
  throw new NetmapError(
    ENOMEM,
    `Cannot give process ${peer.pid} ${took} buffers as it has ${have} of at most ${most}: ask for ` +
      "fewer slots, or raise 'limits'",
  );
}
