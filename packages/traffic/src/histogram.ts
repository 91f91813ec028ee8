/**
 * How often which value occurred, for latencies: buckets that are narrow for small values and wide for
 * large ones, each at most 1/64 of its value wide.
 *
 * ```
 *   0 1 2 ... 63 | 64 65 ... 127 | 128 130 ... 254 | 256 260 ... 508 | ...      64 buckets an octave
 * ```
 *
 * Of our own as packages here depend on nothing outside; recording is a shift and an increment, and
 * allocates nothing.
 *
 * @module
 */

const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
/** Values up to 2^31: 2 s in nanoseconds. */
const OCTAVES = 31 - SUB_BITS + 1;
const LARGEST = 0x7fffffff;

/** A histogram of whole numbers from 0 to 2^31 - 1; larger ones count as the largest. */
export class Histogram {
  /** How many values. */
  count = 0;
  /** The smallest; 0 without any. */
  min = 0;
  /** The largest. */
  max = 0;
  /** Sum of the values. */
  sum = 0;
  readonly #counts: Uint32Array = new Uint32Array(SUB * (OCTAVES + 1));

  /** One value more. @param value not negative; rounded down */
  record(value: number): void {
    const v = value >= LARGEST ? LARGEST : value | 0;
    this.#counts[bucketOf(v)]++;
    this.min = this.count === 0 || v < this.min ? v : this.min;
    if (v > this.max) this.max = v;
    this.sum += v;
    this.count++;
  }

  /** The mean; 0 without values. */
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  /**
   * The value that a share of all values does not exceed.
   *
   * @param share 0 to 1: 0.5 for the median, 0.9999
   * @returns the upper end of its bucket, at most `max`; 0 without values
   */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket];
      if (seen >= wanted) return Math.min(this.max, bucketStart(bucket + 1) - 1);
    }
    return this.max;
  }

  /**
   * Counts in few ranges, for drawing.
   *
   * @param rows ranges at most
   * @returns ranges that cover the values, lower end included, upper one not; as wide as each other by
   * ratio
   */
  ranges(rows: number): { readonly from: number; readonly to: number; readonly count: number }[] {
    if (this.count === 0) return [];
    const first = bucketOf(this.min);
    const last = bucketOf(this.max);
    const width = Math.ceil((last - first + 1) / rows);
    const found = [];
    for (let bucket = first; bucket <= last; bucket += width) {
      let count = 0;
      for (let b = bucket; b < bucket + width; b++) count += this.#counts[b] ?? 0;
      found.push({ from: bucketStart(bucket), to: bucketStart(bucket + width), count });
    }
    return found;
  }
}

/** The bucket of a value. */
function bucketOf(value: number): number {
  const octave = 31 - SUB_BITS - Math.clz32(value | SUB - 1) + 1;
  // Octave 0 has the values below SUB as they are.
  return octave <= 0 ? value : (octave << SUB_BITS) + (value >>> octave - 1) - SUB;
}

/** The least value of a bucket. */
function bucketStart(bucket: number): number {
  const octave = bucket >>> SUB_BITS;
  return octave === 0 ? bucket : ((bucket & SUB - 1) + SUB) * 2 ** (octave - 1);
}
