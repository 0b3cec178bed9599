import type { TrackChange, TrackState } from '../core/track-state.js';
import {
  cameraOffline,
  cameraOnline,
  cameraOverloaded,
  cameraRecovered,
  identityChanged,
  identityConfirmed,
  identityHeld,
  identityRecognized,
  identityUnclear,
  identityUnknown,
  trackEnded,
  trackStarted,
  type TrackReport,
} from './build-event.js';
import type { CameraRef, EventDraft } from './identity-event.js';

export interface TrackEventPublisherOptions {
  readonly camera: CameraRef;
  readonly events: { publish(draft: EventDraft): void };
}

/** Turns changes of a camera and its tracks into events and publishes them, in the order of the calls. */
export class TrackEventPublisher {
  readonly #options: TrackEventPublisherOptions;

  constructor(options: TrackEventPublisherOptions) {
    this.#options = options;
  }

  /**
   * Publishes the event for a change of a track's state. A doubt about somebody without a name is none of the subscribers'
   * business: nobody acts on it, and it settles a moment later or ends the track.
   */
  changed(change: TrackChange): void {
    if (!isDoubtOfUnknown(change)) this.#publish(this.#draftOf(change));
  }

  /** Publishes that the camera shows pictures (again). */
  online(): void {
    this.#publish(cameraOnline(this.#options.camera));
  }

  /** Publishes that the camera stopped showing pictures. @param reason without credentials */
  offline(reason: { readonly code: string; readonly message: string } | null): void {
    this.#publish(cameraOffline(this.#options.camera, reason));
  }

  /** Publishes that the camera is searched for faces too seldom. */
  overloaded(reason: { readonly code: string; readonly message: string }): void {
    this.#publish(cameraOverloaded(this.#options.camera, reason));
  }

  /** Publishes that the camera is searched often enough again. */
  recovered(): void {
    this.#publish(cameraRecovered(this.#options.camera));
  }

  #publish(draft: EventDraft): void {
    this.#options.events.publish(draft);
  }

  #draftOf(change: TrackChange): EventDraft {
    switch (change.type) {
      case 'started':
        return trackStarted(this.#report(change, change.after));
      case 'identified':
        return this.#identified(change, this.#report(change, change.after));
      case 'ended':
        return trackEnded(this.#report(change, change.before));
    }
  }

  #identified(
    { kind, before }: Extract<TrackChange, { type: 'identified' }>,
    report: TrackReport,
  ): EventDraft {
    switch (kind) {
      case 'recognized':
        return identityRecognized(report);
      case 'unknown':
        return identityUnknown(report);
      case 'unclear':
        return identityUnclear(report);
      case 'changed':
        return identityChanged(report, before.identity);
      case 'held':
        return identityHeld(report);
      case 'confirmed':
        return identityConfirmed(report);
    }
  }

  #report({ track, frame }: TrackChange, { key, identity }: TrackState): TrackReport {
    return { camera: this.#options.camera, track, trackKey: key, identity, frame };
  }
}

function isDoubtOfUnknown(change: TrackChange): boolean {
  if (change.type !== 'identified') return false;
  const { kind, before, after } = change;
  if (kind === 'held') return before.identity.state === 'unknown';
  return kind === 'confirmed' && after.identity.state === 'unknown';
}
