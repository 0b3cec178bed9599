import { SightlineError } from '../../core/errors.js';
import { networkOf } from './network.js';
import { covers, roles, type Role } from '../../core/roles.js';

/** Who asks. */
export interface Caller {
  /** Of the token; null when nobody needs one. */
  readonly name: string | null;
  readonly role: Role;
}

/** Whoever reaches a server on loopback that asks for no token. */
export const anybodyHere: Caller = { name: null, role: 'admin' };

/** What to count a client as: its token, or where it comes from when it has none. */
export function clientOf(caller: Caller | undefined, address: string): string {
  const name = caller?.name ?? null;
  return name === null ? networkOf(address) : `token ${name}`;
}

/** @throws SightlineError FORBIDDEN_ROLE */
export function requireRole({ role }: Caller, needed: Role): void {
  if (covers(role, needed)) return;
  const enough = roles.filter((other) => covers(other, needed)).join(' or ');
  throw new SightlineError(
    'FORBIDDEN_ROLE',
    `Expected a token with the role ${enough} but received one with the role ${role}.`,
  );
}
