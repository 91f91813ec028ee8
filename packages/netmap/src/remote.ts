/**
 * A daemon's engine as this program's device: `NETMAP=unix:/run/netmap.sock`, or nothing at all where
 * a daemon answers at one of its usual places.
 *
 * @module
 */

import { registerDevice } from "@netmap/core";
import { remoteProvider } from "@netmap/daemon";
import { nullKind, type PortKind } from "@netmap/engine";
import { monitor } from "@netmap/monitor";
import { nic } from "@netmap/nic";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";

/** Code of every kind of port, for a thread that runs the data path of somebody else's engine. */
export function portKinds(): PortKind[] {
  const features = [monitor(), pipes(), vale(), nic()];
  return [nullKind, ...features.flatMap((feature) => [...(feature.kinds ?? [])])];
}

registerDevice(remoteProvider(portKinds));
