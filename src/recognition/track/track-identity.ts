import type { Identity, IdentityEvidence, Person, StageTimes } from '../../core/face.js';
import { mostLooks } from './best-looks.js';
import { judgeFace } from '../heads/classifier.js';
import { distanceTo, leaning, marginOf, type Match, type NamingRules } from '../decision/decision.js';

/** A change of what is thought of a track that somebody may want to hear of. */
export interface IdentityTransition {
  /**
   * `recognized`: a face without a name got one; `changed`: a name was replaced or withdrawn; `unknown`: first
   * decided to be a stranger.
   */
  readonly kind: 'recognized' | 'unknown' | 'changed';
  readonly identity: Identity;
  readonly previous: Identity;
}

/** What the gallery says of a track's looks. */
export interface TrackView {
  /** The looks that have a say, oldest first; one or more. */
  readonly looks: readonly Match[];
  /** The newest look, which may have been too poor to stay among them. */
  readonly newest: Match;
  /** The looks' fused embedding. */
  readonly fused: Pick<Match, 'nearest' | 'vector'>;
  /** Of the newest look. */
  readonly times: StageTimes;
}

/** Fewest looks in favour: for a first name, to replace a name, and for a stranger. */
const looksToName = 3;
const looksToRename = 5;
const looksForStranger = 5;
/** Share of the looks that a decision needs besides. */
const clearMajority = 2 / 3;
/** Summed quality of the looks in favour that a decision needs besides: one flawless look's worth. */
const leastWeight = 1;

/**
 * Who a track is. The fused embedding of its best looks must pass the rules, and enough single looks must bear it out;
 * the rules and their reasons stand in docs/recognition.md. No single look ever names, renames or un-names anybody.
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

  /** Whether there is a decision and the newest look does not speak against it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Decides anew after a look. */
  decide(view: TrackView, rules: NamingRules): IdentityTransition | undefined {
    return this.#decide(view, rules, view.looks.length >= mostLooks);
  }

  /**
   * Decides anew because the gallery or the rules have changed and with them what each look says. A name that no look
   * bears out any more is dropped at once.
   */
  reconsider(view: TrackView, rules: NamingRules): IdentityTransition | undefined {
    return this.#decide(view, rules, true);
  }

  #decide(view: TrackView, rules: NamingRules, mayDrop: boolean): IdentityTransition | undefined {
    const previous = this.#identity;
    if (mayDrop && isRefuted(previous, view, rules)) this.#identity = { state: 'undecided' };
    const verdict = judgeFace(view.fused.vector, view.fused.nearest, rules);
    if (verdict !== 'unclear' && this.#convinces(verdict, view, rules)) {
      this.#identity = decision(verdict, view, rules);
    }
    this.#settled =
      this.#identity.state !== 'undecided' && speaksFor(view.newest, personOf(this.#identity), rules);
    return transition(previous, this.#identity);
  }

  /** Whether the single looks are enough for what the fused embedding says, given the decision that stands. */
  #convinces(verdict: Person | null, view: TrackView, rules: NamingRules): boolean {
    const named = personOf(this.#identity);
    // People turn their heads: a name is withdrawn only when no look bears it out.
    if (named && !verdict) return false;
    const { inFavour, total, weight } = tally(verdict, view, rules);
    if (inFavour < clearMajority * total || weight < leastWeight) return false;
    if (!verdict) return inFavour >= looksForStranger;
    return inFavour >= (named && named.id !== verdict.id ? looksToRename : looksToName);
  }
}

/** Whether a name stands that nothing bears out any more: no look leans to it, or somebody said that it is wrong. */
function isRefuted(identity: Identity, { looks, fused }: TrackView, rules: NamingRules): boolean {
  const named = personOf(identity);
  if (!named) return false;
  const ruledOut = fused.nearest.some(({ person, rejected }) => person.id === named.id && rejected);
  return ruledOut || !looks.some((look) => speaksFor(look, named, rules));
}

/** Whether a look by itself is in favour of a name, or of nobody's. */
function speaksFor({ nearest, vector }: Match, person: Person | null, rules: NamingRules): boolean {
  if (person) return leaning(nearest, rules)?.id === person.id;
  const verdict = judgeFace(vector, nearest, rules);
  return verdict === null || verdict === 'unclear';
}

function tally(
  person: Person | null,
  { looks }: TrackView,
  rules: NamingRules,
): { inFavour: number; total: number; weight: number } {
  const inFavour = looks.filter((look) => speaksFor(look, person, rules));
  const weight = inFavour.reduce((sum, { quality }) => sum + quality, 0);
  return { inFavour: inFavour.length, total: looks.length, weight };
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
    crops: view.looks.map((look) => ({
      quality: look.quality,
      distance: look.nearest[0]?.distance ?? null,
      person: leaning(look.nearest, rules),
    })),
    nearest,
    quality: view.newest.quality,
    times: view.times,
  };
  return person ? { state: 'known', person, evidence } : { state: 'unknown', evidence };
}

function transition(previous: Identity, identity: Identity): IdentityTransition | undefined {
  const before = personOf(previous);
  const now = personOf(identity);
  if (previous.state === identity.state && before?.id === now?.id) return undefined;
  if (identity.state === 'undecided' && !before) return undefined;
  const kind = before ? 'changed' : now ? 'recognized' : 'unknown';
  return { kind, identity, previous };
}

function personOf(identity: Identity): Person | null {
  return identity.state === 'known' ? identity.person : null;
}
