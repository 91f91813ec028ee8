/**
 * One side of a TCP transfer, as a program for a namespace: `server PORT` prints how much it
 * received and its hash, `client HOST PORT BYTES` sends that much and prints the same.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import process from "node:process";

const [role, ...rest] = process.argv.slice(2);
const hash = createHash("sha256");
let total = 0;

function report(): void {
  console.log(`${total} ${hash.digest("hex")}`);
}

if (role === "server") {
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      total += data.length;
      hash.update(data);
    });
    socket.on("end", () => {
      report();
      socket.end();
      server.close();
    });
  });
  server.listen(Number(rest[0]), "0.0.0.0", () => console.log("listening"));
} else {
  const [host, port, bytes] = rest;
  const socket = connect(Number(port), host);
  let seed = 1;
  const next = (): Uint8Array => {
    const block = new Uint8Array(Math.min(65536, Number(bytes) - total));
    for (let i = 0; i < block.length; i++) {
      seed = Math.imul(seed, 1103515245) + 12345 | 0;
      block[i] = seed >>> 16;
    }
    return block;
  };
  const pump = (): void => {
    while (total < Number(bytes)) {
      const block = next();
      total += block.length;
      hash.update(block);
      if (!socket.write(block)) return void socket.once("drain", pump);
    }
    socket.end();
  };
  socket.on("connect", pump);
  socket.on("close", report);
  socket.resume();
}
