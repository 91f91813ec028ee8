/**
 * Lines on a terminal that are drawn again in their place. The escape sequences are four, so they
 * are written out here (ECMA-48); colour comes from the runtime's own `node:util`.
 *
 * @module
 */

import { styleText } from "node:util";

/** How a line looks. */
export type LineStyle = "plain" | "bold" | "dim" | "red" | "green";

/** A line: its text, or text and style. */
export type Line = string | readonly [text: string, style: LineStyle];

/** What is needed of `process.stdout`. */
export interface TerminalStream {
  /** True on a terminal. */
  readonly isTTY?: boolean;
  /** Characters in a line. */
  readonly columns?: number;
  /** Lines. */
  readonly rows?: number;
  /** Writes. */
  write(text: string): unknown;
}

/**
 * Whether to use colour: on a terminal, unless `NO_COLOR` is set and not empty (no-color.org) or the
 * terminal is a dumb one.
 *
 * @param stream where it goes
 * @param env the environment
 */
export function usesColor(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** A place on a terminal that shows some lines, and later others. */
export class LiveText {
  readonly #stream: TerminalStream;
  readonly #color: boolean;
  #drawn = 0;

  /**
   * @param stream a terminal
   * @param color whether lines keep their style
   */
  constructor(stream: TerminalStream, color: boolean) {
    this.#stream = stream;
    this.#color = color;
  }

  /**
   * Shows lines in the place of those shown before. Lines are cut at the terminal's edge, because
   * one that wraps would be two to go back over.
   *
   * @param lines what to show; as many as fit on the terminal
   */
  draw(lines: readonly Line[]): void {
    const { columns = 80, rows = 24 } = this.#stream;
    const shown = lines.slice(0, Math.max(1, rows - 1));
    const back = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A\r`;
    // Erasing behind each line, not the screen before all, is what keeps it from flickering.
    const text = shown.map((line) => `${this.#paint(line, columns - 1)}\x1b[K\n`).join("");
    this.#stream.write(`${back}${text}\x1b[J`);
    this.#drawn = shown.length;
  }

  /**
   * Takes the lines away and writes others for good.
   *
   * @param lines not cut
   */
  finish(lines: readonly Line[]): void {
    const back = this.#drawn === 0 ? "" : `\x1b[${this.#drawn}A\r\x1b[J`;
    this.#stream.write(back + lines.map((line) => `${this.#paint(line, Infinity)}\n`).join(""));
    this.#drawn = 0;
  }

  #paint(line: Line, width: number): string {
    const [text, style] = typeof line === "string" ? [line, "plain"] as const : line;
    const cut = text.length > width ? text.slice(0, width) : text;
    if (!this.#color || style === "plain" || cut === "") return cut;
    // The stream was asked already: by `usesColor`.
    return styleText(style, cut, { validateStream: false });
  }
}
