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
