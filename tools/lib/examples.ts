// Finds the examples in README files and docstrings, so that they can be run: an example that does not
// run is worse than none.
//
//   ```ts run      in a README: the block is a whole program; it must end by itself with status 0
//   @example       in a docstring: its ```ts block is run when it imports from one of our packages

/** One example. */
export interface Example {
  /** Line of the block's first line in its file, from 1. */
  readonly line: number;
  /** What stands after the three backticks: `ts run`. */
  readonly info: string;
  readonly code: string;
}

/** Lists the fenced blocks of a Markdown text. */
export function markdownBlocks(text: string): Example[] {
  const blocks: Example[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const open = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(lines[i]!);
    if (open === null) continue;
    const [, indent, fence, info] = open;
    const code: string[] = [];
    const line = i + 2;
    for (i++; i < lines.length && lines[i]!.trim() !== fence; i++) {
      code.push(lines[i]!.startsWith(indent!) ? lines[i]!.slice(indent!.length) : lines[i]!);
    }
    blocks.push({ line, info: info!.trim(), code: code.join("\n") + "\n" });
  }
  return blocks;
}

/** Lists the runnable examples of a README: the blocks whose fence says `ts run`. */
export function readmeExamples(text: string): Example[] {
  return markdownBlocks(text).filter((block) => /^(ts|typescript)\s+run\b/.test(block.info));
}

/**
 * Lists the whole programs among the `@example` blocks of a source file's docstrings. A fence that says
 * `ts ignore` is for reading alone: it needs a privilege, or does not end.
 */
export function docExamples(source: string): Example[] {
  const found: Example[] = [];
  for (const match of source.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)) {
    const before = source.slice(0, match.index).split("\n").length - 1;
    const text = match[0].replace(/^[ \t]*\/\*\*/, "").replace(/\*\/$/, "").replace(
      /^[ \t]*\* ?/gm,
      "",
    );
    const at = text.indexOf("@example");
    if (at < 0) continue;
    const skipped = text.slice(0, at).split("\n").length - 1;
    for (const block of markdownBlocks(text.slice(at))) {
      if (!/^(ts|typescript)\b/.test(block.info) || /\bignore\b/.test(block.info)) continue;
      if (!/\bfrom "@netmap\//.test(block.code)) continue;
      found.push({ ...block, line: block.line + before + skipped });
    }
  }
  return found;
}
