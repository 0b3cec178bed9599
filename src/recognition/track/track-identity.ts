import type { Identity, IdentityEvidence, Person, StageTimes } from '../../core/face.js';
import type { DecisionKind } from '../../core/track-state.js';
import { mostObservations } from './observations.js';
import { judgeFace } from '../heads/classifier.js';
import { distanceTo, leaning, marginOf, type Match, type NamingRules } from '../decision/decision.js';

/** A decision that changes who a track is. */
export interface IdentityDecision {
  readonly kind: DecisionKind;
  readonly identity: Identity;
}

/** What the gallery says of a track's observations. */
export interface TrackView {
  /** The observations that have a say, oldest first; one or more. */
  readonly observations: readonly Match[];
  /** The newest observation, which may have been too poor to stay among them. */
  readonly newest: Match;
  /** The observations' fused embedding. */
  readonly fused: Pick<Match, 'nearest' | 'vector'>;
  /** Of the newest observation. */
  readonly times: StageTimes;
}

/** Fewest observations in favour: for a first name, to replace a name, and for a stranger. */
const observationsToName = 3;
const observationsToRename = 5;
const observationsForStranger = 5;
/** Share of the observations that a decision needs besides. */
const clearMajority = 2 / 3;
/** Summed quality of the observations in favour that a decision needs besides: one flawless observation's worth. */
const leastWeight = 1;

/**
 * Who a track is. The fused embedding of its best observations must pass the rules, and enough single observations must bear it out;
 * the rules and their reasons stand in docs/recognition.md. No single observation ever names, renames or un-names anybody.
 */
export class TrackIdentity {
  #identity: Identity;
  #settled = false;

  constructor(identity: Identity = { state: 'undecided' }) {
    this.#identity = identity;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** Whether there is a decision and the newest observation does not speak against it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Decides anew after an observation. */
  decide(view: TrackView, rules: NamingRules): IdentityDecision | undefined {
    return this.#decide(view, rules, view.observations.length >= mostObservations);
  }

  /**
   * Decides anew because the gallery or the rules have changed and with them what each observation says. A name that no observation
   * bears out any more is dropped at once.
   */
  reconsider(view: TrackView, rules: NamingRules): IdentityDecision | undefined {
    return this.#decide(view, rules, true);
  }

  #decide(view: TrackView, rules: NamingRules, mayDrop: boolean): IdentityDecision | undefined {
    const previous = this.#identity;
    if (mayDrop && isRefuted(previous, view, rules)) this.#identity = { state: 'undecided' };
    const verdict = judgeFace(view.fused.vector, view.fused.nearest, rules);
    if (verdict !== 'unclear' && this.#convinces(verdict, view, rules)) {
      this.#identity = decision(verdict, view, rules);
    }
    this.#settled =
      this.#identity.state !== 'undecided' && speaksFor(view.newest, personOf(this.#identity), rules);
    return change(previous, this.#identity);
  }

  /** Whether the single observations are enough for what the fused embedding says, given the decision that stands. */
  #convinces(verdict: Person | null, view: TrackView, rules: NamingRules): boolean {
    const named = personOf(this.#identity);
    // People turn their heads: a name is withdrawn only when no observation bears it out.
    if (named && !verdict) return false;
    const { inFavour, total, weight } = tally(verdict, view, rules);
    if (inFavour < clearMajority * total || weight < leastWeight) return false;
    if (!verdict) return inFavour >= observationsForStranger;
    return inFavour >= (named && named.id !== verdict.id ? observationsToRename : observationsToName);
  }
}

/** Whether a name stands that nothing bears out any more: no observation leans to it, or somebody said that it is wrong. */
function isRefuted(identity: Identity, { observations, fused }: TrackView, rules: NamingRules): boolean {
  const named = personOf(identity);
  if (!named) return false;
  const ruledOut = fused.nearest.some(({ person, rejected }) => person.id === named.id && rejected);
  return ruledOut || !observations.some((observation) => speaksFor(observation, named, rules));
}

/** Whether an observation by itself is in favour of a name, or of nobody's. */
function speaksFor({ nearest, vector }: Match, person: Person | null, rules: NamingRules): boolean {
  if (person) return leaning(nearest, rules)?.id === person.id;
  const verdict = judgeFace(vector, nearest, rules);
  return verdict === null || verdict === 'unclear';
}

function tally(
  person: Person | null,
  { observations }: TrackView,
  rules: NamingRules,
): { inFavour: number; total: number; weight: number } {
  const inFavour = observations.filter((observation) => speaksFor(observation, person, rules));
  const weight = inFavour.reduce((sum, { quality }) => sum + quality, 0);
  return { inFavour: inFavour.length, total: observations.length, weight };
}

function decision(person: Person | null, view: TrackView, rules: NamingRules): Identity {
  const { inFavour, total, weight } = tally(person, view, rules);
  const { nearest } = view.fused;
  const distance = distanceTo(person, nearest);
  const same = distance === null ? 0 : rules.samePerson(distance);
  const evidence: IdentityEvidence = {
    distance,
    threshold: rules.threshold,
    falseNameRate: rules.falseNameRate,
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

function personOf(identity: Identity): Person | null {
  return identity.state === 'known' ? identity.person : null;
}
