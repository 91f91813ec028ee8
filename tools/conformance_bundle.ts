// `npm run conformance:bundle [FILE]`: the conformance suite as one JavaScript file, conformance.js by default,
// which imports nothing but what the runtime brings. Copy it to any machine with Bun or Deno:
//
//   bun conformance.js --device kernel
//   deno run -A conformance.js --device kernel

import { writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { ROOT } from "./lib/root.ts";

/** What is used of Bun's bundler. */
interface Bundler {
  build(options: Record<string, unknown>): Promise<
    { success: boolean; logs: unknown[]; outputs: { text(): Promise<string> }[] }
  >;
}

/**
 * Bundles the suite.
 *
 * @returns the file's text
 */
export async function bundleConformance(): Promise<string> {
  const { Bun } = globalThis as unknown as { Bun: Bundler };
  const built = await Bun.build({
    entrypoints: [join(ROOT, "tools/conformance.ts")],
    // Not "bun": what it writes for Bun no other runtime reads.
    target: "node",
    format: "esm",
    external: ["bun:ffi"],
    banner:
      "// The conformance suite of netmap for Bun and Deno, made by 'npm run conformance:bundle'.",
  });
  if (!built.success) throw new Error(`Cannot bundle the suite:\n${built.logs.join("\n")}`);
  const text = await built.outputs[0]!.text();
  const foreign = foreignImports(text);
  if (foreign.length > 0) throw new Error(`The bundle imports ${foreign.join(", ")}`);
  return text;
}

/** What a module imports that its runtime does not bring. */
export function foreignImports(text: string): string[] {
  const found: string[] = [];
  for (
    const match of text.matchAll(/^\s*(?:import|export)\b[^"'`;()]*?from\s*["']([^"']+)["']/gm)
  ) {
    found.push(match[1]!);
  }
  for (const match of text.matchAll(/\b(?:import|require)\(\s*["']([^"']+)["']\s*\)/g)) {
    found.push(match[1]!);
  }
  return found.filter((name) => !/^(node|bun):/.test(name));
}

if (import.meta.main) {
  const name = process.argv[2] ?? "conformance.js";
  const path = isAbsolute(name) ? name : join(process.env.INIT_CWD ?? process.cwd(), name);
  const text = await bundleConformance();
  writeFileSync(path, text);
  console.log(`${path}: ${Math.ceil(text.length / 1024)} KB`);
}
