/** What kind of news an event is; it decides the colour. */
const KINDS = {
  'sightline.identity.recognized': 'recognised',
  'sightline.identity.unknown': 'unknown',
  'sightline.identity.unclear': 'unclear',
  'sightline.identity.changed': 'changed',
  'sightline.identity.held': 'passing',
  'sightline.identity.confirmed': 'passing',
  'sightline.track.started': 'passing',
  'sightline.track.ended': 'passing',
  'sightline.camera.online': 'online',
  'sightline.camera.offline': 'offline',
  'sightline.camera.overloaded': 'offline',
  'sightline.camera.recovered': 'online',
  'sightline.recognition.calibrated': 'changed',
  'sightline.gallery.photo-set-aside': 'changed',
  'sightline.gallery.look-alikes': 'changed',
};

/** What is wrong with a look at a face, by the part of its quality that is lowest. */
const WEAKNESSES = {
  size: 'too small',
  pose: 'turned away',
  sharpness: 'blurred',
  noise: 'too noisy',
  blocks: 'too compressed or enlarged',
  exposure: 'too dark or too bright',
  eyes: 'eyes covered',
  mouth: 'mouth covered',
  visibility: 'partly hidden',
};

/** Stands for the name of somebody who was erased since. */
const ERASED = '(erased)';

/** The types of events that are listed always; those of faces that only come and go are not. */
export const LISTED_TYPES = Object.keys(KINDS).filter((type) => KINDS[type] !== 'passing');

/** `recognised`, `unknown`, `unclear`, `changed`, `passing`, `online` or `offline`. */
export function kindOf(event) {
  return KINDS[event.type] ?? 'passing';
}

/**
 * An event in one sentence for people. `known` is who it is known to be now: somebody named or renamed since has that name;
 * null when nobody is known, for instance because somebody said that the name was wrong; undefined in a live event.
 */
export function sentenceOf({ type, data, person: known }) {
  if (type === 'sightline.recognition.calibrated') return calibrationSentence(data);
  const place = data.camera?.name;
  if (type === 'sightline.gallery.photo-set-aside')
    return `A photo of ${data.identity?.name ?? ERASED} is set aside`;
  if (type === 'sightline.gallery.look-alikes')
    return `${data.people.map(({ name }) => name).join(' and ')} look alike`;
  const person = known?.name ?? data.identity?.name;
  if (known === null && data.identity) return `${data.identity.name}, which was wrong, on ${place}`;
  switch (type) {
    case 'sightline.identity.recognized':
      return `${person ?? ERASED} recognised on ${place}`;
    case 'sightline.identity.unknown':
      if (known?.name) return `${known.name}, a stranger then, on ${place}`;
      return data.unknown ? strangerOn(data.unknown, place) : `Unknown person on ${place}`;
    case 'sightline.identity.unclear':
      return known?.name
        ? `${known.name}, seen poorly, on ${place}`
        : `Somebody seen too poorly to tell (${WEAKNESSES[data.poorView?.reason] ?? 'poor view'}) on ${place}`;
    case 'sightline.identity.changed':
      return person === undefined
        ? `No longer sure of ${data.previous?.name ?? ERASED} on ${place}`
        : `${person}, not ${data.previous?.name ?? ERASED}, on ${place}`;
    case 'sightline.identity.held':
      return `Not sure at the moment that it is ${heldName(data.held)} on ${place}`;
    case 'sightline.identity.confirmed':
      return `Still ${person ?? numbered(data.unknown)} on ${place}`;
    case 'sightline.track.started':
      return `A face came into view on ${place}`;
    case 'sightline.track.ended':
      return `${person ?? (data.unknown ? `Unknown ${data.unknown.number}` : 'A face')} left the view of ${place}`;
    case 'sightline.camera.online':
      return `${place} is live`;
    case 'sightline.camera.offline':
      return `${place} went offline`;
    case 'sightline.camera.overloaded':
      return `${place} is overloaded`;
    case 'sightline.camera.recovered':
      return `${place} is no longer overloaded`;
    default:
      return `${type} on ${place}`;
  }
}

function calibrationSentence({ people, threshold: { before, after } }) {
  if (people === 0)
    return `A name needs a distance of ${after.toFixed(2)} now, without local people to compare with`;
  return `A name needs a distance of ${after.toFixed(2)} now, ${before.toFixed(2)} before: calibrated on ${people} local people`;
}

function heldName(held) {
  return held?.identity?.name ?? numbered(held?.unknown);
}

function numbered(unknown) {
  return unknown ? `unknown ${unknown.number}` : 'the same unknown person';
}

function strangerOn({ number, seen }, place) {
  const times = seen === 1 ? 'for the first time' : `seen ${seen} times`;
  return `Unknown ${number} on ${place}, ${times}`;
}

/** Why it is so, in a sentence or two; empty when there is nothing to add. */
export function reasonOf({ data }) {
  return data.why?.summary ?? data.reason?.message ?? '';
}

/** The figures behind an event about a face, as pairs of a label and a value. */
export function figuresOf({ data }) {
  if (data.track === undefined) return [];
  const votes = data.why.votes;
  return [
    [
      'Distance',
      data.distance === null ? null : `${data.distance.toFixed(2)} (limit ${data.threshold.toFixed(2)})`,
    ],
    ['Calibrated on', data.why.calibratedOn && `${data.why.calibratedOn} local people`],
    ['Margin', data.margin?.toFixed(2)],
    ['Votes', votes && `${votes.inFavour} of ${votes.total}`],
    ['Quality', data.quality === null ? null : percent(data.quality)],
    ['Face', `${Math.round(data.box.width)} × ${Math.round(data.box.height)} px`],
    ['Track', `${data.track.id}, ${(data.track.ageMs / 1000).toFixed(1)} s`],
  ].filter(([, value]) => value !== null && value !== undefined);
}

/** A part of one as a percentage. */
export function percent(part) {
  return `${Math.round(part * 100)} %`;
}
