import type { DecidedIdentity, Identity, IdentityEvidence, Person, StageTimes } from '../../core/face.js';
import type { DecisionKind } from '../../core/track-state.js';
import { isClear } from '../../core/face-quality.js';
import { mostObservations } from './observations.js';
import { judgeFace } from '../heads/classifier.js';
import { distanceTo, leaning, marginOf, thresholdOf, type Match, type DecisionRules } from '../decision/decision.js';

/** An identity by itself, whether or not it is in doubt. */
export type PlainIdentity = Exclude<Identity, { readonly state: 'held' }>;

/** A decision that changes who a track is. */
export interface IdentityDecision {
  readonly kind: DecisionKind;
  readonly identity: Identity;
}

/** A track's observations with their nearest people in the gallery. */
export interface TrackView {
  /** The observations that count, oldest first; at least one. */
  readonly observations: readonly Match[];
  /** The newest observation, which may be too poor to be among them. */
  readonly newest: Match;
  /** The observations' fused embedding. */
  readonly fused: Pick<Match, 'nearest' | 'vector'>;
  /** Times of the newest observation. */
  readonly times: StageTimes;
  /** The interval between searches at present, in ms. */
  readonly searchIntervalMs: number;
}

/**
 * Least observations in favour of a decision: for a first name, to replace a name, and for an unknown person, of whom only
 * clear ones count.
 */
const observationsToName = 3;
const observationsToRename = 5;
const observationsForUnknown = 5;
/** For an unknown person when they lie far apart: they show different moments, and nobody waits for five. */
const observationsForUnknownFarApart = 3;
const farApartMs = 400;
/** For an unknown person when the track has ended, and nobody waits for five. */
const observationsForUnknownAtEnd = 3;
/** Share of the observations that must also be in favour. */
const clearMajority = 2 / 3;
/** Least summed quality of the observations in favour: that of one perfect observation. */
const leastWeight = 1;

/**
 * Decides who a track is. The fused embedding of its best observations must pass the rules, and enough single
 * observations must support the result; docs/recognition.md gives the rules and their reasons. While a track goes on, a single
 * observation never names, renames or un-names anybody.
 */
export class TrackIdentity {
  #identity: PlainIdentity;
  #settled = false;

  constructor(identity: PlainIdentity = { state: 'undecided' }) {
    this.#identity = identity;
  }

  get identity(): PlainIdentity {
    return this.#identity;
  }

  /** Whether there is a decision and the newest observation does not contradict it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Decides again after an observation. @returns the decision if it changes who the track is */
  decide(view: TrackView, rules: DecisionRules): IdentityDecision | undefined {
    return this.#decide(view, rules, { mayDrop: view.observations.length >= mostObservations });
  }

  /**
   * Decides again after the gallery or the rules changed. A name that no observation supports any more is dropped at
   * once.
   */
  reconsider(view: TrackView, rules: DecisionRules): IdentityDecision | undefined {
    return this.#decide(view, rules, { mayDrop: true });
  }

  /**
   * Decides after the last observation, like `reconsider`. Fewer observations than usual are enough for a first decision
   * when each of them would have led to it by itself.
   */
  conclude(view: TrackView, rules: DecisionRules): IdentityDecision | undefined {
    return this.#decide(view, rules, { mayDrop: true, isLast: true });
  }

  #decide(
    view: TrackView,
    rules: DecisionRules,
    { mayDrop, isLast = false }: { readonly mayDrop: boolean; readonly isLast?: boolean },
  ): IdentityDecision | undefined {
    const previous = this.#identity;
    if (mayDrop && isRefuted(previous, view, rules)) this.#identity = { state: 'undecided' };
    const verdict = judgeFace(view.fused.vector, view.fused.nearest, rules);
    const isConvincing =
      verdict !== 'unclear' &&
      (this.#convinces(verdict, view, rules) ||
        (isLast && previous.state === 'undecided' && isPlain(verdict, view, rules)));
    if (isConvincing) this.#identity = decision(verdict, view, rules);
    this.#settled =
      this.#identity.state !== 'undecided' && speaksFor(view.newest, personOf(this.#identity), rules);
    return change(previous, this.#identity);
  }

  /** Whether enough single observations support the verdict on the fused embedding, given the current decision. */
  #convinces(verdict: Person | null, view: TrackView, rules: DecisionRules): boolean {
    const named = personOf(this.#identity);
    // People turn their heads, so a name is only withdrawn when no observation supports it (`isRefuted`).
    if (named && !verdict) return false;
    const { inFavour, total, weight } = tally(verdict, view, rules);
    if (inFavour < clearMajority * total || weight < leastWeight) return false;
    if (!verdict) {
      const isFarApart = view.searchIntervalMs > farApartMs;
      return inFavour >= (isFarApart ? observationsForUnknownFarApart : observationsForUnknown);
    }
    return inFavour >= (named && named.id !== verdict.id ? observationsToRename : observationsToName);
  }
}

