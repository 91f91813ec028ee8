/**
 * One `open("/dev/netmap")` of a program: a descriptor of the engine, and what a program that reaches
 * it through FUSE may not ask of it.
 *
 * @module
 */

import {
  closeFd,
  type ControlRequest,
  type Descriptor,
  EIO,
  EOPNOTSUPP,
  fromLegacy,
  type LegacyCommand,
  type Memory,
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_REGISTER,
  NETMAP_REQ_SYNC_KLOOP_START,
  NetmapError,
  NMREQ_HEADER,
  NMREQ_OPT_CSB,
  statFd,
  structView,
} from "@netmap/core";
import {
  type Engine,
  type EngineDescriptor,
  ExtmemRegion,
  findOption,
  GLOBAL_MEM_ID,
  KIND,
  type UserMapping,
} from "@netmap/engine";
import { hasCsb } from "@netmap/kloop";
import { V_FLAG_FOREIGN, V_FLAGS } from "@netmap/vale";
import { openCallerMapping } from "./caller_memory.ts";
import { enableEntries, readLoop, type WantedLoop } from "./sync_loop.ts";

/** An open file. */
export class FuseFile implements Descriptor {
  /** What the kernel names it by. */
  readonly fh: number;
  /** The engine's descriptor. */
  readonly descriptor: EngineDescriptor;
  /** What the kernel names its waiters by, low half. */
  khLow = 0;
  /** High half. */
  khHigh = 0;
  /** Thread that makes the request that is served. */
  pid = 0;
  readonly #engine: Engine;
  /** Descriptors of the caller's files, while a request is served. */
  #opened: number[] = [];
  #loop: WantedLoop | null = null;

  /** Opens a descriptor for it. @throws {NetmapError} ENXIO when too many are open */
  constructor(engine: Engine, fh: number) {
    this.#engine = engine;
    this.fh = fh;
    this.descriptor = engine.open() as EngineDescriptor;
    this.descriptor.findMemory = (address, bytes) => this.#findMemory(address, bytes);
  }

  control(request: ControlRequest): void {
    const { reqtype } = structView(NMREQ_HEADER, request.header);
    const csb = findOption(request, NETMAP_REQ_OPT_CSB);
    try {
      if (reqtype === NETMAP_REQ_CSB_ENABLE && isWhole(csb)) return this.#enableCsb(csb);
      if (
        reqtype === NETMAP_REQ_SYNC_KLOOP_START && hasCsb(this.#engine.dp, this.descriptor.word)
      ) {
        this.#loop = readLoop(this.#engine, this.descriptor.word, request, this.pid);
        return;
      }
      if (reqtype === NETMAP_REQ_REGISTER) return this.#register(request, csb);
      this.descriptor.control(request);
    } finally {
      this.#opened.splice(0).forEach(closeFd);
    }
  }

  /** The loop that the last request asked for: its answer is due when that ends. */
  takeLoop(): WantedLoop | null {
    const loop = this.#loop;
    this.#loop = null;
    return loop;
  }

  legacy(command: LegacyCommand, nmreq: Uint8Array): void {
    const { request, answer } = fromLegacy(command, nmreq);
    this.control(request);
    answer();
  }

  txsync(): void {
    this.descriptor.txsync();
  }

  rxsync(): void {
    this.descriptor.rxsync();
  }

  get memory(): Memory {
    return this.descriptor.memory;
  }

  poll(events: number, timeoutMs: number): number {
    return this.descriptor.poll(events, timeoutMs);
  }

  wait(events: number, signal?: AbortSignal): Promise<number> {
    return this.descriptor.wait(events, signal);
  }

  get fd(): number {
    return this.descriptor.fd;
  }

  close(): void {
    this.descriptor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The program's memory; it is opened for the request that asks, and its own descriptors stay. */
  #findMemory(address: number, bytes: number): UserMapping | null {
    const own = new Set(
      [...this.#engine.regions]
        .filter((region) => region.fd >= 0 && !(region instanceof ExtmemRegion))
        .map((region) => statFd(region.fd).id),
    );
    const found = openCallerMapping(this.pid, address, bytes, own);
    if (found !== null) this.#opened.push(found.fd);
    return found;
  }

  #register(request: ControlRequest, csb: Uint8Array | null): void {
    // How many entries there must be is known once the port is there: so CSB comes second.
    const options = isWhole(csb) ? request.options.filter((one) => one !== csb) : request.options;
    this.descriptor.control({ ...request, options });
    try {
      this.#refuseHiddenMemory();
      this.#refuseIndirect();
      if (isWhole(csb)) this.#enableCsb(csb);
    } catch (error) {
      this.descriptor.unregister();
      throw error;
    }
  }

  #enableCsb(option: Uint8Array): void {
    enableEntries(this.descriptor, option, (address, bytes) => this.#findMemory(address, bytes));
  }

  /** A slot's NS_INDIRECT has an address of the program's, which the switch would read in the daemon. */
  #refuseIndirect(): void {
    const adapter = this.descriptor.registration?.adapter;
    if (adapter?.kind.id !== KIND.vale) return;
    this.#engine.dp.state[adapter.port + V_FLAGS] |= V_FLAG_FOREIGN;
  }

  /**
   * Which memory a mapping shows was settled when the file was opened: the global region. A port in
   * another one would have the program read foreign rings there.
   */
  #refuseHiddenMemory(): void {
    const region = this.descriptor.registration?.adapter.region;
    if (region === undefined || region.id === GLOBAL_MEM_ID || this.#opened.length > 0) return;
    const { name } = this.descriptor.registration!.adapter;
    throw new NetmapError(
      EOPNOTSUPP,
      `Cannot register '${name}' over FUSE as it is in memory region ${region.id} and FUSE shows ` +
        `region ${GLOBAL_MEM_ID} alone: use nr_mem_id ${GLOBAL_MEM_ID}, give memory of your own ` +
        "by option EXTMEM, or reach the daemon by its socket",
      { port: name },
    );
  }
}

/** What is shorter is the engine's to refuse. */
function isWhole(option: Uint8Array | null): option is Uint8Array {
  return option !== null && option.length >= NMREQ_OPT_CSB.size;
}

/** The errno of whatever a request ended in, and a sentence for the log. */
export function outcome(error: unknown): { errno: number; text: string } {
  if (error instanceof NetmapError) return { errno: error.errno, text: error.message };
  return {
    errno: EIO,
    text: error instanceof Error ? error.stack ?? error.message : String(error),
  };
}
