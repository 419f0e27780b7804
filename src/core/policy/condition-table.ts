// The conditions of a policy's status and the reasons they give, as Gateway API names them where it has the name. Data only.

/** Condition type → what it says and, by reason, when. The first reason is the one of a policy with nothing to complain about. */
export const conditionTable = {
  Accepted: {
    says: 'Whether agents understand the object.',
    reasons: {
      Accepted: 'It is valid and understood (True).',
      Pending: 'No agent has read this generation yet (Unknown).',
      Invalid: 'A value is wrong; the message names the field (False).',
      UnsupportedField: 'It has a field that the agents do not know; the whole object is refused (False).',
      UnsupportedValue:
        'It asks for a mode that the agents do not know; the whole object is refused (False).',
      RefNotPermitted: 'It selects destinations of another namespace without being egress (False).',
    },
  },
  Programmed: {
    says: 'Whether it stands on every node that is meant; the message says on how many.',
    reasons: {
      Programmed: 'It stands wherever it is meant (True).',
      Pending: 'Nodes have yet to take it over (False).',
      PartiallyProgrammed: 'It stands on some of the nodes; the message names the others and why (False).',
      TargetNotFound: 'No pod is selected at present; it will stand once there is one (False).',
      NotEnforceable: 'No pod selected can be enrolled, such as hostNetwork pods (False).',
      Off: 'Its mode is Off (False).',
      Expired: 'Its time is over (False).',
      Invalid: 'It is not accepted; the last good version, where there is one, still stands (False).',
    },
  },
  Degraded: {
    says: 'Whether it works less well than it should.',
    reasons: {
      AsExpected: 'It works as it should (False).',
      AgentUnavailable: 'An agent that is meant does not answer; `failure` says what happens there (True).',
      StaleIdentity: 'What is known of peers on other nodes is older than it should be (True).',
      NotEvaluated: 'Traffic passed or was refused unjudged, such as streams nobody can read (True).',
    },
  },
  Expired: {
    says: 'Whether its time is over.',
    reasons: {
      NotExpired: 'It has no end, or one that is to come (False).',
      Expired: 'expiresAt has passed; it does nothing any more (True).',
    },
  },
} as const;

/** `Accepted`, `Programmed`, … */
export type ConditionType = keyof typeof conditionTable;
/** Reasons that a condition of this type gives. */
export type ConditionReason<T extends ConditionType = ConditionType> = T extends ConditionType
  ? keyof (typeof conditionTable)[T]['reasons'] & string
  : never;

const reasonOfCode: Readonly<Record<string, ConditionReason<'Accepted'>>> = {
  POLICY_UNKNOWN_FIELD: 'UnsupportedField',
  POLICY_UNKNOWN_MODE: 'UnsupportedValue',
  POLICY_FOREIGN_DESTINATION: 'RefNotPermitted',
};

/** The reason that `Accepted: False` gives for a code of `parsePolicy`. */
export const reasonOfRejection = (code: string): ConditionReason<'Accepted'> =>
  reasonOfCode[code] ?? 'Invalid';
