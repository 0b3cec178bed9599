import ipaddr from 'ipaddr.js';

/** Groups of 16 bits that name the network of a house; a client chooses the others as it likes. */
const NETWORK_GROUPS = 4;

/** What to count an address as: an IPv4 address alone, an IPv6 address with its whole /64. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(':');
}
