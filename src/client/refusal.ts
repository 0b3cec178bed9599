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
const FINAL_STATUSES = [400, 401, 403];
/** A WebSocket is refused with 4000 and the status that an HTTP request would get; docs/protocol.md lists the codes. */
const REFUSALS_FROM = 4000;

/** The refusal that an HTTP answer means; undefined when asking again may help. */
export function refusalOf(status: number, code: string, detail: string): RefusedError | undefined {
  return FINAL_STATUSES.includes(status) ? new RefusedError(code, detail) : undefined;
}

/** The refusal that a close means; undefined when asking again may help. */
export function refusalIn({ code, reason }: Close): RefusedError | undefined {
  const [name = '', ...detail] = reason.split(': ');
  return refusalOf(code - REFUSALS_FROM, name, detail.join(': '));
}

/** Whether a WebSocket was closed because its request was refused, for good or not. */
export function isRefused({ code }: Close): boolean {
  return code >= REFUSALS_FROM;
}
