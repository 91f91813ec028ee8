/**
 * What stat(2) and statfs(2) show of the one file: a size that never changes, and permissions that
 * chmod(2) and chown(2) change for as long as the mount lives.
 *
 * @module
 */

import { structView } from "@netmap/core";
import {
  FATTR_GID,
  FATTR_MODE,
  FATTR_UID,
  FUSE_ATTR_OUT,
  FUSE_KSTATFS,
  FUSE_ROOT_ID,
  FUSE_SETATTR_IN,
} from "./protocol.ts";

const S_IFREG = 0o100000;
const PERMISSIONS = 0o777;
const BLOCK = 4096;

/** The file's attributes. */
export class Attributes {
  readonly #size: number;
  #mode: number;
  #uid = 0;
  #gid = 0;

  /** @param size bytes @param mode permissions */
  constructor(size: number, mode: number) {
    this.#size = size;
    this.#mode = mode & PERMISSIONS;
  }

  /** Writes a `struct fuse_attr_out`. @param out zeroed @returns its bytes */
  write(out: Uint8Array): number {
    Object.assign(structView(FUSE_ATTR_OUT, out).attr, {
      ino: FUSE_ROOT_ID,
      size: this.#size,
      blocks: 0,
      mode: S_IFREG | this.#mode,
      nlink: 1,
      uid: this.#uid,
      gid: this.#gid,
      blksize: BLOCK,
    });
    return out.length;
  }

  /** Takes over what a `struct fuse_setattr_in` asks for; size and times stay, as a device's do. */
  change(body: Uint8Array): void {
    const asked = structView(FUSE_SETATTR_IN, body);
    if ((asked.valid & FATTR_MODE) !== 0) this.#mode = asked.mode & PERMISSIONS;
    if ((asked.valid & FATTR_UID) !== 0) this.#uid = asked.uid;
    if ((asked.valid & FATTR_GID) !== 0) this.#gid = asked.gid;
  }
}

/** Writes a `struct fuse_kstatfs`: no block is free. @param out zeroed @returns its bytes */
export function writeStatfs(out: Uint8Array): number {
  Object.assign(structView(FUSE_KSTATFS, out), { bsize: BLOCK, namelen: 255, frsize: BLOCK });
  return out.length;
}
