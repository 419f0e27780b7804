// The ports that callers get. One number; knows nothing of who uses it.

/**
 * The first port that a program on Linux gets for a call when it names none (net.ipv4.ip_local_port_range, as it usually is). Services listen
 * below it, most of them: whoever builds on that must be right, if slower or less exact, where they do not.
 */
export const firstEphemeralPort = 32_768;
