import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Workplace } from '../support/program.js';

describe('the tracker of the built program', () => {
  let place: Workplace;
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.clear());

  it.each(['1', '2'])('is found by TRACKER_PATH, too, with %s processes', async (workers) => {
    const env = { TRACKER_PATH: '/assets/shop.js', WEB_CONCURRENCY: workers };
    const { url } = await place.startReady({ env });
    const [usual, own] = await Promise.all(
      ['/analytics.js', '/assets/shop.js'].map((path) => fetch(url + path)),
    );
    expect(own!.status).toBe(200);
    expect(await own!.text()).toBe(await usual!.text());
    const batch = [{ type: 'page', anonymousId: 'a-1' }];
    const body = JSON.stringify({ batch });
    const answer = await fetch(`${url}/assets/shop.js`, { method: 'POST', body });
    expect(await answer.json()).toEqual({ success: true });
  });
});
