import type { SightlineError } from '../../core/errors.js';
import type { SourceSpec } from '../source-spec.js';
import { openHttpRelay } from './http-relay.js';
import type { LocalServer } from './local-server.js';
import { openRtspRelay } from './rtsp-relay.js';
import { targetOf, type SourcePolicy, type Target } from './source-policy.js';

/** What one run of ffmpeg reads, so that it reaches nothing that the policy forbids. */
export interface Guard {
  readonly spec: SourceSpec;
  /** Environment variables for ffmpeg. */
  readonly environment: Readonly<Record<string, string>>;
  /** Why the source could not be reached; ffmpeg itself only saw a closed connection. */
  readonly failure: SightlineError | undefined;
  close(): void;
}

/**
 * Checks a source and puts a relay in front of it, because ffmpeg by itself follows redirects and playlists wherever they
 * lead and looks up host names again.
 *
 * @throws SightlineError SOURCE_INVALID, SOURCE_FORBIDDEN, SOURCE_UNREACHABLE
 */
export async function openGuard(spec: SourceSpec, policy: SourcePolicy): Promise<Guard> {
  policy.checkScheme(spec);
  const target = targetOf(spec);
  if (target === undefined) return { spec, environment: {}, failure: undefined, close: () => undefined };
  await policy.resolve(target.host);
  let failure: SightlineError | undefined;
  const onFailure = (error: SightlineError): void => {
    failure = error;
  };
  const relay = await openRelay(spec, target, policy, onFailure);
  return {
    ...guarded(spec, relay.port),
    get failure() {
      return failure;
    },
    close: () => relay.close(),
  };
}

function openRelay(
  spec: SourceSpec,
  target: Target,
  policy: SourcePolicy,
  onFailure: (error: SightlineError) => void,
): Promise<LocalServer> {
  return spec.kind === 'rtsp' ? openRtspRelay(target, policy, onFailure) : openHttpRelay(policy, onFailure);
}

function guarded(spec: SourceSpec, port: number): Pick<Guard, 'spec' | 'environment'> {
  if (spec.kind !== 'rtsp')
    return { spec, environment: { http_proxy: `http://127.0.0.1:${port}`, no_proxy: '' } };
  const url = spec.url.replace(
    /^[a-z]+:\/\/([^/?#]*@)?[^/?#]*/i,
    (_, login: string | undefined) => `rtsp://${login ?? ''}127.0.0.1:${port}`,
  );
  return { spec: { ...spec, url }, environment: {} };
}
