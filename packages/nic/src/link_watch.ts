/**
 * Tells ports what becomes of their interfaces: one netlink socket an engine, as long as a port is
 * open. It is an interrupt source like the interfaces themselves.
 *
 * @module
 */

import { closeFd, POLLIN } from "@netmap/core";
import type { Engine, InterruptSource } from "@netmap/engine";
import { RTMGRP_LINK } from "./internal/linux_net.ts";
import { openNetlink, readLinkMessages } from "./internal/netlink.ts";

/** Who is told. */
export interface LinkListener {
  /** Index of the interface. */
  readonly linkIndex: number;
  /** Something about it has changed, or may have. */
  linkChanged(): void;
}

/** The changes of one engine's interfaces. */
export class LinkWatch {
  readonly #engine: Engine;
  readonly #listeners: Set<LinkListener> = new Set();
  #source: InterruptSource | null = null;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Adds a listener. */
  add(listener: LinkListener): void {
    this.#listeners.add(listener);
    if (this.#source !== null) return;
    const fd = openNetlink(RTMGRP_LINK);
    this.#source = { fd, events: POLLIN, handle: () => this.look() };
    this.#engine.interrupts.add(this.#source);
  }

  /** Removes a listener; the socket goes with the last one. */
  remove(listener: LinkListener): void {
    this.#listeners.delete(listener);
    if (this.#source === null || this.#listeners.size > 0) return;
    this.#engine.interrupts.remove(this.#source);
    closeFd(this.#source.fd);
    this.#source = null;
  }

  /** Reads what has happened, without waiting. */
  look(): void {
    if (this.#source === null) return;
    const changes = readLinkMessages(this.#source.fd);
    for (const listener of [...this.#listeners]) {
      const concerned = changes === null ||
        changes.some((change) => change.link.index === listener.linkIndex);
      if (concerned) listener.linkChanged();
    }
  }
}
