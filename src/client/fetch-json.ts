import { refusalOf } from './refusal.js';
import type { Transport } from './transport.js';

const ANSWER_TIMEOUT_MS = 10_000;

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
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  const response = await fetch(new URL(path, base), {
    method,
    headers,
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  const body = (await response.json()) as { code: string; detail: string };
  if (response.ok) return body;
  throw refusalOf(response.status, body.code, body.detail) ?? new Error(body.detail);
}
