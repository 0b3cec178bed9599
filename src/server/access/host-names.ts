import { isIP } from 'node:net';

/** Whether a host name or address (IPv6 with or without brackets) can only be this machine. */
export function isLoopback(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(bare) === 4) return bare.startsWith('127.');
  return bare === '::1' || bare === 'localhost';
}

/** Parses a `Host` header; null when it is invalid. Default ports are left out of `host`. */
export function parseHost(header: string | undefined): { hostname: string; host: string } | null {
  if (header === undefined || /[/@\s]/.test(header) || !URL.canParse(`http://${header}`)) return null;
  const { hostname, host } = new URL(`http://${header}`);
  return { hostname, host };
}

/** The URL of a listening server; a wildcard address becomes loopback, which it includes. */
export function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(reachable) === 6 ? `[${reachable}]` : reachable}:${port}`;
}
