/** A thread or process that is a client and has memory and eventfds, and nothing of the engine. */

import { type KloopEventfds, mapMemory } from "@netmap/core";
import { mapCsb } from "./client/csb.ts";
import { csbPort } from "./client/csb_port.ts";
import { type Exchange, exchange, PROGRESS_WORDS } from "./exchange_fixture.ts";
import { answer, task } from "./task_fixture.ts";

/** What it is told. */
export interface ClientTask extends Exchange {
  /** The region's memfd and size. */
  readonly regionFd: number;
  readonly memsize: number;
  /** Where the port is in it. */
  readonly nifp: number;
  /** The entries' memfd, and how many there are. */
  readonly csbFd: number;
  readonly entries: number;
  /** Eventfds, a pair for each ring; absent in another process. */
  readonly pairs?: readonly KloopEventfds[];
  /** One pair for all rings; -1 for none. */
  readonly ioeventfd: number;
  readonly irqfd: number;
  /** Memory to keep the progress in. */
  readonly progressFd: number;
}

/** What it answers. */
export interface ClientAnswer {
  /** "" or what was wrong. */
  readonly wrong: string;
  /** Times that it kicked and slept. */
  readonly kicks: number;
  readonly sleeps: number;
}

const told = task<ClientTask>();
const { entries: count, ioeventfd, irqfd } = told;
using memory = mapMemory(told.regionFd, told.memsize);
using progress = mapMemory(told.progressFd, PROGRESS_WORDS * 4);
using entries = mapCsb(told.csbFd, count);
using port = csbPort({
  memory,
  nifp: told.nifp,
  entries,
  eventfds: ioeventfd < 0 ? [] : told.pairs ?? new Array(count).fill({ ioeventfd, irqfd }),
});
const wrong = exchange(port, progress.i32, told);
answer({ wrong, ...port.csb.counters } satisfies ClientAnswer);
