/**
 * One JSON object a line. What is wrong goes to stderr as well, in sentences.
 *
 * @module
 */

import { type Ending, mpps, type Report, type RunInfo, type Tick } from "./report.ts";
import type { PortTotals } from "./traffic.ts";

/** The fields of a port that are counts, in the order that `HELP.md` has them. */
function counts({ name, rxPackets, txPackets, rxBytes, txBytes, drops }: PortTotals) {
  return { name, rxPackets, txPackets, rxBytes, txBytes, drops };
}

/** Reports for programs. */
export class JsonReport implements Report {
  readonly #info: RunInfo;
  readonly #out: (text: string) => unknown;
  readonly #err: (text: string) => unknown;

  constructor(info: RunInfo, out: (text: string) => unknown, err: (text: string) => void) {
    this.#info = info;
    this.#out = out;
    this.#err = err;
  }

  begin(): void {}

  tick({ seconds, ports, rates }: Tick): void {
    const round = Math.round;
    this.#line({
      seconds,
      ports: ports.map((port, n) => ({
        ...counts(port),
        rxPps: round(rates[n].rxPackets),
        txPps: round(rates[n].txPackets),
        rxBps: round(rates[n].rxBytes * 8),
        txBps: round(rates[n].txBytes * 8),
        addresses: port.addresses,
      })),
      mpps: mpps(rates, 1),
    });
  }

  notice(text: string): void {
    this.#err(`${text}\n`);
  }

  end({ seconds, ports, problems }: Ending): void {
    this.#line({
      final: true,
      device: this.#info.device,
      runtime: this.#info.runtime,
      seconds,
      verified: problems.length === 0,
      ports: ports.map(counts),
      mpps: mpps(ports, seconds),
    });
    for (const problem of problems) this.#err(`${problem}\n`);
  }

  #line(value: object): void {
    this.#out(`${JSON.stringify(value)}\n`);
  }
}
