import { lookup } from 'node:dns/promises';
import { SightlineError } from '../../core/errors.js';
import { redactUrl } from '../redact.js';
import { parseSource, type SourceSpec } from '../source-spec.js';
import { AddressPolicy } from './address-policy.js';

export interface SourcePolicyOptions {
  /** Of `rtsp`, `rtsps`, `http`, `https`, `file`, `webcam`, `test`. */
  readonly schemes: readonly string[];
  /** Networks that hosts may be in; null for any that may hold a camera. */
  readonly networks: readonly string[] | null;
}

/** An address that was looked up and may be connected to. */
export interface CheckedAddress {
  readonly address: string;
  readonly family: number;
}

/** What cameras may name that somebody sets up over the network, who must not read files or reach into networks. */
export class SourcePolicy {
  readonly #schemes: readonly string[];
  readonly #addresses: AddressPolicy;

  constructor({ schemes, networks }: SourcePolicyOptions) {
    this.#schemes = schemes;
    this.#addresses = new AddressPolicy(networks);
  }

  /**
   * Checks a source as somebody wrote it. A host that has no address now passes: it is checked at every connect.
   * @throws SightlineError SOURCE_INVALID, SOURCE_FORBIDDEN
   */
  async check(source: string): Promise<void> {
    const spec = parseSource(source, process.platform);
    this.checkScheme(spec);
    const target = targetOf(spec);
    if (target === undefined) return;
    await this.resolve(target.host).catch((error: unknown) => {
      if (error instanceof SightlineError && error.code === 'SOURCE_UNREACHABLE') return;
      throw error;
    });
  }

  /** @throws SightlineError SOURCE_FORBIDDEN */
  checkScheme(spec: SourceSpec): void {
    const scheme = 'url' in spec ? spec.url.slice(0, spec.url.indexOf(':')).toLowerCase() : spec.kind;
    if (this.#schemes.includes(scheme)) return;
    throw new SightlineError(
      'SOURCE_FORBIDDEN',
      `Expected one of the sources that may be set up over the API (${this.#schemes.join(', ') || 'none'}) but received ${scheme}.`,
    );
  }

  /**
   * An address of a host, an IPv6 address without brackets.
   * @throws SightlineError SOURCE_UNREACHABLE, SOURCE_FORBIDDEN
   */
  async resolve(host: string): Promise<CheckedAddress> {
    const addresses = await lookup(host, { all: true }).catch((cause: Error) => {
      throw new SightlineError(
        'SOURCE_UNREACHABLE',
        `Expected an address for the host ${host} but received ${cause.message}.`,
        { cause },
      );
    });
    const allowed = addresses.find(({ address }) => this.#addresses.allows(address));
    if (allowed !== undefined) return allowed;
    throw new SightlineError(
      'SOURCE_FORBIDDEN',
      `Expected a host that cameras set up over the API may have, but ${host} is in a network where they may not be.`,
    );
  }
}

/** Where a source is on the network. */
export interface Target {
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
}

const defaultPorts: Readonly<Record<string, number>> = { rtsp: 554, rtsps: 322, http: 80, https: 443 };

/**
 * The host and port of a source; undefined for one that is not on the network.
 * @throws SightlineError SOURCE_INVALID for a URL that programs may take apart in different ways
 */
export function targetOf(spec: SourceSpec): Target | undefined {
  if (!('url' in spec)) return undefined;
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(spec.url)?.[1] ?? '';
  if (authority.split('@').length > 2 || /[\\\s]/.test(spec.url)) {
    throw new SightlineError(
      'SOURCE_INVALID',
      `Expected a URL with @ in user name and password written as %40 and without backslashes, but received ${redactUrl(spec.url)}.`,
    );
  }
  const { protocol, hostname, port } = new URL(spec.url);
  const scheme = protocol.slice(0, -1);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (defaultPorts[scheme] ?? 0) : Number(port),
    isEncrypted: scheme === 'rtsps' || scheme === 'https',
  };
}
