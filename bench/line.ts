/**
 * What a line of the benchmark is. Packages describe theirs in `packages/X/bench/X_bench.ts`; the
 * harness runs them.
 *
 * @module
 */

/** One line of the table. */
export interface BenchLine {
  /** `vale/copy/60`. */
  readonly name: string;
  /** Bytes of a frame. */
  readonly bytesPerPacket: number;
  /** The least that it should reach, in Mpps; absent where none was set. */
  readonly target?: number;
  /** Program in `bench/twins/` and its arguments before the number of packets and after it. */
  readonly twin?: { readonly program: string; readonly before: string[]; readonly after: string[] };
  /**
   * Makes the ports. Called once; the runs that follow reuse them.
   *
   * @returns a run and its clean-up
   */
  open(): BenchRun;
}

/** A line that is set up. */
export interface BenchRun {
  /**
   * Moves at least so many packets, checking count, order and content on the way.
   *
   * @param packets how many
   * @returns how many were received
   * @throws when a check failed
   */
  run(packets: number): number;
  /** Gives everything back. */
  close(): void;
}

/** A line's figures, as `--json` prints them. */
export interface BenchFigures {
  readonly name: string;
  readonly runtime: string;
  readonly packets: number;
  readonly bytesPerPacket: number;
  readonly mpps: number;
  readonly nsPerPacket: number;
  readonly gbps: number;
  /** Bytes of heap allocated a packet; null when it was not measured. */
  readonly allocatedPerPacket: number | null;
  /** The C twin in the same run; null without a compiler or a twin. */
  readonly cTwinMpps: number | null;
}
