// Dangerous and slow names stand only in the folders made for them. The table below is the whole truth:
// a name, why it is kept in, and where it may be with the reason.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isTestFile, listPackages } from "./packages.ts";
import type { Problem } from "./problem.ts";
import { type Token, tokenize } from "./tokens.ts";

interface Rule {
  /** Name in the message. */
  readonly name: string;
  readonly why: string;
  /** Whether the token at `i` is the restricted thing. */
  readonly matches: (tokens: readonly Token[], i: number) => boolean;
  /** Files (a prefix of their path) where it may stand, and why. */
  readonly allowed: readonly { readonly path: string; readonly why: string }[];
  /** Test files and benches may use it. */
  readonly testsToo: boolean;
}

const isName = (text: string) => (tokens: readonly Token[], i: number): boolean =>
  tokens[i]!.kind === "name" && tokens[i]!.text === text;

const FFI_HOME = {
  path: "packages/core/src/runtime/",
  why: "the FFI table and its Bun and Deno forms",
};

/** The rules. Add a folder here only with its reason. */
export const RULES: readonly Rule[] = [
  {
    name: "bun:ffi",
    why: "native calls have one home",
    matches: (tokens, i) => tokens[i]!.kind === "string" && tokens[i]!.text === "bun:ffi",
    allowed: [FFI_HOME],
    testsToo: false,
  },
  {
    name: "dlopen",
    why: "native calls have one home",
    matches: isName("dlopen"),
    allowed: [FFI_HOME],
    testsToo: false,
  },
  {
    name: "Unsafe pointers",
    why: "raw pointers have one home",
    matches: (tokens, i) =>
      tokens[i]!.kind === "name" && /^Unsafe(Pointer|Callback|FnPointer)/.test(tokens[i]!.text),
    allowed: [FFI_HOME],
    testsToo: false,
  },
  {
    name: "new Function",
    why: "generated code has one home",
    matches: (tokens, i) =>
      isName("Function")(tokens, i) &&
      (isName("new")(tokens, Math.max(i - 1, 0)) || tokens[i + 1]?.text === "("),
    allowed: [FFI_HOME],
    testsToo: false,
  },
  {
    name: "eval",
    why: "generated code has one home",
    matches: (tokens, i) => isName("eval")(tokens, i) && tokens[i + 1]?.text === "(",
    allowed: [],
    testsToo: false,
  },
  {
    name: "Float64Array",
    why: "it changes NaN bit patterns, depending on the JIT tier",
    matches: isName("Float64Array"),
    allowed: [
      {
        path: "packages/engine/src/state/",
        why: "counters of the state image, exact up to 2^53, never packets",
      },
    ],
    testsToo: true,
  },
  {
    name: "BigUint64Array",
    why: "it is 27 times slower than two 32-bit words in Bun",
    matches: isName("BigUint64Array"),
    allowed: [
      {
        path: "packages/core/src/runtime/",
        why: "addresses and sizes of single system calls, never packets",
      },
    ],
    testsToo: true,
  },
  {
    name: "BigInt64Array",
    why: "it is 27 times slower than two 32-bit words in Bun",
    matches: isName("BigInt64Array"),
    allowed: [
      {
        path: "packages/core/src/runtime/",
        why: "addresses and sizes of single system calls, never packets",
      },
    ],
    testsToo: true,
  },
  {
    name: "DataView",
    why: "the data path reads typed arrays",
    matches: isName("DataView"),
    allowed: [
      { path: "packages/core/src/abi/", why: "typed views of control requests, one a call" },
      { path: "packages/core/src/runtime/", why: "arguments of single system calls" },
      { path: "packages/engine/src/control/", why: "control requests, one a call" },
      {
        path: "packages/nic/src/internal/netlink.ts",
        why: "the kernel's messages about interfaces, one a call",
      },
      { path: "packages/nic/src/af_packet/socket.ts", why: "addresses and options, once a socket" },
      { path: "packages/nic/src/internal/ethtool.ts", why: "an interface's settings, one a call" },
      { path: "packages/daemon/src/internal/", why: "control messages, one a request" },
    ],
    testsToo: true,
  },
];

/** Checks every package of the tree against the table. */
export function checkRestricted(root: string, rules: readonly Rule[] = RULES): Problem[] {
  const problems: Problem[] = [];
  for (const pack of listPackages(root)) {
    for (const path of pack.files) {
      const tokens = tokenize(readFileSync(join(root, path), "utf8"));
      for (const rule of rules) {
        if (rule.testsToo && isTestFile(path)) continue;
        if (rule.allowed.some((place) => path.startsWith(place.path))) continue;
        const seen = new Set<number>();
        tokens.forEach((token, i) => {
          if (!rule.matches(tokens, i) || seen.has(token.line)) return;
          seen.add(token.line);
          const places = rule.allowed.map((place) => place.path).join(", ");
          problems.push({
            where: `${path}:${token.line}`,
            message: `'${rule.name}' may not stand here as ${rule.why}` +
              (places === "" ? "" : `: only in ${places}`),
          });
        });
      }
    }
  }
  return problems;
}
