import type { TrackChange, TrackState } from '../core/track-state.js';
import {
  cameraOffline,
  cameraOnline,
  identityChanged,
  identityRecognized,
  identityUnknown,
  trackEnded,
  trackStarted,
  type Sighting,
} from './build-event.js';
import type { CameraRef, EventDraft } from './identity-event.js';

export interface TrackEventPublisherOptions {
  readonly camera: CameraRef;
  readonly events: { publish(draft: EventDraft): void };
}

/** Publishes what becomes of a camera and its tracks, in the order in which it is called. */
export class TrackEventPublisher {
  readonly #options: TrackEventPublisherOptions;

  constructor(options: TrackEventPublisherOptions) {
    this.#options = options;
  }

  /** The state of a track changed. */
  changed(change: TrackChange): void {
    this.#publish(this.#draftOf(change));
  }

  /** The camera shows pictures (again). */
  online(): void {
    this.#publish(cameraOnline(this.#options.camera));
  }

  /** The camera stopped showing pictures. @param reason carries no credentials */
  offline(reason: { readonly code: string; readonly message: string } | null): void {
    this.#publish(cameraOffline(this.#options.camera, reason));
  }

  #publish(draft: EventDraft): void {
    this.#options.events.publish(draft);
  }

  #draftOf(change: TrackChange): EventDraft {
    switch (change.type) {
      case 'started':
        return trackStarted(this.#sighting(change, change.after));
      case 'identified':
        return this.#identified(change, this.#sighting(change, change.after));
      case 'ended':
        return trackEnded(this.#sighting(change, change.before));
    }
  }

  #identified(
    { kind, before }: Extract<TrackChange, { type: 'identified' }>,
    sighting: Sighting,
  ): EventDraft {
    switch (kind) {
      case 'recognized':
        return identityRecognized(sighting);
      case 'unknown':
        return identityUnknown(sighting);
      case 'changed':
        return identityChanged(sighting, before.identity);
    }
  }

  #sighting({ track, frame }: TrackChange, { key, identity }: TrackState): Sighting {
    return { camera: this.#options.camera, track, trackKey: key, identity, frame };
  }
}
