import { runtimePath } from "../launch.mjs";

/** A runtime that the project supports. */
export type RuntimeName = "bun" | "deno";

/** Both, in the order in which things run on them. */
export const RUNTIMES: readonly RuntimeName[] = ["bun", "deno"];

/** Path of the runtime's program. Throws an Error that says what to do when there is none. */
export function programOf(runtime: RuntimeName): string {
  return runtimePath(runtime);
}

/** Environment in which the runtimes and turbo stay quiet and do not phone home. */
export const QUIET_ENV: Readonly<Record<string, string>> = {
  DENO_NO_UPDATE_CHECK: "1",
  DO_NOT_TRACK: "1",
  NO_UPDATE_NOTIFIER: "1",
  TURBO_TELEMETRY_DISABLED: "1",
};

/** Reads `--runtime bun|deno` out of `args`; returns the runtimes to use and the other arguments. */
export function takeRuntimes(
  args: readonly string[],
): { runtimes: readonly RuntimeName[]; rest: string[] } {
  const rest: string[] = [];
  let runtimes = RUNTIMES;
  for (let i = 0; i < args.length; i++) {
    const match = /^--runtime(?:=(.*))?$/.exec(args[i]!);
    if (match === null) {
      rest.push(args[i]!);
      continue;
    }
    const value = match[1] ?? args[++i];
    if (value !== "bun" && value !== "deno") {
      throw new Error(`Cannot run on '${value ?? ""}': '--runtime' takes 'bun' or 'deno'`);
    }
    runtimes = [value];
  }
  return { runtimes, rest };
}
