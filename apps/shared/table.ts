/**
 * A table of text, its columns as wide as what stands in them.
 *
 * @module
 */

/** A column. */
export interface Column {
  /** What stands above it. */
  readonly title: string;
  /** Words on the left, numbers on the right; right when left out. */
  readonly align?: "left" | "right";
  /** Characters that it has at least, so that a table that is drawn again does not jump. */
  readonly width?: number;
}

const GAP = "   ";

/**
 * Lays a table out.
 *
 * @param columns left to right
 * @param rows a text for each column
 * @returns the line of titles and one line a row
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const widths = columns.map(({ title, width = 0 }, c) =>
    Math.max(width, title.length, ...rows.map((row) => row[c].length))
  );
  return [columns.map(({ title }) => title), ...rows].map((row) =>
    row.map((cell, c) =>
      columns[c].align === "left" ? cell.padEnd(widths[c]) : cell.padStart(widths[c])
    ).join(GAP).trimEnd()
  );
}
