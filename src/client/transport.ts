/** The server said no, and asking again will not change that: UNAUTHORIZED, FORBIDDEN_… or REQUEST_INVALID. */
export class RefusedError extends Error {
  /** Of the server's error catalogue, as UNAUTHORIZED. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/** What the close of a WebSocket tells. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** HTTP statuses after which asking again is of no use. A camera that is not there (404) may come back. */
const finalStatuses = [400, 401, 403];
/** A WebSocket is refused with 4000 and the status that an HTTP request would get; docs/protocol.md lists the codes. */
const firstRefusalCode = 4000;

/** The refusal that an HTTP answer means; undefined when asking again may help. */
function refusalOf(status: number, code: string, detail: string): RefusedError | undefined {
  return finalStatuses.includes(status) ? new RefusedError(code, detail) : undefined;
}

/** The refusal that a close means; undefined when asking again may help. */
export function refusalIn({ code, reason }: Close): RefusedError | undefined {
  const [name = '', ...detail] = reason.split(': ');
  return refusalOf(code - firstRefusalCode, name, detail.join(': '));
}

/** Whether a WebSocket was closed because its request was refused, for good or not. */
export function isRefused({ code }: Close): boolean {
  return code >= firstRefusalCode;
}

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

const answerTimeoutMs = 10_000;

interface Request {
  readonly method?: 'GET' | 'POST';
  readonly signal?: AbortSignal;
}

/**
 * The JSON at a path of the server.
 * @throws RefusedError when the server says no for good; another Error when asking again may help
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
