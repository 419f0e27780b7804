// Makes a process of the demo end with its parent, however the parent ends. Knows nothing of what the process does.

/** How often we look whether our parent is still our parent, should the channel stay open without it. */
const watchIntervalMs = 1000;

/**
 * Exits when the IPC channel closes, when the parent is gone (also by SIGKILL) and on SIGTERM. SIGINT is left to the
 * parent: a terminal sends it to the whole group, and the parent finishes its children in order. Databases are in memory,
 * so exiting leaves nothing behind.
 */
export function endWithParent(): void {
  const parent = process.ppid;
  process.on('disconnect', leave);
  process.on('SIGTERM', leave);
  process.on('SIGINT', () => undefined);
  setInterval(() => {
    if (process.ppid !== parent || !process.connected) leave();
  }, watchIntervalMs).unref();
}

/** Ends this process now, in order. */
export function leave(): void {
  process.exit(0);
}
