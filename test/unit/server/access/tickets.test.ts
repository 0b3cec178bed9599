import { describe, expect, it } from 'vitest';
import { Tickets } from '../../../../src/server/access/tickets.js';

const hall = { name: 'hall', role: 'viewer' } as const;

describe('Tickets', () => {
  it('stand for whom they were issued to, once', () => {
    const tickets = new Tickets();
    const { ticket } = tickets.issue(hall);
    expect(ticket).toMatch(/^[\w-]{43}$/);
    expect(tickets.redeem(ticket)).toEqual(hall);
    expect(tickets.redeem(ticket)).toBeUndefined();
  });

  it('are of no use after 30 s, or when they were never issued', () => {
    let now = 1_000_000;
    const tickets = new Tickets(() => now);
    const { ticket, expiresAt } = tickets.issue(hall);
    const later = tickets.issue(hall);
    expect(expiresAt).toEqual(new Date(1_030_000));
    now += 29_999;
    expect(tickets.redeem(ticket)).toEqual(hall);
    now += 1;
    expect(tickets.redeem(later.ticket)).toBeUndefined();
    expect(tickets.redeem('')).toBeUndefined();
  });

  it('are forgotten, the oldest first, when there are far too many', () => {
    const tickets = new Tickets();
    const first = tickets.issue(hall);
    const second = tickets.issue(hall);
    for (let i = 2; i < 10_001; i += 1) tickets.issue(hall);
    expect(tickets.redeem(first.ticket)).toBeUndefined();
    expect(tickets.redeem(second.ticket)).toEqual(hall);
  });
});
