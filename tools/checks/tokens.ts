// Cuts TypeScript into tokens, far enough to find imports and names that are code and not comment or text.
//
// A regular expression starts where a value may: after an operator, not after a name, a number or a closing
// bracket. That is right for all but `) /x/` (after `if (...)`), which our formatter's style does not write.

/** One token: a name (keywords too), a string with its content, a template's text, a number, a regex or a sign. */
export interface Token {
  readonly kind: "name" | "string" | "template" | "number" | "regex" | "sign";
  /** The text; of a string its content. */
  readonly text: string;
  /** Line, from 1. */
  readonly line: number;
}

const NAME_START = /[\p{ID_Start}$_#]/u;
const NAME = /[\p{ID_Continue}$\u200c\u200d#]/u;
/** Keywords after which a slash opens a regular expression. */
const BEFORE_VALUE = new Set(
  "return typeof instanceof in of new delete void throw case do else yield await".split(" "),
);

/** Cuts `source` into tokens; comments and white space are left out. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** For each open `{`: whether it is a template's `${`. */
  const braces: boolean[] = [];
  let at = 0;
  let line = 1;
  const push = (kind: Token["kind"], text: string, start = line): void => {
    tokens.push({ kind, text, line: start });
  };
  const valueMayStart = (): boolean => {
    const last = tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === "sign") return last.text !== ")" && last.text !== "]" && last.text !== "}";
    return last.kind === "name" && BEFORE_VALUE.has(last.text);
  };
  const countLines = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (source[i] === "\n") line++;
  };
  const skipTo = (end: number): string => {
    const text = source.slice(at, end);
    countLines(at, end);
    at = end;
    return text;
  };
  /** Reads a template's text from `at` up to its end or its next `${`. */
  const template = (): void => {
    const start = line;
    let end = at;
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end)) {
      end += source[end] === "\\" ? 2 : 1;
    }
    push("template", skipTo(Math.min(end, source.length)), start);
    if (source[at] === "`") at++;
    else if (at < source.length) {
      at += 2;
      braces.push(true);
    }
  };

  if (source.startsWith("#!")) skipTo(endOfLine(source, 0));
  while (at < source.length) {
    const c = source[at]!;
    if (/\s/.test(c)) skipTo(at + 1);
    else if (source.startsWith("//", at)) skipTo(endOfLine(source, at));
    else if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at + 2);
      skipTo(end < 0 ? source.length : end + 2);
    } else if (c === '"' || c === "'") {
      const start = line;
      let end = at + 1;
      while (end < source.length && source[end] !== c && source[end] !== "\n") {
        end += source[end] === "\\" ? 2 : 1;
      }
      push("string", skipTo(end).slice(1), start);
      at++;
    } else if (c === "`") {
      at++;
      template();
    } else if (c === "}" && braces.pop() === true) {
      at++;
      template();
    } else if (NAME_START.test(c)) {
      let end = at + 1;
      while (end < source.length && NAME.test(source[end]!)) end++;
      push("name", skipTo(end));
    } else if (/\d/.test(c)) {
      let end = at + 1;
      while (end < source.length && /[\w.]/.test(source[end]!)) end++;
      push("number", skipTo(end));
    } else if (c === "/" && valueMayStart()) push("regex", skipTo(endOfRegex(source, at)));
    else {
      if (c === "{") braces.push(false);
      push("sign", skipTo(at + 1));
    }
  }
  return tokens;
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}

function endOfRegex(source: string, from: number): number {
  let inClass = false;
  for (let i = from + 1; i < source.length; i++) {
    const c = source[i];
    if (c === "\n") return from + 1;
    if (c === "\\") i++;
    else if (c === "[") inClass = true;
    else if (c === "]") inClass = false;
    else if (c === "/" && !inClass) {
      i++;
      while (i < source.length && /[a-z]/.test(source[i]!)) i++;
      return i;
    }
  }
  return source.length;
}
