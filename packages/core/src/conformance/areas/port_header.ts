/**
 * PORT_HDR_SET, PORT_HDR_GET: the virtio-net header before each frame of a switch port.
 *
 * @module
 */

import { NR_ACCEPT_VNET_HDR } from "../../abi/constants.ts";
import { portHdrGet, portHdrSet } from "../../abi/request.ts";
import { EINVAL, EIO } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { equal, fails } from "../expect.ts";
import { EVERYBODY, frame } from "../frames.ts";

/** Cases of port headers. */
export const portHeaderCases: readonly ConformanceCase[] = inArea("port header", ["vale"], [
  {
    name: "is none on a new port",
    run(context) {
      context.port();
      equal(context.ask(portHdrGet(context.vale())).hdrLen, 0, "nr_hdr_len");
    },
  },
  {
    name: "can be set to each length that there is, and back",
    run(context) {
      context.port();
      for (const hdrLen of [12, 0, 10]) {
        equal(context.ask(portHdrSet(context.vale(), hdrLen)).hdrLen, hdrLen, "the reply of SET");
        equal(context.ask(portHdrGet(context.vale())).hdrLen, hdrLen, "the reply of GET");
      }
    },
  },
  {
    name: "stays as it was when another length is refused",
    run(context) {
      context.port();
      context.ask(portHdrSet(context.vale(), 12));
      fails(EINVAL, () => context.ask(portHdrSet(context.vale(), 11)), "PORT_HDR_SET of 11");
      equal(context.ask(portHdrGet(context.vale())).hdrLen, 12, "nr_hdr_len");
    },
  },
  {
    name: "has to be accepted by whoever opens the port",
    run(context) {
      context.port();
      context.ask(portHdrSet(context.vale(), 12));
      fails(EIO, () => context.port(), "REGISTER without NR_ACCEPT_VNET_HDR");
      context.port("a", { flags: NR_ACCEPT_VNET_HDR });
    },
  },
  {
    name: "may be accepted where there is none",
    run(context) {
      context.port("a", { flags: NR_ACCEPT_VNET_HDR });
    },
  },
  {
    name: "ends with the port",
    run(context) {
      const port = context.port();
      context.ask(portHdrSet(context.vale(), 12));
      port.close();
      context.port();
      equal(context.ask(portHdrGet(context.vale())).hdrLen, 0, "nr_hdr_len");
    },
  },
  {
    name: "is carried between ports that both have one of the same length",
    run(context) {
      const flags = NR_ACCEPT_VNET_HDR;
      const a = context.port("a", { flags });
      const b = context.port("b", { flags });
      for (const port of ["a", "b"]) context.ask(portHdrSet(context.vale(port), 12));
      const sent = new Uint8Array(72);
      sent.set([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      sent.set(frame(EVERYBODY, 1), 12);
      a.send([sent]);
      equal(b.receive(), [sent], "the packet");
    },
  },
  {
    name: "is taken off and put on between ports of which one has one",
    run(context) {
      const a = context.port("a", { flags: NR_ACCEPT_VNET_HDR });
      const b = context.port("b");
      context.ask(portHdrSet(context.vale("a"), 12));
      const sent = new Uint8Array(72);
      sent.set(frame(EVERYBODY, 1), 12);
      a.send([sent]);
      equal(b.receive(), [frame(EVERYBODY, 1)], "the packet without its header");
      b.send([frame(EVERYBODY, 2)]);
      const [got] = a.receive();
      equal(got.length, 72, "the length of the packet with a header");
      equal(got.subarray(0, 10), new Uint8Array(10), "its header, but for the count of buffers");
      equal(got.slice(12), frame(EVERYBODY, 2), "the frame behind it");
    },
  },
]);