/**
 * Whether every single observation says what all of them fused say, not only leaning to it. Their number may be too low
 * then, but not what they weigh together.
 */
function isPlain(verdict: Person | null, view: TrackView, rules: DecisionRules): boolean {
  if (tally(verdict, view, rules).weight < leastWeight) return false;
  const { observations } = view;
  if (!verdict) {
    const clear = observations.filter(({ quality }) => isClear(quality));
    const isEnough = clear.length >= observationsForUnknownAtEnd;
    return isEnough && observations.every(({ nearest }) => leaning(nearest, rules) === null);
  }
  return observations.every(({ vector, nearest }) => isPerson(judgeFace(vector, nearest, rules), verdict));
}

/** Whether the current name must go: no observation supports it any more, or a counterexample rules it out. */
function isRefuted(identity: Identity, { observations, fused }: TrackView, rules: DecisionRules): boolean {
  const named = personOf(identity);
  if (!named) return false;
  const ruledOut = fused.nearest.some(({ person, rejected }) => person.id === named.id && rejected);
  return ruledOut || !observations.some((observation) => speaksFor(observation, named, rules));
}

/** Whether a single observation supports a person, or for null that nobody enrolled has this face. */
function speaksFor({ nearest, vector }: Match, person: Person | null, rules: DecisionRules): boolean {
  if (person) return leaning(nearest, rules)?.id === person.id;
  const verdict = judgeFace(vector, nearest, rules);
  return verdict === null || verdict === 'unclear';
}

/**
 * Counts the observations in favour of a person, or for null of a stranger. A poor observation that resembles nobody says
 * nothing: somebody enrolled would look the same in it.
 */
function tally(
  person: Person | null,
  { observations }: TrackView,
  rules: DecisionRules,
): { inFavour: number; total: number; weight: number } {
  const isInFavour = (observation: Match): boolean => speaksFor(observation, person, rules);
  const telling = person
    ? observations
    : observations.filter((observation) => isClear(observation.quality) || !isInFavour(observation));
  const inFavour = telling.filter(isInFavour);
  const weight = inFavour.reduce((sum, { quality }) => sum + quality, 0);
  return { inFavour: inFavour.length, total: telling.length, weight };
}

function decision(person: Person | null, view: TrackView, rules: DecisionRules): DecidedIdentity {
  const { inFavour, total, weight } = tally(person, view, rules);
  const { nearest } = view.fused;
  const distance = distanceTo(person, nearest);
  const same = distance === null ? 0 : rules.samePerson(distance);
  const evidence: IdentityEvidence = {
    distance,
    threshold: thresholdOf(nearest.find((each) => each.person.id === person?.id) ?? {}, rules),
    falseNameRate: rules.falseNameRate,
    calibratedOn: rules.calibratedOn,
    margin: marginOf(nearest),
    confidence: person ? same : 1 - same,
    votes: { total, inFavour },
    weight,
    crops: view.observations.map((observation) => ({
      quality: observation.quality,
      distance: observation.nearest[0]?.distance ?? null,
      person: leaning(observation.nearest, rules),
    })),
    nearest,
    quality: view.newest.quality,
    times: view.times,
  };
  return person ? { state: 'known', person, evidence } : { state: 'unknown', evidence };
}

function change(previous: Identity, identity: Identity): IdentityDecision | undefined {
  const before = personOf(previous);
  const now = personOf(identity);
  if (previous.state === identity.state && before?.id === now?.id) return undefined;
  if (identity.state === 'undecided' && !before) return undefined;
  const kind = before ? 'changed' : now ? 'recognized' : 'unknown';
  return { kind, identity };
}

function isPerson(verdict: Person | null | 'unclear', person: Person): boolean {
  return verdict !== null && verdict !== 'unclear' && verdict.id === person.id;
}

function personOf(identity: Identity): Person | null {
  return identity.state === 'known' ? identity.person : null;
}
