import { BlockList, isIP } from 'node:net';

/** Whether a text names a network, as 192.168.1.0/24 or fd00::/8; a single address has all of its bits. */
export function isNetwork(text: string): boolean {
  return partsOf(text) !== undefined;
}

/** A list of networks that can be asked whether an address is in one of them. */
export function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const parts = partsOf(text);
    if (parts === undefined)
      throw new RangeError(`Expected a network such as 192.168.1.0/24 but received ${text}.`);
    list.addSubnet(...parts);
  }
  return list;
}

function partsOf(text: string): [address: string, bits: number, family: 'ipv4' | 'ipv6'] | undefined {
  const [, address = '', digits] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const version = isIP(address);
  const bits = Number(digits);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  return [address, bits, version === 4 ? 'ipv4' : 'ipv6'];
}
