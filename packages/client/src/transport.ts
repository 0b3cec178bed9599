/** The server refused, and trying again will not help: UNAUTHORIZED, FORBIDDEN_… or REQUEST_INVALID. */
export class RefusedError extends Error {
  /** A code of the server's error catalogue, such as UNAUTHORIZED. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/** Code and reason with which a WebSocket was closed. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** HTTP statuses after which retrying is pointless. 404 is not among them: a missing camera may come back. */
const finalStatuses = [400, 401, 403];
/** A WebSocket is refused with 4000 plus the HTTP status of the same refusal; docs/protocol.md lists the codes. */
const firstRefusalCode = 4000;

/** The error for a refusing HTTP answer; undefined when trying again may help. */
function refusalOf(status: number, code: string, detail: string): RefusedError | undefined {
  return finalStatuses.includes(status) ? new RefusedError(code, detail) : undefined;
}

/** The error for a refusing close; undefined when trying again may help. */
export function refusalIn({ code, reason }: Close): RefusedError | undefined {
  const [name = '', ...detail] = reason.split(': ');
  return refusalOf(code - firstRefusalCode, name, detail.join(': '));
}

/** Whether a WebSocket was closed because its request was refused, for good or not. */
export function isRefused({ code }: Close): boolean {
  return code >= firstRefusalCode;
}

/** The part of a WebSocket that the client uses; those of browsers, Node.js and the package `ws` have it. */
export interface Socket {
  binaryType: string;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (message: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (close: Close) => void): void;
  close(): void;
}

/** Where the server is, and how to sign in. */
export interface ServerAddress {
  /** The server's URL, such as `http://127.0.0.1:8420` or `location.origin`. */
  readonly url: string | URL;
  /** A token if the server requires one; the server's own page has it in a cookie. */
  readonly token?: string | undefined;
  /** Opens the connections; left out, the platform's own. Node.js has one from version 22 on; the package `ws` fits. */
  readonly WebSocket?: (new (url: URL) => Socket) | undefined;
}

/** How to reach a server. */
export interface Transport {
  /** The URL of the server's page; ends in a slash. */
  readonly base: URL;
  /** Headers of HTTP requests. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further query parameters of a WebSocket's URL, such as a ticket; called before each attempt. */
  readonly admission: () => Promise<Readonly<Record<string, string>>>;
  open(url: URL): Socket;
}

/**
 * The way to a server. The WebSockets of browsers and of Node.js cannot send headers, so a ticket stands in for the token.
 * @throws TypeError when there is no WebSocket
 */
export function transportTo({ url, token, WebSocket = globalThis.WebSocket }: ServerAddress): Transport {
  if (typeof WebSocket !== 'function') {
    throw new TypeError(
      'This platform has no WebSocket (Node.js has one from version 22 on): pass one, such as that of the package ws, as the option WebSocket.',
    );
  }
  const server = { base: baseOf(url), headers: tokenHeaders(token) };
  const ticket = async (): Promise<{ ticket: string }> => {
    const { ticket } = (await fetchJson(server, 'v1/tickets', { method: 'POST' })) as { ticket: string };
    return { ticket };
  };
  return {
    ...server,
    admission: token === undefined ? () => Promise.resolve({}) : ticket,
    open: (address) => new WebSocket(address),
  };
}

/** @param address the server's URL; its path is kept, for a server behind a proxy */
function baseOf(address: string | URL): URL {
  const base = new URL(address);
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/** The URL of one of the server's WebSockets. */
export function socketUrl({ base }: Transport, path: string, query: URLSearchParams): URL {
  const url = new URL(`${path}?${query.toString()}`, base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url;
}

/** The headers that carry a token in HTTP requests. */
function tokenHeaders(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

const answerTimeoutMs = 10_000;

interface Request {
  readonly method?: 'GET' | 'POST';
  readonly signal?: AbortSignal;
}

/**
 * Fetches JSON from a path of the server. Gives up after 10 s.
 * @throws RefusedError when the server refuses for good; another Error when trying again may help
 */
export async function fetchJson(
  { base, headers }: Pick<Transport, 'base' | 'headers'>,
  path: string,
  { method = 'GET', signal }: Request = {},
): Promise<unknown> {
  const timeout = AbortSignal.timeout(answerTimeoutMs);
  const response = await fetch(new URL(path, base), {
    method,
    headers,
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  const body = (await response.json()) as { code: string; detail: string };
  if (response.ok) return body;
  throw refusalOf(response.status, body.code, body.detail) ?? new Error(body.detail);
}
