// What every pane is drawn from. Panes are functions of this and nothing else.
import { policyName } from '../../core/model/brand.ts';
import type { StateOfPolicy } from '../../core/model/unreached.ts';
import type { CellEnv } from '../columns/column.ts';
import { clockMs } from '../state/access.ts';
import type { DataView } from '../state/data-view.ts';
import type { AppState } from '../state/state.ts';
import type { Theme } from '../theme/theme.ts';

/** All that a pane may read: what is shown, what is known, and how it looks. */
export interface PaneInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly theme: Theme;
}

/** What the session knows of policies. */
export const stateOfPolicy =
  (data: DataView): StateOfPolicy =>
  (policy) =>
    data.policies.byName(policyName(policy))?.state;

/** The environment of cells for this input. */
export function cellEnv(input: PaneInput): CellEnv {
  return {
    theme: input.theme,
    nowMs: clockMs(input.state),
    utcOffsetMinutes: input.state.utcOffsetMinutes,
  };
}
