/**
 * C twins: the same loops with the same structures, compiled with `cc -O2` when a compiler is
 * there, and run in turn with ours. A ratio in one run says more than a figure.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCES = fileURLToPath(new URL("./twins/", import.meta.url));

/** The compiled twins of one run of the benchmark. */
export class Twins implements Disposable {
  readonly #folder: string | null;

  private constructor(folder: string | null) {
    this.#folder = folder;
  }

  /** Compiles all twins; without a compiler there are none. @throws when a twin does not compile */
  static compile(): Twins {
    if (spawnSync("cc", ["--version"]).error) return new Twins(null);
    const folder = mkdtempSync(join(tmpdir(), "netmap-twins-"));
    for (const file of readdirSync(SOURCES)) {
      if (!file.endsWith(".c")) continue;
      const program = join(folder, file.slice(0, -2));
      const cc = spawnSync("cc", ["-O2", "-o", program, join(SOURCES, file), "-lpthread"], {
        encoding: "utf8",
      });
      if (cc.status !== 0) throw new Error(`Cannot compile '${file}': ${cc.stderr}`);
    }
    return new Twins(folder);
  }

  /** Whether there is a compiler. */
  get available(): boolean {
    return this.#folder !== null;
  }

  /** Runs a twin. @returns its Mpps @throws when its own checks failed */
  mpps(program: string, args: readonly string[]): number {
    const twin = spawnSync(join(this.#folder ?? "", program), args, { encoding: "utf8" });
    const mpps = Number(twin.stdout.trim().split(" ")[1]);
    if (twin.status !== 0 || !(mpps > 0)) {
      throw new Error(`Cannot use twin '${program} ${args.join(" ")}': its checks failed`);
    }
    return mpps;
  }

  [Symbol.dispose](): void {
    if (this.#folder) rmSync(this.#folder, { recursive: true });
  }
}
