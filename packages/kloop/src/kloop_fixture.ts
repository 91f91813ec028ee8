/**
 * What the tests of the loop share: an engine with an echo port in CSB mode, and threads or processes
 * that run its loop and its client.
 */

import { closeFd, createMemfd, mapMemory, type Mapping } from "@netmap/core";
import {
  createEngine,
  D_KLOOP,
  type Engine,
  type EngineDescriptor,
  GLOBAL_MEM_ID,
  tidAlive,
} from "@netmap/engine";
import type { ClientAnswer, ClientTask } from "./client_worker_fixture.ts";
import { echo } from "./echo_fixture.ts";
import { clearProgress, CLIENT_TID, type Exchange, PROGRESS_WORDS } from "./exchange_fixture.ts";
import { kloop } from "./kloop.ts";
import type { LoopAnswer, LoopTask } from "./loop_worker_fixture.ts";
import { openCsb, type OpenCsbOptions, type OpenedCsb } from "./open_csb.ts";
import { type Running, startProcess, startWorker } from "./run_fixture.ts";

const LOOP = new URL("./loop_worker_fixture.ts", import.meta.url);
const CLIENT = new URL("./client_worker_fixture.ts", import.meta.url);

/** An engine, and one of its ports in CSB mode. */
export class CsbBench {
  readonly engine: Engine;
  readonly opened: OpenedCsb;
  readonly progress: Mapping;
  readonly progressFd: number;
  readonly #before: unknown;
  readonly #running = new Set<Running<unknown>>();

  constructor(port: string = "netmap:echo0", options: OpenCsbOptions = { slots: 256 }) {
    this.engine = createEngine({ features: [kloop(), echo()] });
    this.#before = this.free();
    this.opened = openCsb(this.engine.device, port, options);
    this.progressFd = createMemfd("progress", PROGRESS_WORDS * 4);
    this.progress = mapMemory(this.progressFd, PROGRESS_WORDS * 4);
    clearProgress(this.progress.i32);
  }

  /** The registered descriptor. */
  get descriptor(): EngineDescriptor {
    return this.opened.descriptor as EngineDescriptor;
  }

  /** Free objects of the global region. */
  free(): unknown {
    const { ifs, rings, bufs } = this.engine.region(GLOBAL_MEM_ID);
    return { ifs: ifs.free, rings: rings.free, bufs: bufs.free };
  }

  /** What the loop is told. */
  loopTask(options: Partial<LoopTask> = {}): LoopTask {
    const { csb, eventfds } = this.opened;
    return {
      stateFd: this.engine.imageHandle.stateFd,
      regionFd: this.engine.region(GLOBAL_MEM_ID).fd,
      index: this.descriptor.index,
      entries: csb.entries,
      ...(eventfds.pairs[0] ?? { ioeventfd: -1, irqfd: -1 }),
      sleepUs: 0,
      ...options,
    };
  }

  /** Starts the loop in a Worker. */
  loop(options: Partial<LoopTask> = {}): Running<LoopAnswer> {
    const { pairs } = this.opened.eventfds;
    const loop = this.loopTask({ pairs, ...options });
    return this.#add(startWorker<LoopAnswer>(LOOP, loop), () => this.#loopTid());
  }

  /** Starts the loop in a process of its own. */
  loopProcess(): Running<LoopAnswer> {
    const { csb } = this.opened;
    const loop = this.loopTask({ csbFd: csb.fd, wakeFd: this.descriptor.wakeFd() });
    const fds = ["stateFd", "regionFd", "csbFd", "wakeFd", "ioeventfd", "irqfd"];
    return this.#add(startProcess<LoopAnswer>(LOOP, loop, fds), () => 0);
  }

  #clientTask(what: Exchange): ClientTask {
    const { csb, nifp, memsize, eventfds } = this.opened;
    return {
      ...what,
      regionFd: this.engine.region(GLOBAL_MEM_ID).fd,
      memsize,
      nifp,
      csbFd: csb.fd,
      entries: csb.entries,
      ...(eventfds.pairs[0] ?? { ioeventfd: -1, irqfd: -1 }),
      progressFd: this.progressFd,
    };
  }

  /** Starts a client in a Worker. */
  client(what: Exchange): Running<ClientAnswer> {
    const tid = (): number => Atomics.load(this.progress.i32, CLIENT_TID);
    const { pairs } = this.opened.eventfds;
    const client = { ...this.#clientTask(what), pairs };
    return this.#add(startWorker<ClientAnswer>(CLIENT, client), tid);
  }

  /** Starts a client in a process of its own. */
  clientProcess(what: Exchange): Running<ClientAnswer> {
    const fds = ["regionFd", "csbFd", "progressFd", "ioeventfd", "irqfd"];
    return this.#add(startProcess<ClientAnswer>(CLIENT, this.#clientTask(what), fds), () => 0);
  }

  #loopTid(): number {
    return Atomics.load(this.engine.dp.state, this.descriptor.word + D_KLOOP);
  }

  #add<A>(running: Running<A>, tidOf: () => number): Running<A> {
    this.#running.add(running);
    const kill = async (): Promise<void> => {
      this.#running.delete(running);
      const tid = tidOf();
      await running.kill();
      while (tid !== 0 && tidAlive(tid)) await pause();
    };
    return { answer: running.answer, kill };
  }

  /** Gives everything back. @returns free objects before and after: equal when nothing leaked */
  async close(): Promise<{ before: unknown; after: unknown }> {
    this.opened.close();
    for (const running of this.#running) await running.kill();
    const after = this.free();
    this.engine.close();
    this.progress.close();
    closeFd(this.progressFd);
    return { before: this.#before, after };
  }
}

/** Lets Workers begin and messages arrive. */
export function pause(ms: number = 1): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
