import { describe, expect, it } from '@jest/globals';
import { isTrackerPath } from './tracker-path.js';

describe('isTrackerPath', () => {
  it.each(['/a', '/assets/shop.js', '/a-b_c/1.2.js', '/analytics.js', '/v1.js', '/.well/x'])(
    'takes %s',
    (path) => expect(isTrackerPath(path)).toBe(true),
  );

  it.each([
    '',
    '/',
    'a.js',
    '//a.js',
    '/a.js/',
    '/a//b',
    '/../a',
    '/a/..',
    '/a/./b',
    '/a b',
    '/a?b',
    '/a#b',
    '/:a',
    '/*a',
    '/%61',
    '/ä',
    '/a\\b',
    'https://example.com/a.js',
    '/analytics',
    '/analytics/batch',
    '/Analytics/x.js',
    '/v1/a.js',
    '/batch',
    '/i/v0/e',
    '/docs',
    '/docs-json',
    '/health/a.js',
    '/dashboard/a.js',
  ])('refuses %j', (path) => expect(isTrackerPath(path)).toBe(false));
});
