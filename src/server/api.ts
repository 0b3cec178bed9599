import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Role } from '../core/roles.js';
import type { Caller } from './access/caller.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The least role that may use the route; `anybody` needs no token. Routes that only read default to `viewer`. */
    readonly role?: Role | 'anybody';
    /** The path parameter that may carry the token as well. */
    readonly tokenParam?: string;
    /**
     * Whether players and recorders use the route, which cannot send a token of their own accord: it takes a ticket, and a
     * refusal asks for HTTP Basic authentication. Other routes do not ask: a browser would show a dialog for a page's fetch.
     */
    readonly forPlayers?: boolean;
  }
  interface FastifyRequest {
    /** Who sent the request; set in every handler of a route that is not for `anybody`. */
    caller: Caller;
  }
}

/** Fastify with requests and responses typed by zod schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
