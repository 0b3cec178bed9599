import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * An IP address in its usual notation, or undefined. ipaddr.js alone would also read `0x7f.1` and `127.1`, which
 * resolvers understand differently.
 * @param text without brackets; the zone of an IPv6 address (`%eth0`) is ignored
 */
export function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/%.*$/, '');
  return isIP(bare) === 0 ? undefined : ipaddr.parse(bare);
}

/** Whether a text names a network, as 192.168.1.0/24 or fd00::/8; a single address has all of its bits. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** A list of networks that can be asked whether an address is in one of them. */
export class NetworkList {
  readonly #networks: readonly [Address, number][];

  /** @throws RangeError for a text that names no network */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map((text) => {
      const network = parseNetwork(text);
      if (network !== undefined) return network;
      throw new RangeError(`Expected a network such as 192.168.1.0/24 but received ${text}.`);
    });
  }

  has(address: Address): boolean {
    return this.#networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  }
}

function parseNetwork(text: string): [Address, number] | undefined {
  const [address = ''] = text.split('/', 1);
  return isIP(address) !== 0 && ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
}
