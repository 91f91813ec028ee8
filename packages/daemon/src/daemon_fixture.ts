/** A daemon in a process of its own: serves pipes and switches at the path that it is given. */

import { createEngine } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import process from "node:process";
import { serve } from "./server/serve.ts";

const [socket, limits = "{}"] = process.argv.slice(2);
const engine = createEngine({ features: [pipes(), vale()] });
const server = serve(engine, {
  socket,
  limits: JSON.parse(limits),
  log: (event, fields) => process.stdout.write(`${event} ${JSON.stringify(fields)}\n`),
});
process.on("SIGTERM", async () => {
  await server.close();
  engine.close();
  process.stdout.write("closed\n");
  process.exit(0);
});
process.stdout.write("ready\n");
