// One thing that a doctor has to say. Types only.

/** `wrong`: to be mended. `note`: so it is, and it limits what can be seen or enforced. `unknown`: nobody could tell. */
export type DiagnosisLevel = 'ok' | 'wrong' | 'note' | 'unknown';

/** What it is about. */
export type DiagnosisTopic =
  'hub' | 'agents' | 'api' | 'versions' | 'gears' | 'pods' | 'traffic' | 'policies' | 'rights';

/** One sentence. */
export interface Diagnosis {
  readonly level: DiagnosisLevel;
  readonly topic: DiagnosisTopic;
  readonly sentence: string;
}
