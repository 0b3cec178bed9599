import type { NewEvent } from '../core/event-store.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { EventDataByType, EventType } from '../events/identity-event.js';
import type { Logger } from '../observability/logger.js';

/**
 * Logs one line for each event that whoever reads the log wants to know of: a camera that goes or comes back, a name that is
 * told, thresholds that moved, and what recognition no longer believes of the gallery.
 *
 * @returns ends it
 */
export function logEvents(publisher: Pick<EventPublisher, 'onStored'>, log: Logger): () => void {
  return publisher.onStored((events) => {
    for (const event of events) logEvent(event, log);
  });
}

function logEvent({ type, cameraId: camera, data }: NewEvent, log: Logger): void {
  switch (type as EventType) {
    case 'sightline.camera.online':
      return log.info({ camera }, 'The camera is online');
    case 'sightline.camera.offline': {
      const { reason } = data as EventDataByType['sightline.camera.offline'];
      return log.info({ camera, code: reason?.code, reason: reason?.message }, 'The camera is offline');
    }
    case 'sightline.identity.recognized':
    case 'sightline.identity.changed': {
      const { identity, distance } = data as EventDataByType['sightline.identity.recognized'];
      if (identity === null) return;
      return log.info({ camera, person: identity.id, distance }, `${identity.name} is recognised`);
    }
    case 'sightline.recognition.calibrated': {
      const figures = data as EventDataByType['sightline.recognition.calibrated'];
      return log.info(figures, `Thresholds are calibrated on ${figures.people} local people`);
    }
    case 'sightline.gallery.photo-set-aside': {
      const { identity, photo, reason } = data as EventDataByType['sightline.gallery.photo-set-aside'];
      return log.info({ person: identity?.id, photo: photo.id, code: reason.code }, reason.message);
    }
    case 'sightline.gallery.look-alikes': {
      const { people, threshold, reason } = data as EventDataByType['sightline.gallery.look-alikes'];
      return log.info({ people: people.map(({ id }) => id), threshold }, reason.message);
    }
    default:
  }
}
