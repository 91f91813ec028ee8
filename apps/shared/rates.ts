/**
 * How fast counters go up.
 *
 * @module
 */

/** Rates of counters between two looks at them. */
export class RateMeter<K extends string> {
  readonly #keys: readonly K[];
  readonly #before: Map<string, Readonly<Record<K, number>>> = new Map();
  #at: number;

  /**
   * @param keys the counters
   * @param now milliseconds of `performance.now()`
   */
  constructor(keys: readonly K[], now: number) {
    this.#keys = keys;
    this.#at = now;
  }

  /**
   * Looks at the counters.
   *
   * @param rows counters by the name of what they are of, as they are now; they have begun at 0
   * @param now milliseconds of `performance.now()`
   * @returns for each row, how much each counter went up a second since the last look
   */
  measure(
    rows: readonly (Readonly<Record<K, number>> & { readonly name: string })[],
    now: number,
  ): Record<K, number>[] {
    const seconds = Math.max(now - this.#at, 1) / 1000;
    this.#at = now;
    return rows.map((row) => {
      const before = this.#before.get(row.name);
      this.#before.set(row.name, row);
      const rates = this.#keys.map((key) => [key, (row[key] - (before?.[key] ?? 0)) / seconds]);
      return Object.fromEntries(rates) as Record<K, number>;
    });
  }
}
