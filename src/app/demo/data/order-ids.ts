// Where order ids begin: shared by the service that gives them out and the plan that guesses them. Data only.

/** Ids follow each other from here. */
export const firstOrderId = 10_001;
/** Orders from before the demo began. */
export const oldOrderCount = 1200;
