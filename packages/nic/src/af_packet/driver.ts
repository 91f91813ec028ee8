/**
 * The AF_PACKET driver: works on every Linux interface that carries Ethernet frames, beside the
 * host's stack, with CAP_NET_RAW.
 *
 * @module
 */

import type { DataPath } from "@netmap/engine";
import type { NicDriver, NicOpenOptions, OpenNic } from "../driver.ts";
import type { InterfaceInfo } from "../interfaces.ts";
import { closeRxSocket, receive } from "./receive.ts";
import type { RxSocket } from "./rx_socket.ts";
import { openRxSocket, openTxSocket, takeSocketError } from "./socket.ts";
import { closeTxSocket, transmit, type TxSocket } from "./transmit.ts";

class AfPacketNic implements OpenNic {
  readonly description = "af_packet";
  readonly #rx: RxSocket;
  readonly #tx: TxSocket;
  #closed = false;

  constructor(rx: RxSocket, tx: TxSocket) {
    this.#rx = rx;
    this.#tx = tx;
  }

  rxFd(_ring: number): number {
    return this.#rx.fd;
  }

  txFd(_ring: number): number {
    return this.#tx.fd;
  }

  txsync(dp: DataPath, k: number): number {
    return transmit(dp, k, this.#tx);
  }

  rxsync(dp: DataPath, k: number): void {
    receive(dp, k, this.#rx);
  }

  takeError(_ring: number): number {
    const number = takeSocketError(this.#rx.fd) || this.#rx.error;
    this.#rx.error = 0;
    takeSocketError(this.#tx.fd);
    return number;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeRxSocket(this.#rx);
    closeTxSocket(this.#tx);
  }
}

/** Reaches interfaces through packet sockets. */
export const afPacket: NicDriver = {
  name: "af_packet",
  maxRings: 1,
  maxSlots: 16384,
  open(info: InterfaceInfo, options: NicOpenOptions): OpenNic {
    const rx = openRxSocket(info, options);
    try {
      return new AfPacketNic(rx, openTxSocket(info));
    } catch (error) {
      closeRxSocket(rx);
      throw error;
    }
  },
};
