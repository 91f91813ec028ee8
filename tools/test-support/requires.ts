import { it } from "@std/testing/bdd";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { packageOf } from "./programs.ts";

/** What a test needs from the machine. */
export interface Needs {
  /** The test must run as root. */
  readonly root?: boolean;
  /** Programs that must be on PATH (or in /sbin and /usr/sbin). */
  readonly programs?: readonly string[];
  /** Files that must exist, and be readable and writable if they are devices: `/dev/net/tun`. */
  readonly files?: readonly string[];
}

/**
 * Tells whether the machine has what a test needs.
 *
 * @param needs What the test needs.
 * @returns `skip` is false when all is there, else the reason as a sentence for the list of skipped tests.
 */
export function requires(needs: Needs): { skip: false | string } {
  const reasons: string[] = [];
  if (needs.root === true && process.getuid?.() !== 0) reasons.push("needs root: run it with sudo");
  for (const program of needs.programs ?? []) {
    if (!hasProgram(program)) {
      reasons.push(`needs the program '${program}': apt-get install ${packageOf(program)}`);
    }
  }
  for (const file of needs.files ?? []) {
    const problem = fileProblem(file);
    if (problem !== "") reasons.push(problem);
  }
  return { skip: reasons.length === 0 ? false : reasons.join("; ") };
}

/**
 * Registers a test that runs only where the machine has what it needs; elsewhere it is listed as skipped
 * with the reason in its name after ` # SKIP `, or fails when the environment has `NETMAP_NO_SKIP=1`.
 *
 * @param needs What the test needs.
 * @param name The test's name.
 * @param fn The test.
 */
export function itRequires(needs: Needs, name: string, fn: () => void | Promise<void>): void {
  const { skip } = requires(needs);
  if (skip === false) return it(name, fn);
  if (process.env.NETMAP_NO_SKIP === "1") {
    return it(name, () => {
      throw new Error(`Cannot run the test as NETMAP_NO_SKIP=1 forbids to skip it: ${skip}`);
    });
  }
  it.skip(`${name} # SKIP ${skip}`, fn);
}

function hasProgram(program: string): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter).concat("/usr/sbin", "/sbin");
  return folders.some((folder) => {
    if (folder === "") return false;
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

function fileProblem(file: string): string {
  if (!existsSync(file)) return `needs the file '${file}', which this machine does not have`;
  const device = statSync(file).isCharacterDevice();
  try {
    accessSync(file, device ? constants.R_OK | constants.W_OK : constants.R_OK);
    return "";
  } catch {
    return `needs the file '${file}', which this user may not open: run it with sudo`;
  }
}
