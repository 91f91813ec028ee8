/** A thread or process that runs the loop of a descriptor until it is stopped, then says what came of it. */

import { type KloopEventfds, NetmapError } from "@netmap/core";
import { DataPath, DESC_TABLE, DESC_WORDS } from "@netmap/engine";
import { AttachedKloop } from "./attached.ts";
import { mapCsb } from "./client/csb.ts";
import { openKloop } from "./handle.ts";
import { mapRecordedCsb } from "./csb_area.ts";
import { echoKind } from "./echo_fixture.ts";
import type { RingError } from "./loop/rings.ts";
import { serveKloop } from "./loop/serve.ts";
import { startKloop } from "./requests.ts";
import { answer, task } from "./task_fixture.ts";

/** What it is told. */
export interface LoopTask {
  /** The engine's state image. */
  readonly stateFd: number;
  /** memfd of region 0. */
  readonly regionFd: number;
  /** The descriptor's index in its owner. */
  readonly index: number;
  /** Eventfds, a pair for each ring; absent in another process. */
  readonly pairs?: readonly KloopEventfds[];
  /** One pair for all rings; -1 for both to busy-wait. */
  readonly ioeventfd: number;
  readonly irqfd: number;
  /** How many CSB entries there are, and their memfd where it is another process's. */
  readonly entries: number;
  readonly csbFd?: number;
  /** The descriptor's eventfd, in another process. */
  readonly wakeFd?: number;
  /** Microseconds between looks of a busy wait. */
  readonly sleepUs: number;
  /** Rings in direct mode. */
  readonly direct?: "tx" | "rx" | "both";
  /** Not to block the thread: Deno cannot end a Worker that does. */
  readonly yields?: boolean;
}

/** What it answers. */
export interface LoopAnswer {
  /** errno of what the loop ended in, 0 when it was stopped. */
  readonly errno: number;
  /** What was said of it. */
  readonly message: string;
  /** Sentences about rings that were stopped. */
  readonly ringErrors: readonly string[];
}

const told = task<LoopTask>();
const { stateFd, regionFd, index, ioeventfd, irqfd, entries, csbFd, wakeFd, sleepUs, direct } =
  told;
using csb = csbFd === undefined ? undefined : mapCsb(csbFd, entries);
const ringErrors: string[] = [];
const onRingError = ({ entry, error }: RingError): void => {
  if (ringErrors.length < 100) ringErrors.push(`${entry}: ${error.message}`);
};
const pair: KloopEventfds = { ioeventfd, irqfd };
const eventfds = ioeventfd < 0
  ? undefined
  : told.pairs ?? new Array<KloopEventfds>(entries).fill(pair);

async function run(): Promise<void> {
  if (csb === undefined && !told.yields) {
    using kloop = openKloop({ kind: "embedded", stateFd, index }, [echoKind], { onRingError });
    return startKloop(kloop, { eventfds, sleepUs, direct });
  }
  using dp = DataPath.attach({ stateFd, regionFds: [regionFd] }, [echoKind]);
  if (told.yields) {
    const d = DESC_TABLE + index * DESC_WORDS;
    using mapped = mapRecordedCsb(dp, d);
    return await serveKloop(dp, d, mapped, { eventfds, onRingError });
  }
  const target = new AttachedKloop(dp, index, { onRingError, wakeFd, entries: csb });
  startKloop(target, { eventfds, sleepUs, direct });
}

let result: LoopAnswer = { errno: 0, message: "", ringErrors };
try {
  await run();
} catch (error) {
  if (!(error instanceof NetmapError)) throw error;
  result = { errno: error.errno, message: error.message, ringErrors };
}
answer(result);
