// The shop's bearer tokens: JWT, HS256, signed and checked with node:crypto. Time comes in as a number.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

/** What a token may do: a customer sees the shop, a service calls services, batch reads in bulk. */
export type TokenRole = 'customer' | 'service' | 'batch';

/** What a token of the shop says about its bearer. */
export interface Claims {
  readonly sub: string;
  readonly role: TokenRole;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
}

/** How a token reads: its claims, or why it counts for nothing. */
export type Checked =
  | { readonly type: 'valid'; readonly claims: Claims }
  | { readonly type: 'refused'; readonly why: 'malformed' | 'signature' | 'expired' };

/** Signs and checks the shop’s tokens (JWT, HS256) under one secret. */
export interface TokenKit {
  sign(subject: { readonly sub: string; readonly role: TokenRole; readonly ttlSeconds: number }): string;
  check(token: string): Checked;
}

const issuer = 'shop';
const header = encode({ alg: 'HS256', typ: 'JWT' });

/** @param now epoch milliseconds. */
export function createTokenKit(secret: string, now: () => number): TokenKit {
  const signature = (signed: string): Buffer => createHmac('sha256', secret).update(signed).digest();
  return {
    sign: ({ sub, role, ttlSeconds }) => {
      const iat = Math.floor(now() / 1000);
      const payload = encode({ iss: issuer, sub, role, iat, exp: iat + ttlSeconds, jti: randomUUID() });
      return `${header}.${payload}.${signature(`${header}.${payload}`).toString('base64url')}`;
    },
    check: (token) => {
      const [head, payload, mac, ...rest] = token.split('.');
      if (head === undefined || payload === undefined || mac === undefined || rest.length > 0) {
        return { type: 'refused', why: 'malformed' };
      }
      const expected = signature(`${head}.${payload}`);
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
        return { type: 'refused', why: 'signature' };
      }
      const claims = readClaims(payload);
      if (claims === undefined) return { type: 'refused', why: 'malformed' };
      if (claims.exp * 1000 <= now()) return { type: 'refused', why: 'expired' };
      return { type: 'valid', claims };
    },
  };
}

function encode(value: Readonly<Record<string, string | number>>): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function readClaims(payload: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return isClaims(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false;
  const { sub, role, iat, exp } = value as Partial<Record<keyof Claims, unknown>>;
  return typeof sub === 'string' && isRole(role) && typeof iat === 'number' && typeof exp === 'number';
}

const isRole = (value: unknown): value is TokenRole =>
  value === 'customer' || value === 'service' || value === 'batch';
