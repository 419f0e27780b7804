// Exchange -> FlowEvent on the main thread. Signature published first; the implementation follows in the next commit.
import type { FlowEvent, Verdict } from '../model/event.ts';
import type { Decision, Exchange } from '../model/exchange.ts';
import type { ListenerConfig } from '../model/identity.ts';
import type { Masker } from '../mask/masker.ts';

export interface FlowAssemblerOptions {
  readonly listeners: readonly ListenerConfig[];
  /** Prefix of flow ids. */
  readonly agent: string;
  readonly masker: Masker;
  readonly describe: (
    decision: Decision,
    generation: number,
    normalisedPath: string,
  ) => { readonly verdict: Verdict; readonly shadow?: Verdict };
}

/** Builds the assembler: call it with each exchange while its buffers are valid; the result shares no bytes with it. */
export declare function createFlowAssembler(options: FlowAssemblerOptions): (exchange: Exchange) => FlowEvent;
