import { describe, expect, it } from '@jest/globals';
import { OverloadedError } from '../../common/errors.js';
import type { NormalisedEvent } from '../normalise.js';
import { WriteQueue } from './write-queue.js';

function events(count: number, properties?: string): NormalisedEvent[] {
  return Array.from({ length: count }, () => ({
    time: 0,
    id: '0190a1b2-0000-7000-8000-000000000001',
    user: 'u',
    isAnonymous: false,
    bot: false,
    name: 'click',
    source: undefined,
    properties,
    identity: undefined,
  }));
}

describe('WriteQueue', () => {
  it('gives all that wait, up to 10,000 events, and no request in part', () => {
    const queue = new WriteQueue();
    for (const count of [4_000, 5_000, 2_000, 10_000]) void queue.push(events(count));
    expect(queue.waitingEvents).toBe(21_000);
    const groups = Array.from({ length: 3 }, () =>
      queue.takeGroup().map((one) => one.events.length),
    );
    expect(groups).toEqual([[4_000, 5_000], [2_000], [10_000]]);
    expect(queue.isEmpty).toBe(true);
    expect(queue.waitingEvents).toBe(0);
  });

  it('gives a request alone that is larger than a batch', () => {
    const queue = new WriteQueue();
    void queue.push(events(12_000));
    void queue.push(events(1));
    expect(queue.takeGroup()).toHaveLength(1);
    expect(queue.takeGroup()).toHaveLength(1);
  });

  it('is full at 60,000 events, until those that were taken are released', () => {
    const queue = new WriteQueue();
    for (let request = 0; request < 6; request += 1) void queue.push(events(10_000));
    expect(() => queue.push(events(1))).toThrow(OverloadedError);
    const group = queue.takeGroup();
    expect(() => queue.push(events(1))).toThrow(OverloadedError);
    queue.release(group);
    void queue.push(events(10_000));
    expect(() => queue.push(events(1))).toThrow(OverloadedError);
  });

  it('is full at 32 MB', () => {
    const queue = new WriteQueue();
    const large = 'x'.repeat(30_000);
    for (let request = 0; request < 5; request += 1) void queue.push(events(100, large));
    expect(() => queue.push(events(100, large))).toThrow(OverloadedError);
    queue.release(queue.takeGroup());
    void queue.push(events(100, large));
  });
});
