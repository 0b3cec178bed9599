import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { SightlineError } from '../../core/errors.js';
import { NetworkList, parseAddress, type Address } from '../../core/network.js';
import { addressesOf } from '../prepare-source.js';
import { parseSource, type SourceSpec } from '../source-spec.js';

/** Networks that hold no camera: loopback, link-local, multicast, reserved ones, and cloud metadata services. */
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

/** IPv6 networks whose addresses embed an IPv4 one after the prefix: mapped, compatible, translated, NAT64 and 6to4. */
const carriers = (
  [
    ['::ffff:0:0', 96],
    ['::', 96],
    ['::ffff:0:0:0', 96],
    ['64:ff9b::', 96],
    ['2002::', 16],
  ] as const
).map(([prefix, bits]) => ({ bits, network: new NetworkList([`${prefix}/${bits}`]) }));

/** Decides which hosts a relay may connect to. */
export interface HostPolicy {
  /**
   * Looks up the allowed addresses of a host, of which there is at least one. An IPv6 address comes without brackets.
   * @throws SightlineError SOURCE_UNREACHABLE, SOURCE_FORBIDDEN
   */
  resolve(host: string): Promise<readonly CheckedAddress[]>;
}

/** For sources that the configuration names: they may be anywhere. */
export const anyHost: HostPolicy = { resolve: addressesOf };

/** Decides which addresses may be connected to. */
export class AddressPolicy {
  readonly #networks: NetworkList | null;

  /** @param networks the allowed ones, such as 192.168.1.0/24; null for all except those that hold no camera */
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

/** Looked up each time, because addresses come and go. */
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

export interface SourcePolicyOptions {
  /** Any of `rtsp`, `rtsps`, `http`, `https`, `file`, `webcam`, `test`. */
  readonly schemes: readonly string[];
  /** Networks in which hosts are allowed; null for any that may hold a camera. */
  readonly networks: readonly string[] | null;
}

/** A looked-up address that may be connected to. */
export interface CheckedAddress {
  readonly address: string;
  readonly family: number;
}

/** What the sources of cameras set up over the API may reach: the API must not open local files or internal services. */
export class SourcePolicy implements HostPolicy {
  readonly #schemes: readonly string[];
  readonly #addresses: AddressPolicy;

  constructor({ schemes, networks }: SourcePolicyOptions) {
    this.#schemes = schemes;
    this.#addresses = new AddressPolicy(networks);
  }

  /**
   * Checks a source string. A host without an address passes for now, since it is checked again at every connect.
   * @throws SightlineError SOURCE_INVALID, SOURCE_FORBIDDEN
   */
  async check(source: string): Promise<void> {
    const spec = parseSource(source, process.platform);
    this.checkScheme(spec);
    if (!('address' in spec)) return;
    await this.resolve(spec.address.host).catch((error: unknown) => {
      if (error instanceof SightlineError && error.code === 'SOURCE_UNREACHABLE') return;
      throw error;
    });
  }

  /** @throws SightlineError SOURCE_FORBIDDEN */
  checkScheme(spec: SourceSpec): void {
    const { scheme } = 'address' in spec ? spec.address : { scheme: spec.kind, ...spec };
    if (this.#schemes.includes(scheme)) return;
    throw new SightlineError(
      'SOURCE_FORBIDDEN',
      `Expected a source of a kind that may be set up over the API (${this.#schemes.join(', ') || 'none'}) but received ${scheme}.`,
    );
  }

  async resolve(host: string): Promise<readonly CheckedAddress[]> {
    const addresses = await addressesOf(host);
    const allowed = addresses.filter(({ address }) => this.#addresses.allows(address));
    if (allowed.length > 0) return allowed;
    throw new SightlineError(
      'SOURCE_FORBIDDEN',
      `Cameras set up over the API may not use the host ${host}: it is in a network that is not allowed.`,
    );
  }
}
