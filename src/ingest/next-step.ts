import { SightlineError } from '../core/errors.js';
import { classifyFailure } from './classify-failure.js';
import { isLive, type SourceSpec } from './source-spec.js';

/** How one run of ffmpeg went. */
export interface Playback {
  /** Pictures decoded in this run. */
  readonly frames: number;
  /** Ended by the watchdog, because no picture came for too long. */
  readonly stalled: boolean;
  /** From the first picture to the end. */
  readonly onlineMs: number;
  /** ffmpeg's last lines, without credentials. */
  readonly stderr: readonly string[];
}

/** What the run was meant to be. */
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
  /** The same again without the hardware decoder. */
  | { readonly kind: 'retry-in-software'; readonly error: SightlineError };

/** What to do after a run of ffmpeg that nobody asked to stop. */
export function nextStep(plan: PlaybackPlan, playback: Playback): NextStep {
  if (playback.stalled) return { kind: 'retry', error: stallError(plan, playback) };
  if (playback.frames > 0) {
    if (!isLive(plan.spec) && !plan.loop) return { kind: 'end' };
    return { kind: 'retry', error: endError(plan, playback) };
  }
  const error = classifyFailure(plan.source, playback.stderr);
  if (plan.hwaccel !== null && mayBeDecoder(error, playback)) return { kind: 'retry-in-software', error };
  return { kind: plan.spec.kind === 'file' ? 'fail' : 'retry', error };
}

/** A camera that is away says nothing about the decoder; a graphics device that is away does. */
function mayBeDecoder(error: SightlineError, { stderr }: Playback): boolean {
  if (stderr.some((line) => /Device (creation|setup) failed|hwaccel/i.test(line))) return true;
  return error.code === 'SOURCE_FAILED' || error.code === 'SOURCE_NOT_VIDEO';
}

function stallError(plan: PlaybackPlan, { frames }: Playback): SightlineError {
  const seconds = plan.stallTimeoutMs / 1000;
  return frames > 0
    ? new SightlineError(
        'SOURCE_STALLED',
        `Expected pictures from ${plan.source} but none came for ${seconds} s.`,
      )
    : new SightlineError('SOURCE_UNREACHABLE', `Expected a picture from ${plan.source} within ${seconds} s.`);
}

/** Pictures came, so it is video and was let in; what was said last about single damaged pictures is no cause. */
function endError(plan: PlaybackPlan, { stderr }: Playback): SightlineError {
  const error = classifyFailure(plan.source, stderr);
  if (error.code !== 'SOURCE_NOT_VIDEO') return error;
  return new SightlineError('SOURCE_FAILED', `Expected ${plan.source} to go on but the stream ended.`);
}
