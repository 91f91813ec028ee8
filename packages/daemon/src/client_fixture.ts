/**
 * A client in a process of its own. Arguments: path of the socket, what to do, port, packets. Says
 * `ready` when its port is open, then what came of it as JSON.
 */

import { NetmapError, openPort, POLLIN, type Port } from "@netmap/core";
import { nullKind } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import process from "node:process";
import { RemoteDevice } from "./client/remote_device.ts";
import { receiveNumbers, sendNumbers } from "./traffic_fixture.ts";

const [path, act, name, count] = process.argv.slice(2);
const packets = Number(count);
using device = new RemoteDevice(path, [nullKind, ...pipes().kinds!, ...vale().kinds!]);
using port = openPort(device, name);
const say = (what: unknown): unknown => process.stdout.write(`${JSON.stringify(what)}\n`);

/** What an action ends in: the code of an error, or what it returns. */
function outcome(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    if (error instanceof NetmapError) return [error.code, error.message];
    throw error;
  }
}

/** Answers each packet with one, asleep between them. */
function echo(port: Port): void {
  for (let n = 0; n < packets; n++) {
    receiveNumbers(port, n, n, false);
    sendNumbers(port, n, 1);
  }
}

async function outlive(port: Port): Promise<unknown> {
  sendNumbers(port, 0, 10);
  const waited = await port.wait(POLLIN);
  return {
    waited,
    poll: outcome(() => port.poll(POLLIN, 1000)),
    txsync: outcome(() => port.txsync()),
    slots: port.txRings[0].numSlots,
    reopened: outcome(() => {
      using again = openPort(device, "vale0:again");
      return again.name;
    }),
  };
}

say("ready");
switch (act) {
  case "send":
    sendNumbers(port, 0, packets);
    say("sent");
    break;
  case "receive":
    say(receiveNumbers(port, 0, packets - 1, false));
    break;
  case "receiveWithGaps":
    say(receiveNumbers(port, 0, packets - 1, true));
    break;
  case "sendForEver":
    for (let n = 0;; n = (n + 100) % 1_000_000) sendNumbers(port, n, 100);
  case "receiveForEver":
    for (;;) {
      port.poll(POLLIN, 1000);
      for (const [rx] = port.rxRings; !rx.empty();) rx.advance(1);
    }
  case "echo":
    echo(port);
    say("echoed");
    break;
  case "outlive":
    say(await outlive(port));
    break;
  case "stdin":
    await new Promise((resolve) => process.stdin.resume().once("end", resolve));
    break;
}
