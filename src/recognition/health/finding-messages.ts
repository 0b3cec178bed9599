import type { Person } from '../../core/face.js';
import type { SetAside } from '../../core/people-store.js';

/** Why a photo is, or should be, set aside, in one or two sentences for people. */
export function setAsideMessage(
  person: Person,
  { reason, ownDistance, otherDistance, other }: Omit<SetAside, 'at'>,
): string {
  const own = `the other photos of ${person.name} are at ${ownDistance.toFixed(2)}`;
  switch (reason) {
    case 'looks-like-other':
      return `A photo of ${person.name} looks like ${other?.name ?? 'somebody else'} at distance ${(otherDistance ?? 0).toFixed(2)}, and ${own}.`;
    case 'unlike-own':
      return `A photo of ${person.name} does not look like ${person.name}: ${own}.`;
    case 'poor':
      return `A photo of ${person.name} is poor, and ${person.name} has better ones: ${own}.`;
  }
}

export function disagreementMessage({ name }: Person, groups: readonly (readonly unknown[])[]): string {
  const sizes = groups.map((group) => group.length).join(' and ');
  return `The photos of ${name} show different people (${sizes} that agree), and nothing says which are right. Remove those that are wrong.`;
}

export function sameFaceMessage([first, second]: readonly [Person, Person], distance: number): string {
  return `${first.name} and ${second.name} have the same face at distance ${distance.toFixed(2)}, so neither is named. If they are one person, merge them; else remove the photos that are wrong.`;
}
