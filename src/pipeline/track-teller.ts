import { randomUUID } from 'node:crypto';
import type { Identity, Track, UnknownRef } from '../core/face.js';
import type { Frame } from '../core/image.js';
import { identityDecided, trackEnded, trackStarted, type Sighting } from '../events/build-event.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { CameraRef, EventDraft } from '../events/identity-event.js';
import type { Transition } from '../recognition/track/recognizer.js';
import type { UnknownPeople } from '../recognition/unknown/unknown-people.js';

export type FrameRef = Pick<Frame, 'sequence' | 'width' | 'height' | 'capturedAt'>;

export interface TrackTellerOptions {
  readonly camera: CameraRef;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  /** Tells strangers apart and keeps who was seen; undefined when this camera only detects. */
  readonly people: Pick<UnknownPeople, 'identify' | 'recognized'> | undefined;
  /** What recognition thinks of a track. */
  readonly identity: (trackId: number) => Identity;
  /** Told when people could not be kept. */
  readonly onError: (error: unknown) => void;
}

/**
 * Tells what becomes of one camera and its tracks, as events in the order in which it happened. A stranger is told of
 * when it is known which one it is.
 */
export class TrackTeller {
  readonly #options: TrackTellerOptions;
  readonly #run = randomUUID();
  readonly #unknown = new Map<number, UnknownRef>();
  #last: Promise<void> = Promise.resolve();
  /** Nobody waits for it but the end. */
  #kept: Promise<void> = Promise.resolve();

  constructor(options: TrackTellerOptions) {
    this.#options = options;
  }

  /** Who a track is, as far as is known now. */
  identity(trackId: number): Identity {
    return this.#withUnknown(trackId, this.#options.identity(trackId));
  }

  started(track: Track, frame: FrameRef): void {
    const identity = this.#options.identity(track.id);
    this.#tell(() => trackStarted(this.#sighting(track, identity, frame)));
  }

  /** To be called before recognition forgets the track. */
  ended(track: Track, frame: FrameRef): void {
    const identity = this.#options.identity(track.id);
    this.#tell(() => {
      const draft = trackEnded(this.#sighting(track, identity, frame));
      this.#unknown.delete(track.id);
      return draft;
    });
  }

  /** People are told at once: what the looks say means something to the model in use now, which may change. */
  decided(track: Track, transition: Transition): void {
    const { identity, previous, frame } = transition;
    const apart = identity.state === 'unknown' ? this.#tellApart(track, transition) : undefined;
    this.#tell(async () => {
      this.#unknown.delete(track.id);
      const unknown = await apart;
      if (unknown) this.#unknown.set(track.id, unknown);
      return identityDecided(this.#sighting(track, identity, frame), previous);
    });
    if (identity.state !== 'known') return;
    const before = this.#kept;
    this.#kept = this.#keepKnown(track, transition, identity.person.id).then(() => before);
  }

  /** Tells of the camera itself, after all that was told of its tracks. */
  camera(draft: EventDraft): void {
    this.#tell(() => draft);
  }

  /** Resolves when everything has been told and everybody is kept. */
  async close(): Promise<void> {
    await this.#last;
    await this.#kept;
  }

  #tell(make: () => EventDraft | null | Promise<EventDraft | null>): void {
    this.#last = this.#last
      .then(make)
      .then((draft) => {
        if (draft !== null) this.#options.publisher.publish(draft);
      })
      .catch(this.#options.onError);
  }

  /** Never rejects. */
  async #tellApart(track: Track, transition: Transition): Promise<UnknownRef | undefined> {
    const { people, onError } = this.#options;
    try {
      return await people?.identify(this.#seen(track, transition));
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  /** Never rejects. */
  async #keepKnown(track: Track, transition: Transition, personId: string): Promise<void> {
    const { people, onError } = this.#options;
    await people?.recognized(this.#seen(track, transition), personId).catch(onError);
  }

  #seen(track: Track, { frame, looks }: Transition) {
    const faces = looks.map(({ quality, vector, crop }) => ({ quality, vector, crop }));
    return { key: this.#key(track), cameraId: this.#options.camera.id, seenAt: frame.capturedAt, faces };
  }

  #sighting(track: Track, identity: Identity, frame: FrameRef): Sighting {
    const { camera } = this.#options;
    return {
      camera,
      track,
      trackKey: this.#key(track),
      identity: this.#withUnknown(track.id, identity),
      frame,
    };
  }

  #withUnknown(trackId: number, identity: Identity): Identity {
    const unknown = this.#unknown.get(trackId);
    return identity.state === 'unknown' && unknown ? { ...identity, unknown } : identity;
  }

  #key({ id }: Track): string {
    return `${this.#options.camera.id}/${this.#run}/${id}`;
  }
}
