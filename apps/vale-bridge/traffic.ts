/**
 * What vale-bridge runs on its switch: the demo's traffic, or that of interfaces.
 *
 * @module
 */

/** What a port has seen since it is on the switch. Names and order are those of the JSON. */
export interface PortTotals {
  /** Its name on the switch: `a` of `vale0:a`. */
  readonly name: string;
  /** Packets out of the switch, to whoever has the port. */
  readonly rxPackets: number;
  /** Packets into the switch, from whoever has the port. */
  readonly txPackets: number;
  /** Bytes out of the switch. */
  readonly rxBytes: number;
  /** Bytes into the switch. */
  readonly txBytes: number;
  /** Packets for it or from it that were dropped, for whatever reason. */
  readonly drops: number;
  /** Ethernet addresses that the switch knows behind it. */
  readonly addresses: readonly string[];
}

/** An address that the switch knows. */
export interface KnownAddress {
  /** `02:6e:6d:00:00:01`. */
  readonly mac: string;
  /** Where it is. */
  readonly port: string;
  /** Seconds since its last frame. */
  readonly ageSeconds: number;
}

/** What runs on the switch. */
export interface Traffic extends Disposable {
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What the switch counted, by port. */
  totals(): PortTotals[];
  /** The addresses that the switch knows. */
  addresses(): KnownAddress[];
  /** What was checked, for the summary. */
  readonly checked: string;
  /**
   * Everything that is not as it has to be.
   *
   * @param totals what the switch counted
   * @returns sentences, none when all is well
   */
  problems(totals: readonly PortTotals[]): string[];
}
