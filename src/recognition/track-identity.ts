import type { Identity, IdentityEvidence, Person } from '../core/face.js';
import { judge, marginOf, type Match, type VotingRules } from './decision.js';

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

/** Crops that have a say: the newest. */
export const votingWindow = 7;
/** Fewest votes in favour: for a first name, to replace a name, and for a stranger. */
const votesToName = 3;
const votesToRename = 5;
const votesForStranger = 5;
/** Share of the votes that a decision needs besides. */
const clearMajority = 2 / 3;

interface Vote {
  readonly match: Match;
  /** Null for a stranger. */
  readonly person: Person | null;
}

interface Tally {
  readonly person: Person | null;
  readonly inFavour: number;
  readonly total: number;
  /** The newest match that spoke for it. */
  readonly newest: Match;
}

/**
 * Who a track is, by vote of its newest crops; the rules and their reasons stand in docs/recognition.md. No single
 * crop ever names, renames or un-names anybody.
 */
export class TrackIdentity {
  #votes: Vote[] = [];
  #identity: Identity = { state: 'undecided' };
  #settled = false;

  get identity(): Identity {
    return this.#identity;
  }

  /** Whether there is a decision and the newest crop does not speak against it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Takes in the newest crop. */
  add(match: Match, rules: VotingRules): IdentityTransition | undefined {
    const vote = castVote(match, rules);
    if (vote) this.#votes = [...this.#votes, vote].slice(-votingWindow);
    return this.#decide(rules);
  }

  /**
   * Votes anew with these crops, oldest first, because the gallery or the rules have changed and with them what each
   * crop says. A name that none of them bears out any more is dropped at once.
   */
  reconsider(matches: readonly Match[], rules: VotingRules): IdentityTransition | undefined {
    const previous = this.#identity;
    this.#votes = matches.flatMap((match) => castVote(match, rules) ?? []).slice(-votingWindow);
    const named = personOf(previous);
    if (named && !this.#votes.some(({ person }) => person?.id === named.id))
      this.#identity = { state: 'undecided' };
    this.#decide(rules);
    return transition(previous, this.#identity);
  }

  #decide(rules: VotingRules): IdentityTransition | undefined {
    const previous = this.#identity;
    const leader = this.#leader();
    const newest = this.#votes.at(-1);
    if (leader && this.#convinces(leader)) this.#identity = decision(leader, rules);
    this.#settled =
      this.#identity.state !== 'undecided' && newest?.person?.id === personOf(this.#identity)?.id;
    return transition(previous, this.#identity);
  }

  /** Whether the votes are enough for this decision, given the one that stands. */
  #convinces({ person, inFavour, total }: Tally): boolean {
    if (inFavour < clearMajority * total) return false;
    const named = personOf(this.#identity);
    // People turn their heads: a name is withdrawn only when no crop of the window bears it out.
    if (!person) return inFavour >= (named ? votingWindow : votesForStranger);
    return inFavour >= (named && named.id !== person.id ? votesToRename : votesToName);
  }

  /** The decision with most votes; of two with as many, the one with the newest. */
  #leader(): Tally | undefined {
    const tallies = new Map<string | null, Tally>();
    const total = this.#votes.length;
    for (const { person, match } of this.#votes) {
      const key = person?.id ?? null;
      const inFavour = (tallies.get(key)?.inFavour ?? 0) + 1;
      tallies.delete(key);
      tallies.set(key, { person, inFavour, total, newest: match });
    }
    return [...tallies.values()].reduce<Tally | undefined>(
      (best, tally) => (best && best.inFavour > tally.inFavour ? best : tally),
      undefined,
    );
  }
}

/** Undefined for a crop that cannot tell two people apart. */
function castVote(match: Match, rules: VotingRules): Vote | undefined {
  const verdict = judge(match.nearest, rules);
  return verdict === 'unclear' ? undefined : { match, person: verdict };
}

function decision(tally: Tally, rules: VotingRules): Identity {
  const { person, newest } = tally;
  const distance = newest.nearest[0]?.distance ?? null;
  const same = distance === null ? 0 : rules.samePerson(distance);
  const evidence: IdentityEvidence = {
    distance,
    threshold: rules.threshold,
    margin: marginOf(newest.nearest),
    confidence: person ? same : 1 - same,
    votes: { total: tally.total, inFavour: tally.inFavour },
    nearest: newest.nearest,
    quality: newest.quality,
  };
  return person ? { state: 'known', person, evidence } : { state: 'unknown', evidence };
}

function transition(previous: Identity, identity: Identity): IdentityTransition | undefined {
  const before = personOf(previous);
  const now = personOf(identity);
  if (identity.state === 'undecided' || (previous.state === identity.state && before?.id === now?.id))
    return undefined;
  const kind = before ? 'changed' : now ? 'recognized' : 'unknown';
  return { kind, identity, previous };
}

function personOf(identity: Identity): Person | null {
  return identity.state === 'known' ? identity.person : null;
}
