// Numbers of the packet socket's ABI (linux/if_packet.h, linux/filter.h, packet(7)): the same on x86-64 and arm64, both little-endian. Data only.

/** AF_PACKET. */
export const packetFamily = 17;
/** SOCK_RAW with SOCK_NONBLOCK and SOCK_CLOEXEC. */
export const rawSocket = 3 | 0o4000 | 0o2000000;
/** ETH_P_ALL. */
export const everyProtocol = 3;
/** SOL_PACKET. */
export const packetLevel = 263;
/** PACKET_* options. */
export const packetOption = { rxRing: 5, statistics: 6, version: 10, ignoreOutgoing: 23 } as const;
/** TPACKET_V3 as the value of PACKET_VERSION. */
export const thirdVersion = 2;
/** SO_ATTACH_FILTER of SOL_SOCKET. */
export const attachFilter = 26;
/** Bytes of sockaddr_ll, tpacket_req3, tpacket_stats_v3, sock_fprog, sock_filter. */
export const structBytes = {
  linkAddress: 20,
  request: 28,
  statistics: 12,
  program: 16,
  instruction: 8,
} as const;
/** IFNAMSIZ, with the closing NUL. */
export const interfaceNameBytes = 16;

/** TP_STATUS_* of a frame or block. */
export const ringStatus = {
  /** A block that is ours to read. */
  user: 1,
  /** Something was dropped since the counters were last asked. */
  losing: 4,
  /** The checksum is not filled in yet: sent from this machine. */
  checksumNotReady: 8,
  /** The tag was taken off; it is in `vlanTag`. */
  vlanValid: 16,
  /** Segments merged, or not yet cut (GSO, GRO). */
  merged: 256,
} as const;

/** struct tpacket_block_desc, in words from the block's start. */
export const blockWord = { status: 2, frames: 3, firstOffset: 4 } as const;

/** struct tpacket3_hdr, in words from the frame's start (aligned to 16); `macNet` is two 16-bit halves, mac the lower. */
export const frameWord = {
  nextOffset: 0,
  seconds: 1,
  nanoseconds: 2,
  capturedBytes: 3,
  wireBytes: 4,
  status: 5,
  macNet: 6,
  vlanTag: 8,
} as const;
