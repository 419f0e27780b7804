// Masks secrets and personal data at capture. Signature published first; the implementation follows in the next commit.

/** Masks text by keyed, typed surrogates (`<email:3f9a1c22>`): equal values give equal surrogates under one key. */
export interface Masker {
  /** Value of one header; `name` in any case. Keeps the scheme word and cookie names. */
  maskHeader(name: string, value: string): string;
  /** Query without the question mark. */
  maskQuery(query: string): string;
  /** Path without the query. */
  maskPath(path: string): string;
  /** Body window as text; JSON stays valid JSON. `truncated` when the body was longer than the window. */
  maskBody(text: string, contentType: string, truncated?: boolean): string;
}

/** Key: at least 16 random bytes, kept for one agent run (or one recording) so that equality holds within it. */
export declare function createMasker(key: Uint8Array): Masker;
