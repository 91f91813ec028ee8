/**
 * Polling of an attached device (`nm_bdg_polling`): its rings are looked at in every round in which
 * the engine serves its devices, in place of waiting for the device's descriptor.
 *
 * The reference runs kernel threads, one a processor, that do nothing else. An embedded engine
 * has none: its rounds run in `poll()`, `wait()` and `engine.run()`. Modes, checks and errors are
 * the reference's; the processors say which rings are polled, and bind no thread.
 *
 * @module
 */

import {
  EINVAL,
  NETMAP_POLLING_MODE_MULTI_CPU,
  NETMAP_POLLING_MODE_SINGLE_CPU,
  NetmapError,
  type NmreqValePolling,
} from "@netmap/core";
import { type Adapter, type Engine, NR_RX, type RingRange } from "@netmap/engine";
import { bwrapInterrupt } from "./bwrap_kind.ts";

/**
 * Which rings of a device a request wants to be polled (`get_polling_cfg`).
 *
 * @param body the request
 * @param hw the device
 * @param processors how many the machine has
 * @throws {NetmapError} EINVAL for processors, rings or a mode that are not there
 */
export function pollingRange(
  body: NmreqValePolling,
  hw: Adapter,
  processors: number,
): RingRange {
  const { mode, firstCpuId, numPollingCpus } = body;
  const rings = hw.rings(NR_RX);
  const fail = (why: string): never => {
    throw new NetmapError(EINVAL, `Cannot poll '${hw.name}' ${why}`, { port: hw.name });
  };
  if (numPollingCpus === 0) fail("with 0 processors: ask for 1 at least");
  if (numPollingCpus >= processors) {
    fail(
      `with ${numPollingCpus} processors as the machine has ${processors} and one has to stay free: ` +
        "ask for fewer",
    );
  }
  if (mode === NETMAP_POLLING_MODE_SINGLE_CPU) {
    if (numPollingCpus !== 1) {
      fail(`in the mode of one processor with ${numPollingCpus}: ask for 1`);
    }
    return { first: 0, count: rings };
  }
  if (mode !== NETMAP_POLLING_MODE_MULTI_CPU) {
    fail(`in mode ${mode}: use one of NETMAP_POLLING_MODE_*`);
  }
  if (firstCpuId + numPollingCpus > rings) {
    fail(
      `rings ${firstCpuId} to ${firstCpuId + numPollingCpus - 1} as it has ${rings} rx rings: ` +
        `use 0 to ${rings - 1}`,
    );
  }
  return { first: firstCpuId, count: numPollingCpus };
}

/** Polling of a device, from its start to {@link Polling.stop}. */
export class Polling {
  /** The rings that are polled. */
  readonly rings: RingRange;
  readonly #engine: Engine;
  readonly #hw: Adapter;
  readonly #round: () => boolean;

  constructor(engine: Engine, hw: Adapter, rings: RingRange) {
    this.rings = rings;
    this.#engine = engine;
    this.#hw = hw;
    this.#round = () => {
      let moved = false;
      for (let i = rings.first; i < rings.first + rings.count; i++) {
        if (bwrapInterrupt(engine.dp, hw.port, i)) moved = true;
      }
      return moved;
    };
    hw.enableInterrupts(false);
    engine.interrupts.addPoller(this.#round);
  }

  /** Ends it: the device's descriptor is waited for again. */
  stop(): void {
    this.#engine.interrupts.removePoller(this.#round);
    this.#hw.enableInterrupts(true);
  }
}
