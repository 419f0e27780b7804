// What all connections of one worker share: buffers for heads under way and exchanges under way, taken and given back.
// An idle connection holds none of them.

export interface Workspace {
  readonly brand: 'workspace';
}

/** One per worker. */
export declare function createWorkspace(): Workspace;
