import ipaddr from 'ipaddr.js';
import { SightlineError } from '../../core/errors.js';
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

/** Groups of 16 bits that name the network of a house; a client chooses the others as it likes. */
const networkGroups = 4;

/** What to count an address as: an IPv4 address alone, an IPv6 address with its whole /64. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, networkGroups)
    .map((group) => group.toString(16))
    .join(':');
}
