import { isIPv6 } from 'node:net';

const V4_IN_V6 = /^::ffff:(?=\d+\.)/i;
/** Groups of 16 bits that name the network of a house; a client chooses the others as it likes. */
const NETWORK_GROUPS = 4;

/** What to count an address as: an IPv4 address alone, an IPv6 address with its whole /64. */
export function networkOf(address: string): string {
  const plain = address.replace(V4_IN_V6, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = plain.replace(/%.*$/, '').split('::').map(groupsOf);
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(':');
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':');
}
