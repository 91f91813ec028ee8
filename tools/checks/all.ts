import { checkDirection } from "./direction.ts";
import { checkDocLint } from "./doc_lint.ts";
import { checkLinks, checkReadmes } from "./docs.ts";
import { checkExports } from "./exports.ts";
import { checkLayout } from "./layout.ts";
import type { Check } from "./problem.ts";
import { checkRestricted } from "./restricted.ts";

/** The repository's own checks, in the order in which `npm run ok` runs them. */
export const CHECKS: readonly { readonly name: string; readonly check: Check }[] = [
  { name: "direction", check: checkDirection },
  { name: "restricted", check: (root) => checkRestricted(root) },
  { name: "exports", check: checkExports },
  { name: "layout", check: checkLayout },
  { name: "readmes", check: checkReadmes },
  { name: "links", check: checkLinks },
  { name: "doc lint", check: checkDocLint },
];
