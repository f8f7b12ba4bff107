import { describe, expect, it } from '@jest/globals';
import { filterBy, filterText, valueText, withFilter, type Filter } from './filters.js';

describe('filters', () => {
  it.each<[Filter, string]>([
    [filterBy('event', 'click'), 'event is click'],
    [filterBy('property:path', '/a'), 'path is /a'],
    [filterBy('trait:plan', null), 'plan is absent'],
    [['is_not', 'source', ['a', 'b']], 'source is not a or b'],
    [['exists', 'trait:plan'], 'plan is there'],
    [['not', ['is', 'event', ['a']]], 'not (event is a)'],
    [
      [
        'or',
        [
          ['is', 'event', ['a']],
          ['contains', 'property:path', ['x']],
        ],
      ],
      '(event is a) or (path contains x)',
    ],
  ])('%j is told as: %s', (filter, text) => {
    expect(filterText(filter)).toBe(text);
  });

  it('are added once', () => {
    const one = withFilter([], filterBy('event', 'click'));
    expect(withFilter(one, filterBy('event', 'click'))).toEqual(one);
    expect(withFilter(one, filterBy('event', 'view'))).toHaveLength(2);
  });

  it.each([
    [null, '(none)'],
    ['', '(empty)'],
    [0, '0'],
    [false, 'false'],
    [{ a: 1 }, '{"a":1}'],
  ])('the value %j is shown as %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });
});
