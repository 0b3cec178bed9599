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
    /** Who may use the route at least; `anybody` needs no token. A route that only reads may leave it out: `viewer`. */
    readonly role?: Role | 'anybody';
    /** The parameter of the path that may carry the token too. */
    readonly tokenParam?: string;
  }
  interface FastifyRequest {
    /** Who asks; there in every handler of a route that is not for `anybody`. */
    caller: Caller;
  }
}

/** Fastify whose routes say with zod what they take and give. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;
