import { type Token, tokenize } from "./tokens.ts";

/** One import, re-export or `import()` of a file. */
export interface Import {
  /** What is imported, as written; "" for an `import()` of a computed name. */
  readonly specifier: string;
  /** Only types come over, so nothing is loaded. */
  readonly typeOnly: boolean;
  /** `import(...)`. */
  readonly dynamic: boolean;
  readonly line: number;
}

/** Lists what `source` imports. */
export function importsOf(source: string): Import[] {
  const tokens = tokenize(source);
  const found: Import[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const next = tokens[i + 1];
    if (token.kind !== "name" || next === undefined || tokens[i - 1]?.text === ".") continue;
    if (token.text === "import" && next.kind === "string") {
      found.push({ specifier: next.text, typeOnly: false, dynamic: false, line: token.line });
    } else if (token.text === "import" && next.kind === "sign" && next.text === "(") {
      const name = tokens[i + 2];
      const literal = name?.kind === "string" && [")", ","].includes(tokens[i + 3]?.text ?? "");
      found.push({
        specifier: literal ? name.text : "",
        typeOnly: false,
        dynamic: true,
        line: token.line,
      });
    } else if (token.text === "from" && next.kind === "string") {
      found.push({
        specifier: next.text,
        typeOnly: isTypeOnly(tokens, i),
        dynamic: false,
        line: next.line,
      });
    }
  }
  return found;
}

/** Whether the clause that ends in the `from` at `end` brings types alone. */
function isTypeOnly(tokens: readonly Token[], end: number): boolean {
  let start = end - 1;
  while (start >= 0 && tokens[start]!.text !== "import" && tokens[start]!.text !== "export") {
    start--;
  }
  const clause = tokens.slice(start + 1, end);
  if (clause[0]?.text === "type" && clause.length > 1 && clause[1]!.text !== ",") return true;
  if (clause[0]?.text !== "{") return false;
  const names = splitNames(clause.slice(1, -1));
  return names.length > 0 && names.every((name) => name.length > 1 && name[0]!.text === "type");
}

function splitNames(tokens: readonly Token[]): Token[][] {
  const names: Token[][] = [[]];
  for (const token of tokens) {
    if (token.text === ",") names.push([]);
    else names.at(-1)!.push(token);
  }
  return names.filter((name) => name.length > 0);
}
