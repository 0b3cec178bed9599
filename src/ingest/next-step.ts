import { SightlineError, type ErrorCode } from '../core/errors.js';
import { redact } from './redact.js';
import { isLive, type SourceSpec } from './source-spec.js';

/** How one run of ffmpeg went. */
export interface Playback {
  /** Pictures decoded in this run. */
  readonly frames: number;
  /** Whether the watchdog ended it because no picture came for too long. */
  readonly stalled: boolean;
  /** Time from the first picture to the end. */
  readonly onlineMs: number;
  /** ffmpeg's last lines, without credentials. */
  readonly stderr: readonly string[];
  /** Why it ended, where that is known without what ffmpeg said. */
  readonly error?: SightlineError;
}

/** What was to be played. */
export interface PlaybackPlan {
  readonly spec: SourceSpec;
  /** For messages; without credentials. */
  readonly source: string;
  readonly loop: boolean;
  readonly hwaccel: string | null;
  readonly stallTimeoutMs: number;
}

export type NextStep =
  | { readonly kind: 'end' }
  | { readonly kind: 'fail'; readonly error: SightlineError }
  | { readonly kind: 'retry'; readonly error: SightlineError }
  /** Play it again without the hardware decoder. */
  | { readonly kind: 'retry-in-software'; readonly error: SightlineError };

/** Decides what to do after a run of ffmpeg that ended without being stopped. */
export function nextStep(plan: PlaybackPlan, playback: Playback): NextStep {
  if (playback.error !== undefined) return { kind: 'retry', error: playback.error };
  if (playback.stalled) return { kind: 'retry', error: stallError(plan, playback) };
  if (playback.frames > 0) {
    if (!isLive(plan.spec) && !plan.loop) return { kind: 'end' };
    return { kind: 'retry', error: endError(plan, playback) };
  }
  const error = classifyFailure(plan.source, playback.stderr);
  if (plan.hwaccel !== null && mayBeDecoder(error, playback)) return { kind: 'retry-in-software', error };
  return { kind: plan.spec.kind === 'file' ? 'fail' : 'retry', error };
}

/** Whether the hardware decoder may be the cause. An unreachable camera proves nothing about it; a missing device does. */
function mayBeDecoder(error: SightlineError, { stderr }: Playback): boolean {
  if (stderr.some((line) => /Device (creation|setup) failed|hwaccel/i.test(line))) return true;
  return error.code === 'SOURCE_FAILED' || error.code === 'SOURCE_NOT_VIDEO';
}

function stallError(plan: PlaybackPlan, { frames }: Playback): SightlineError {
  const seconds = plan.stallTimeoutMs / 1000;
  return frames > 0
    ? new SightlineError('SOURCE_STALLED', `No picture has come from ${plan.source} for ${seconds} s.`)
    : new SightlineError('SOURCE_UNREACHABLE', `No picture came from ${plan.source} within ${seconds} s.`);
}

/** Pictures came, so the source is video and the login worked; a last complaint about damaged pictures is not the cause. */
function endError(plan: PlaybackPlan, { stderr }: Playback): SightlineError {
  const error = classifyFailure(plan.source, stderr);
  if (error.code !== 'SOURCE_NOT_VIDEO') return error;
  return new SightlineError('SOURCE_FAILED', `The stream of ${plan.source} ended.`);
}

/** Phrases of ffmpeg 4 to 7 and of the C library; the first match counts. The tests hold real examples. */
const phrases: readonly (readonly [ErrorCode, RegExp, expected: string])[] = [
  ['SOURCE_AUTH_FAILED', /(returned|failed:) 40[13]\b/, 'to be let in with these credentials'],
  ['SOURCE_NOT_FOUND', /(returned|failed:) 404\b|No such file or directory|No such device/, 'to find'],
  [
    'SOURCE_UNREACHABLE',
    /Connection (refused|reset|timed out)|timed out|No route to host|unreachable|Failed to resolve|Name or service not known|Temporary failure in name resolution|Host is down/,
    'to reach',
  ],
  [
    'SOURCE_NOT_VIDEO',
    /Invalid data found|moov atom not found|matches no streams|does not contain any stream|Cannot determine format|Is a directory/,
    'video from',
  ],
];

/**
 * Classifies a failure by the last lines that ffmpeg wrote.
 *
 * @param source named in the message; credentials are removed here.
 * @param stderr ffmpeg's last lines. When there are none and no picture came, the source holds no video.
 */
export function classifyFailure(source: string, stderr: readonly string[]): SightlineError {
  const lines = stderr.map(redact);
  for (const [code, phrase, expected] of phrases) {
    const line = lines.find((candidate) => phrase.test(candidate));
    if (line)
      return new SightlineError(code, `Expected ${expected} ${redact(source)} but ffmpeg said: ${line}`);
  }
  const last = lines.at(-1);
  if (last === undefined) {
    return new SightlineError('SOURCE_NOT_VIDEO', `No picture came from ${redact(source)}.`);
  }
  return new SightlineError(
    'SOURCE_FAILED',
    `Expected video from ${redact(source)} but ffmpeg said: ${last}`,
  );
}

const firstPauseMs = 1000;
/** A camera that comes back is shown again within this time. */
const maxPauseMs = 10_000;

/**
 * How long to wait before retry number `attempt` (from 0): exponential with full jitter, so that cameras that failed
 * together do not reconnect together. Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param random 0 to 1, from a uniform distribution.
 * @returns milliseconds: up to 1 s at first, up to 10 s in the end.
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.round(random * Math.min(maxPauseMs, firstPauseMs * 2 ** attempt));
}
