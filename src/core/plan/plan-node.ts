// Policies and the pods of a node → what is enforced where, by which gear (R2.3). Pure, and linear in policies and in whom they select. A
// policy in shadow reaches no gear: the tap watches it; what is Off or has expired does nothing. Who plans one node again and again keeps a
// planner (planner.ts), which answers the same.
import type { NodePlan, PlanInput } from './node-plan.ts';
import { createPlanner } from './planner.ts';

/** The plan of one node; the same input gives the same plan. */
export const planNode = (input: PlanInput): NodePlan => createPlanner().plan(input);
