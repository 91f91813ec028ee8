/**
 * The place where the device file appears: a regular file with a FUSE file system of one file over
 * it, and what an earlier daemon left there.
 *
 * A path is looked at in another thread and not for long: the answer may have to come from a file
 * system whose daemon hangs, or from this very isolate.
 *
 * @module
 */

import {
  check,
  cString,
  EBUSY,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOENT,
  EPERM,
  errno,
  failure,
  libc,
  NetmapError,
} from "@netmap/core";
import { unlinkSync } from "node:fs";
import { readFile, realpath, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const MS_NOSUID = 2;
const MS_NODEV = 4;
/** Ends the connection; the mount stays while somebody has it open. */
const MNT_FORCE = 1;
const MNT_DETACH = 2;
const S_IFREG = 0o100000;
/** A mount that does not answer for so long has a daemon that lives, in milliseconds. */
const PATIENCE_MS = 2000;
/** Mounts that lie over each other at one place. */
const MOUNTS_MAX = 64;
/** What the table of mounts calls ours. */
export const FUSE_TYPE = "fuse.netmap";

/** A place that is ready to be mounted over. */
export interface MountPoint {
  /** Its path, without symbolic links. */
  readonly path: string;
  /** The file was made for the purpose and goes with the mount. */
  readonly made: boolean;
  /** How many dead mounts were taken away. */
  readonly cleaned: number;
}

/**
 * Makes a place ready: takes away what a dead daemon left, and makes the file where there is none.
 *
 * @param path where the file is to be
 * @throws {NetmapError} EBUSY where it is served already, EEXIST where something else than a regular
 *   file is, ENOENT without its folder, EPERM
 */
export async function prepareMountPoint(path: string): Promise<MountPoint> {
  const folder = await realpath(dirname(path)).catch(() => {
    throw new NetmapError(
      ENOENT,
      `Cannot serve '${path}' as its folder does not exist: make it first`,
    );
  });
  const place = join(folder, basename(path));
  let cleaned = 0;
  for (;;) {
    const found = await look(place);
    if (found === "none") {
      await writeFile(place, "", { flag: "wx", mode: 0o600 });
      return { path: place, made: true, cleaned };
    }
    if (found === "file") {
      if ((await mountsAt(place)).length > 0) throw busy(path);
      // An empty file under a dead mount was made by the daemon that died.
      const made = cleaned > 0 && (await stat(place)).size === 0;
      return { path: place, made, cleaned };
    }
    if (found === "other") {
      throw new NetmapError(
        EEXIST,
        `Cannot serve '${path}' as something else than a regular file is there: take it away ` +
          "(a netmap module in the kernel has it at /dev/netmap), or give another path",
      );
    }
    if (found === "silent") throw busy(path);
    if (cleaned++ >= MOUNTS_MAX) throw busy(path);
    detach(place);
  }
}

function busy(path: string): NetmapError {
  return new NetmapError(
    EBUSY,
    `Cannot serve '${path}' as something is mounted there and its server lives: stop that first, ` +
      "or give another path",
  );
}

async function look(path: string): Promise<"none" | "file" | "other" | "dead" | "silent"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"silent">((resolve) => {
    timer = setTimeout(() => resolve("silent"), PATIENCE_MS);
  });
  const looked = stat(path).then(
    (found): "file" | "other" => found.isFile() ? "file" : "other",
    (error): "none" | "dead" => {
      const { code } = error as { code?: string };
      if (code === "ENOENT") return "none";
      // Deno knows this error by its number alone.
      if (code === "ENOTCONN" || /ENOTCONN|os error 107/.test(String(error))) return "dead";
      throw error;
    },
  );
  try {
    return await Promise.race([looked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** File systems that are mounted at exactly this path, as the table of mounts names their types. */
export async function mountsAt(path: string): Promise<string[]> {
  const types: string[] = [];
  for (const line of (await readFile("/proc/self/mountinfo", "utf8")).split("\n")) {
    const words = line.split(" ");
    const dash = words.indexOf("-");
    if (dash > 0 && unescapePath(words[4]) === path) types.push(words[dash + 1]);
  }
  return types;
}

/** Blanks and the like are octal in the table of mounts. */
function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}

/**
 * Mounts a FUSE file system whose root is a file.
 *
 * @param path where, a regular file
 * @param fd descriptor of `/dev/fuse`
 * @param mode permissions of the file
 * @throws {NetmapError} EPERM without CAP_SYS_ADMIN, ENODEV without FUSE in the kernel
 */
export function mountFuse(path: string, fd: number, mode: number): void {
  const { geteuid, mount } = libc();
  const options = [
    `fd=${fd}`,
    `rootmode=${(S_IFREG | mode).toString(8)}`,
    `user_id=${geteuid()}`,
    "group_id=0",
    "default_permissions",
    "allow_other",
  ].join(",");
  const flags = MS_NOSUID | MS_NODEV;
  const done = mount(
    cString("netmap"),
    cString(path),
    cString(FUSE_TYPE),
    flags,
    cString(options),
  );
  if (done === 0) return;
  const number = errno();
  if (number === EPERM) {
    throw new NetmapError(
      EPERM,
      `Cannot mount over '${path}' without CAP_SYS_ADMIN: run as root`,
    );
  }
  if (number === ENODEV || number === EINVAL) {
    throw new NetmapError(
      number,
      `Cannot mount over '${path}' as this kernel's FUSE refuses it: Linux 6.9 or later is needed, ` +
        "with FUSE and its passthrough",
    );
  }
  throw failure(number, `mount over '${path}'`);
}

/**
 * Takes a mount away, whoever still has its file open. Whoever waits for an answer is told that none
 * will come: a thread of this very process may be among them, and would keep it from ending.
 *
 * @throws {NetmapError} EPERM
 */
export function detach(path: string): void {
  const { umount2 } = libc();
  umount2(cString(path), MNT_FORCE);
  const done = umount2(cString(path), MNT_DETACH);
  if (done === 0) return;
  const number = errno();
  // Somebody was faster.
  if (number === EINVAL || number === ENOENT) return;
  check(done, `unmount '${path}'`);
}

/** Takes away the file that was made for a mount. */
export function removeMountPoint({ path, made }: MountPoint): void {
  if (!made) return;
  try {
    unlinkSync(path);
  } catch {
    // Gone, or mounted over by somebody else.
  }
}
