/**
 * One kind of object of a memory region: netmap_if, netmap_ring or packet buffer.
 *
 * A bitmap says which objects are taken, so that giving one back twice, or one that was never
 * taken, is noticed: a list that a user wrote may say anything.
 *
 * @module
 */

/** Which pool of a region. */
export type PoolName = "if" | "ring" | "buf";

/** Objects of one size in a row. */
export class Pool {
  /** Objects that are free now. */
  free: number;
  /** Which pool. */
  readonly name: PoolName;
  /** Byte in the region at which object 0 begins. */
  readonly offset: number;
  /** Bytes an object. */
  readonly objectSize: number;
  /** Number of objects. */
  readonly total: number;
  /** How many of the first are never handed out. */
  readonly reserved: number;
  #hint = 0;
  readonly #taken: Int32Array;

  /**
   * An empty pool.
   *
   * @param name which pool
   * @param offset byte in the region at which object 0 begins
   * @param objectSize bytes an object
   * @param total number of objects
   * @param reserved how many of the first are never handed out (buffers 0 and 1)
   */
  constructor(
    name: PoolName,
    offset: number,
    objectSize: number,
    total: number,
    reserved: number,
  ) {
    this.name = name;
    this.offset = offset;
    this.objectSize = objectSize;
    this.total = total;
    this.reserved = reserved;
    this.free = total - reserved;
    this.#taken = new Int32Array((total + 31) >> 5);
    for (let i = 0; i < reserved; i++) this.#taken[i >> 5] |= 1 << (i & 31);
    this.#hint = 0;
  }

  /** Takes the lowest free object after the last one taken. @returns its index, -1 when none is free */
  alloc(): number {
    if (this.free === 0) return -1;
    const words = this.#taken.length;
    for (let n = 0; n <= words; n++) {
      const w = (this.#hint + n) % words;
      const open = ~this.#taken[w];
      if (open === 0) continue;
      const bit = 31 - Math.clz32(open & -open);
      const index = (w << 5) + bit;
      if (index >= this.total) continue;
      this.#taken[w] |= 1 << bit;
      this.#hint = w;
      this.free--;
      return index;
    }
    return -1;
  }

  /** Whether an object is taken (reserved ones are not). */
  isTaken(index: number): boolean {
    return Number.isInteger(index) && index >= this.reserved && index < this.total &&
      (this.#taken[index >> 5] & (1 << (index & 31))) !== 0;
  }

  /** Gives an object back. @returns false, and does nothing, when it was not taken */
  release(index: number): boolean {
    if (!this.isTaken(index)) return false;
    this.#taken[index >> 5] &= ~(1 << (index & 31));
    this.free++;
    if ((index >> 5) < this.#hint) this.#hint = index >> 5;
    return true;
  }

  /** Byte in the region at which an object begins. */
  at(index: number): number {
    return this.offset + index * this.objectSize;
  }

  /** Index of the object that begins at a byte of the region. */
  indexAt(offset: number): number {
    return (offset - this.offset) / this.objectSize;
  }
}
