import process from "node:process";

/** Whether our output may have colours: it goes to a terminal and NO_COLOR does not forbid it. */
export const COLORS: boolean = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

/** `text` in the colour of an SGR code, where colours may be. */
export function paint(code: number, text: string): string {
  return COLORS ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** A program's output without its colours, where there may be none. */
export function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return COLORS ? text : text.replace(/\x1b\[[0-9;]*m/g, "");
}
