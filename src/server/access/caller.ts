import ipaddr from 'ipaddr.js';
import { SightlineError } from '../../core/errors.js';
import { covers, roles, type Role } from '../../core/roles.js';

/** Who sends a request. */
export interface Caller {
  /** The token's name; null when no token is needed. */
  readonly name: string | null;
  readonly role: Role;
}

/** The caller of a server on loopback that needs no token. */
export const anybodyHere: Caller = { name: null, role: 'admin' };

/** The key by which a client is counted: its token, or its network when it has none. */
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

/** The first groups of 16 bits identify a household's network; a client chooses the others freely. */
const networkGroups = 4;

/** The network by which an address is counted: an IPv4 address itself, an IPv6 address as its /64. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, networkGroups)
    .map((group) => group.toString(16))
    .join(':');
}
