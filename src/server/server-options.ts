import type { AccessToken } from '../core/roles.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import type { Services } from '../services/services.js';
import type { UploadLimits } from './uploads/accept-pictures.js';

/** Whether the program is ready to work, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** How many cameras there are, and how many of them show pictures. A camera that is down leaves the program ready. */
  readonly cameras: { readonly total: number; readonly online: number };
  /** How far stored faces are embedded again after a change of embedder; the one before answers meanwhile. */
  readonly embeddingAgain: {
    readonly embedder: string;
    readonly embedded: number;
    readonly failed: number;
    readonly total: number;
  } | null;
}

/** Limits on what one client may cost. */
export interface ServerLimits {
  /** Bytes that may wait for one viewer before it misses frames. */
  readonly pictureBudgetBytes: number;
  /** Bytes that may wait for one client of events before its connection is closed. */
  readonly eventBudgetBytes: number;
  /** How often clients are pinged, in milliseconds. */
  readonly heartbeatMs: number;
  /** Wrong tokens that one address may try per minute before it has to wait. */
  readonly wrongTokensPerMinute: number;
}

export const defaultLimits: ServerLimits = {
  // A few pictures; more would only increase the delay that a slow viewer sees.
  pictureBudgetBytes: 256 * 1024,
  eventBudgetBytes: 1024 * 1024,
  heartbeatMs: 15_000,
  wrongTokensPerMinute: 10,
};

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** When empty, no token is needed; that is allowed on a loopback address only. */
  readonly tokens: readonly AccessToken[];
  /** Other origins whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  /** Requests per minute of one client; null for no limit. */
  readonly rateLimit: number | null;
  readonly services: Services;
  /** Says when there are new events; they are read from `services.events`. */
  readonly publisher: Pick<EventPublisher, 'onStored'>;
  readonly metrics: Metrics;
  readonly ready: () => Readiness;
  /** The folder of the page. */
  readonly webDir: string;
  /** The folder of the built client for browsers. */
  readonly clientDir: string;
  readonly version: string;
  readonly log: Logger;
  readonly limits?: Partial<ServerLimits>;
  readonly uploads: UploadLimits;
}

/** What routes and WebSockets need from the server. */
export interface ServerContext extends Omit<ServerOptions, 'limits'> {
  readonly limits: ServerLimits;
}
