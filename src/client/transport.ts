import type { Close } from './refusal.js';

/** What is used of a WebSocket: the same in browsers and in `ws`. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: Close) => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

/** How to reach a server: what differs between Node and browsers. */
export interface Transport {
  /** Where the server's page is; ends in a slash. */
  readonly base: URL;
  /** For HTTP requests. */
  readonly headers: Readonly<Record<string, string>>;
  /** What a WebSocket's address needs besides, asked before each attempt. */
  readonly admission: () => Promise<Readonly<Record<string, string>>>;
  open(url: URL): Socket;
}

/** @param address of the server; a path is kept, for a server behind a proxy */
export function baseOf(address: string | URL): URL {
  const base = new URL(address);
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** The address of a WebSocket of the server. */
export function socketUrl({ base }: Transport, path: string, query: URLSearchParams): URL {
  const url = new URL(`${path}?${query.toString()}`, base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

/** The headers with which HTTP requests carry a token. */
export function tokenHeaders(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
