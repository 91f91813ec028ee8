/** The daemon of the benchmark. Argument: path of the socket. Ends with whoever holds its input. */

import { serve } from "@netmap/daemon";
import { createEngine } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import process from "node:process";

serve(createEngine({ features: [pipes(), vale()] }), { socket: process.argv[2] });
process.stdin.resume().on("end", () => process.exit(0));
