/**
 * A daemon of a few lines: serves an engine as the file that its first argument names, until it gets
 * a signal.
 */

import { createEngine } from "@netmap/engine";
import { kloop } from "@netmap/kloop";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import process from "node:process";
import { serveFuse } from "./serve_fuse.ts";

process.on("SIGTERM", () => process.exit(0));
const engine = createEngine({ features: [kloop(), pipes(), vale()] });
try {
  const mount = await serveFuse(engine, process.argv[2]);
  console.log("serving");
  await mount.ended;
  console.log("ended");
} catch (error) {
  console.log(String(error));
}
engine.close();
