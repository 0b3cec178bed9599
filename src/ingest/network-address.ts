import { SightlineError } from '../core/errors.js';
import { redactUrl } from './redact.js';
import { percentDecoded, readUrl } from './url-parts.js';

const defaultPorts = { rtsp: 554, rtsps: 322, http: 80, https: 443 } as const;

/** A user name and password, as plain text. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Where a source is on the network. */
export interface NetworkAddress {
  readonly scheme: 'rtsp' | 'rtsps' | 'http' | 'https';
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isEncrypted: boolean;
  /** Path and query exactly as they were written, because some cameras reject another spelling; may be empty. */
  readonly target: string;
  readonly login: Login | null;
}

/**
 * Reads the URL of a camera.
 * @throws SightlineError SOURCE_INVALID, SOURCE_LOGIN_AMBIGUOUS
 */
export function readNetworkAddress(text: string): NetworkAddress {
  const [parts, other] = readUrl(text);
  const scheme = parts?.start.slice(0, -3).toLowerCase() ?? '';
  if (parts === undefined || !isScheme(scheme)) throw invalid(text, 'is not a complete URL');
  if (other !== undefined) throw ambiguous(parts.target.charAt(0));
  if (/\s/.test(text)) throw invalid(text, 'contains a space (write it as %20)');
  if (text.includes('\\')) throw invalid(text, 'contains a backslash (write it as %5C)');
  const port = /:(\d+)$/.exec(parts.host)?.[1];
  const address = {
    scheme,
    host: withoutBrackets(parts.host.replace(/:\d+$/, '')),
    port: port === undefined ? defaultPorts[scheme] : Number(port),
    isEncrypted: scheme === 'rtsps' || scheme === 'https',
    target: parts.target.replace(/#.*$/s, ''),
    login: parts.login === null ? null : readLogin(parts.login),
  };
  if (address.port > 65_535 || address.port === 0) throw invalid(text, 'has a port that does not exist');
  return address;
}

function isScheme(scheme: string): scheme is NetworkAddress['scheme'] {
  return Object.hasOwn(defaultPorts, scheme);
}

function readLogin(text: string): Login {
  const colon = text.indexOf(':');
  const [user, password] = colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  return { user: percentDecoded(user), password: percentDecoded(password) };
}

/** The host of a URL; an IPv6 address without its brackets. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** The host and port of an address as they stand in a URL. */
export function authorityOf({ host, port }: Pick<NetworkAddress, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function invalid(text: string, why: string): SightlineError {
  return new SightlineError(
    'SOURCE_INVALID',
    `Expected a URL such as rtsp://user:password@host:port/path but received ${redactUrl(text)}, which ${why}.`,
  );
}

/** @param character what ends the host, if the first reading is the right one */
function ambiguous(character: string): SightlineError {
  return new SightlineError(
    'SOURCE_LOGIN_AMBIGUOUS',
    `Expected a URL with one possible host but received one in which the user name and password may end at more than one @. ` +
      `If ${character} is part of the password, write it as ${encodeURIComponent(character)}; if an @ comes after the host, write it as %40.`,
  );
}
