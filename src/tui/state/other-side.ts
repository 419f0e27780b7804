// Who is on the other side, in the words of sentences: an agent that stores and enforces, or a cluster, whose API server stores what its agents
// enforce. Pure.
import type { AppState } from './state.ts';

/** Words for one of the two. */
export interface SideWords {
  /** Takes changes: `the agent`. */
  readonly writer: string;
  /** Says what is in force: `the agent`. */
  readonly reporter: string;
  /** What a policy is once it is taken: `stored`. */
  readonly taken: string;
  /** What a removal does: `its file is deleted`. */
  readonly deleted: string;
}

const agent: SideWords = {
  ...{ writer: 'the agent', reporter: 'the agent', taken: 'stored', deleted: 'its file is deleted' },
};
const cluster: SideWords = {
  ...{ writer: 'the API server', reporter: 'agents', taken: 'written', deleted: 'the object is deleted' },
};

/** The words for where this terminal is. */
export const sideWords = ({ place }: Pick<AppState, 'place'>): SideWords =>
  place === undefined ? agent : cluster;
