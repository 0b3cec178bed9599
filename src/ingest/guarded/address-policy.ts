import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { networkList } from '../../core/network.js';

/** Where no camera is: this machine, the link, groups, reserved space, and what clouds tell their machines. */
const notCameras = networkList([
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['100.100.100.200/32', '168.63.129.16/32'],
  ...[
    '::/127',
    '64:ff9b:1::/48',
    'fe80::/10',
    'ff00::/8',
    '2001::/32',
    'fd00:ec2::254/128',
    'fd20:ce::254/128',
  ],
]);

/** IPv6 networks whose addresses hold an IPv4 one after the prefix: mapped, compatible, translated, NAT64 and 6to4. */
const carriers = (
  [
    ['::ffff:0:0', 96],
    ['::', 96],
    ['::ffff:0:0:0', 96],
    ['64:ff9b::', 96],
    ['2002::', 16],
  ] as const
).map(([prefix, bits]) => ({ bits, list: networkList([`${prefix}/${bits}`]) }));

/** Which addresses may be connected to. */
export class AddressPolicy {
  readonly #networks: BlockList | null;

  /** @param networks those that are allowed, as 192.168.1.0/24; null for all but those that cannot hold a camera */
  constructor(networks: readonly string[] | null) {
    this.#networks = networks === null ? null : networkList(networks);
  }

  /** @param address IPv4 or IPv6, without brackets; anything else is refused */
  allows(address: string): boolean {
    const bare = address.replace(/%.*$/, '');
    if (isIP(bare) === 0) return false;
    const carried = isIP(bare) === 6 ? carriedIn(bare) : undefined;
    if (carried !== undefined) return this.allows(carried);
    if (this.#networks !== null) return isIn(this.#networks, bare);
    return !isIn(notCameras, bare) && !isIn(thisMachine(), bare);
  }
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** Asked anew each time: addresses come and go. */
function thisMachine(): BlockList {
  const list = new BlockList();
  for (const entries of Object.values(networkInterfaces())) {
    for (const { address, family } of entries ?? []) {
      list.addAddress(address.replace(/%.*$/, ''), family === 'IPv4' ? 'ipv4' : 'ipv6');
    }
  }
  return list;
}

/** The IPv4 address that an IPv6 one stands for, if any. */
function carriedIn(address: string): string | undefined {
  const carrier = carriers.find(({ list }) => isIn(list, address));
  if (carrier === undefined) return undefined;
  const groups = groupsOf(address);
  // The unspecified address and loopback stand for themselves.
  if (groups.slice(0, 7).every((group) => group === 0)) return undefined;
  const at = carrier.bits / 16;
  const [high = 0, low = 0] = [groups[at], groups[at + 1]];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes every form in hexadecimal groups.
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = '', after = ''] = text.split('::');
  const numbers = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const [head, tail] = [numbers(before), numbers(after)];
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}
