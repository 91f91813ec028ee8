// `npm run ok`: whether all is well. One line a check, what is wrong below it, status 1 if any failed.

import process from "node:process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CHECKS } from "./checks/all.ts";
import { formatProblem } from "./checks/problem.ts";
import { run } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";
import { programOf, QUIET_ENV } from "./lib/runtimes.ts";
import { paint, plain } from "./lib/terminal.ts";

const USAGE = `npm run ok -- [--no-tests] [--no-build] [NAME...]

Runs every check, or those named: fmt, lint, types-deno, types-tsc, build, direction, restricted, exports,
layout, readmes, links, doc-lint, tests.
`;

/** What one check came to. */
interface Outcome {
  readonly failed: boolean;
  readonly detail: string;
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

function program(name: string, command: string, args: readonly string[], keep = 60): Step {
  return {
    name,
    async run(): Promise<Outcome> {
      const ended = await run(command, args, { cwd: ROOT, env: QUIET_ENV, timeoutMs: 1_200_000 });
      const failed = ended.status !== 0;
      const lines = plain(ended.output).trimEnd().split("\n");
      return { failed, detail: failed ? lines.slice(-keep).join("\n") : "" };
    },
  };
}

function steps(): Step[] {
  const deno = programOf("deno");
  const bun = programOf("bun");
  const bin = (name: string): string => join(ROOT, "node_modules/.bin", name);
  const folders = ["packages", "apps", "bench", "tools"].filter((name) =>
    existsSync(join(ROOT, name))
  );
  return [
    {
      name: "fmt",
      async run(): Promise<Outcome> {
        const ended = await run(deno, ["fmt", "--check"], {
          cwd: ROOT,
          env: { ...QUIET_ENV, NO_COLOR: "1" },
        });
        if (ended.status === 0) return { failed: false, detail: "" };
        // The files' names say enough: the diffs are what `npm run fmt` does.
        const files = [...ended.output.matchAll(/^from (.*):$/gm)].map((match) => match[1]);
        const detail = files.length === 0
          ? ended.output
          : `${files.join("\n")}\nFormat them with 'npm run fmt'`;
        return { failed: true, detail };
      },
    },
    program("lint", deno, ["lint"]),
    program("types-deno", deno, ["check", ...folders]),
    program("types-tsc", bin("tsc"), ["-p", "tsconfig.json"]),
    program("build", bin("turbo"), ["run", "build", "--output-logs=errors-only"]),
    ...CHECKS.map(({ name, check }): Step => ({
      name: name.replace(" ", "-"),
      async run(): Promise<Outcome> {
        const problems = await check(ROOT);
        const failed = problems.some((problem) => !problem.warning);
        return { failed, detail: problems.map(formatProblem).join("\n") };
      },
    })),
    program("tests", bun, ["tools/test.ts"], 400),
  ];
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const names = args.filter((arg) => !arg.startsWith("-"));
  const all = steps();
  for (const name of names) {
    if (!all.some((step) => step.name === name)) {
      throw new Error(`Unknown check '${name}'\n\n${USAGE}`);
    }
  }
  let failures = 0;
  for (const step of all) {
    if (names.length > 0 && !names.includes(step.name)) continue;
    if (args.includes("--no-tests") && step.name === "tests") continue;
    if (args.includes("--no-build") && step.name === "build") continue;
    const begin = performance.now();
    const { failed, detail } = await step.run();
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(
      `${failed ? paint(31, "FAIL") : paint(32, "ok  ")} ${step.name.padEnd(12)} ${
        seconds.padStart(6)
      } s`,
    );
    if (detail !== "") console.log(detail.replace(/^/gm, "     "));
    if (failed) failures++;
  }
  console.log(
    failures === 0 ? "All is well" : `${failures} ${failures === 1 ? "check" : "checks"} failed`,
  );
  return failures === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
