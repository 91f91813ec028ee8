/**
 * Numbers for people.
 *
 * @module
 */

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/**
 * A number with three digits and a prefix.
 *
 * @param value not negative
 * @param unit put behind the prefix
 * @returns `0`, `950`, `1.23 M`, `45.6 k`, `9.87 Gbit/s`
 */
export function short(value: number, unit: string = ""): string {
  let scaled = value;
  let power = 0;
  // 999.5 would be rounded up to four digits.
  while (scaled >= 999.5 && power < PREFIXES.length - 1) {
    scaled /= 1000;
    power++;
  }
  const digits = power === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${PREFIXES[power]}${unit}`.trimEnd();
}

/**
 * A whole number with its thousands apart.
 *
 * @param value not negative
 * @returns `1,234,567`
 */
export function whole(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * A number and what it counts.
 *
 * @param count how many
 * @param noun one of them
 * @param nouns several of them; `noun` with an `s` when left out
 * @returns `1 frame`, `2,000 frames`
 */
export function plural(count: number, noun: string, nouns: string = `${noun}s`): string {
  return `${whole(count)} ${count === 1 ? noun : nouns}`;
}
