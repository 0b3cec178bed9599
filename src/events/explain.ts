import type { Identity, IdentityEvidence } from '../core/face.js';

/** One or two sentences for people: why a face was, or was not, named. */
export function explain(identity: Identity): string {
  if (identity.state === 'undecided') return 'Recognition has not decided about this face.';
  if (identity.state === 'known') return explainKnown(identity.person.name, identity.evidence);
  return explainUnknown(identity.evidence);
}

function explainKnown(name: string, evidence: IdentityEvidence): string {
  const { votes, margin } = evidence;
  const agreement = `${votes.inFavour} of ${votes.total} looks at this face say ${name}.`;
  if (evidence.distance === null) return agreement;
  const runnerUp = margin === null ? '' : `; the next person is ${figure(margin)} further away`;
  return (
    `${agreement} The nearest photo is at distance ${figure(evidence.distance)}, ` +
    `a name needs ${figure(evidence.threshold)} or less${runnerUp}.`
  );
}

function explainUnknown(evidence: IdentityEvidence): string {
  const nearest = evidence.nearest[0];
  if (nearest === undefined) return 'Nobody is enrolled yet, so nobody can be named.';
  const measured = `The nearest person is ${nearest.person.name} at distance ${figure(nearest.distance)}`;
  if (nearest.distance > evidence.threshold) {
    return `${measured}; a name needs ${figure(evidence.threshold)} or less.`;
  }
  return (
    `${measured}, near enough for a name (${figure(evidence.threshold)}), but not clearly enough: ` +
    `${evidence.votes.inFavour} of ${evidence.votes.total} looks at this face speak for a stranger.`
  );
}

function figure(distance: number): string {
  return distance.toFixed(2);
}
