// The Linux capabilities of an agent, each with what fails without it. Measured pod by pod (the reasons name the calls); data only.

/** A capability and its reason. */
export interface CapabilityNeed {
  readonly name: string;
  readonly reason: string;
}

/** All that agents have; everything else is dropped. */
export const agentCapabilities: readonly CapabilityNeed[] = [
  {
    name: 'NET_ADMIN',
    reason:
      "nftables rules, routes, IP_TRANSPARENT and marks in the pods' namespaces: blocking and inline interception.",
  },
  { name: 'NET_RAW', reason: "Packet rings (AF_PACKET) on the pods' interfaces: seeing traffic." },
  {
    name: 'SYS_ADMIN',
    reason:
      "setns() into the pods' network namespaces, which are opened from /run/netns: without it none can be entered.",
  },
];

/** What it amounts to, in plain words, wherever capabilities are listed. */
export const nodeRootSentence =
  'With SYS_ADMIN and these host paths an agent is close to root on its node: who can change this DaemonSet, exec into its pods or read their tokens can take the node. What it lacks on purpose: privileged, hostPID, hostNetwork, the container runtime, any host path but those below.';
