import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { NetworkList, parseAddress, type Address } from '../../core/network.js';

/** Where no camera is: this machine, the link, groups, reserved space, and what clouds tell their machines. */
const notCameras = new NetworkList([
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
).map(([prefix, bits]) => ({ bits, network: new NetworkList([`${prefix}/${bits}`]) }));

/** Which addresses may be connected to. */
export class AddressPolicy {
  readonly #networks: NetworkList | null;

  /** @param networks those that are allowed, as 192.168.1.0/24; null for all but those that cannot hold a camera */
  constructor(networks: readonly string[] | null) {
    this.#networks = networks === null ? null : new NetworkList(networks);
  }

  /** @param address IPv4 or IPv6, without brackets; anything else is refused */
  allows(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && this.#allows(parsed);
  }

  #allows(address: Address): boolean {
    const carried = address instanceof ipaddr.IPv6 ? carriedIn(address) : undefined;
    if (carried !== undefined) return this.#allows(carried);
    if (this.#networks !== null) return this.#networks.has(address);
    return !notCameras.has(address) && !isThisMachine(address);
  }
}

/** Asked anew each time: addresses come and go. */
function isThisMachine(address: Address): boolean {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const normalized = address.toNormalizedString();
  return own.some((entry) => parseAddress(entry.address)?.toNormalizedString() === normalized);
}

/** The IPv4 address that an IPv6 one stands for, if any. */
function carriedIn(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const carrier = carriers.find(({ network }) => network.has(address));
  if (carrier === undefined) return undefined;
  const bytes = address.toByteArray();
  // The unspecified address and loopback stand for themselves.
  if (bytes.slice(0, 14).every((byte) => byte === 0)) return undefined;
  const at = carrier.bits / 8;
  return new ipaddr.IPv4(bytes.slice(at, at + 4));
}
