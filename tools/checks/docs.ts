// Every package explains itself: a README with an example that runs; every relative link leads somewhere.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { readmeExamples } from "../lib/examples.ts";
import { listFiles } from "../lib/files.ts";
import { listPackages } from "./packages.ts";
import type { Problem } from "./problem.ts";

/** Checks that each package has a README with a runnable example. */
export function checkReadmes(root: string): Problem[] {
  const problems: Problem[] = [];
  for (const pack of listPackages(root)) {
    const where = `${pack.folder}/README.md`;
    if (!existsSync(join(root, where))) {
      problems.push({
        where,
        message: "The file is missing: what it is, one diagram, the smallest example",
      });
      continue;
    }
    const text = readFileSync(join(root, where), "utf8");
    // An application's example is its command line, which pack:check runs.
    if (pack.npm.bin === undefined && readmeExamples(text).length === 0) {
      problems.push({
        where,
        message: "There is no runnable example: mark a block with '```ts run'",
      });
    }
  }
  return problems;
}

/** Checks that the relative links of every Markdown file lead to a file, and to a heading where they name one. */
export function checkLinks(root: string): Problem[] {
  const problems: Problem[] = [];
  for (const path of listFiles(root, (name) => name.endsWith(".md"))) {
    const text = withoutCode(readFileSync(join(root, path), "utf8"));
    text.split("\n").forEach((line, i) => {
      for (
        const match of line.matchAll(/\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/g)
      ) {
        const link = match[1] ?? match[2]!;
        const message = problemWith(root, path, link);
        if (message !== "") problems.push({ where: `${path}:${i + 1}`, message });
      }
    });
  }
  return problems;
}

function problemWith(root: string, path: string, link: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link) || link.startsWith("//")) return "";
  const [file, anchor] = link.split("#", 2) as [string, string | undefined];
  const target = file === "" ? path : posix.join(posix.dirname(path), decodeURI(file));
  if (file.startsWith("/")) return `Link '${link}' starts at the disk's root: make it relative`;
  if (!existsSync(join(root, target))) {
    return `Link '${link}' leads nowhere: there is no '${target}'`;
  }
  if (anchor === undefined || !target.endsWith(".md") || !statSync(join(root, target)).isFile()) {
    return "";
  }
  const headings = withoutBlocks(readFileSync(join(root, target), "utf8")).split("\n")
    .filter((line) => /^#{1,6} /.test(line)).map(slugOf);
  return headings.includes(decodeURIComponent(anchor))
    ? ""
    : `Link '${link}': '${target}' has no such heading`;
}

/** The name that GitHub gives a heading. */
function slugOf(heading: string): string {
  return heading.replace(/^#+\s+/, "").trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

/** `text` with code emptied, so that `a[i](x)` in it is no link; the lines stay. */
function withoutCode(text: string): string {
  return withoutBlocks(text).replace(/`[^`\n]*`/g, "");
}

function withoutBlocks(text: string): string {
  return text.replace(
    /^(\s*)(```|~~~)[\s\S]*?^\s*\2\s*$/gm,
    (block) => block.replace(/[^\n]/g, ""),
  );
}
