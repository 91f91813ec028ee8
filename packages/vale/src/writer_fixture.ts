/** A thread that says it forwards through a switch, for a while. */

import { parentPort, workerData } from "node:worker_threads";
import { DataPath } from "@netmap/engine";
import { S_READERS } from "./layout.ts";

const { stateFd, s, marker, holdMs } = workerData as Record<string, number>;
const dp = DataPath.attach({ stateFd }, []);
Atomics.store(dp.state, s + S_READERS + dp.owner, dp.owner);
parentPort!.postMessage("in");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMs);
Atomics.store(dp.state, marker, 1);
Atomics.store(dp.state, s + S_READERS + dp.owner, 0);
// Its tag stays taken until the test ends it.
setTimeout(() => dp.close(), 1000);
