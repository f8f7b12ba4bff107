import { describe, expect, it } from '@jest/globals';
import { readRequestFields } from './request-fields.js';
import { Refusal } from './refusal.js';

const FORM = 'application/x-www-form-urlencoded';

function read(query: string, body = '', contentType?: string): unknown {
  const result = readRequestFields(query, { bytes: Buffer.from(body), contentType });
  return result instanceof Refusal ? result.code : result;
}

describe('readRequestFields', () => {
  it.each([
    ['the query', 'timestamp=1&user=3&event=click&id=7', '', undefined],
    ['JSON', '', '{"timestamp":"1","user":"3","event":"click","id":"7"}', 'application/json'],
    ['a form', '', 'timestamp=1&user=3&event=click&id=7', FORM],
    [
      'JSON as text/plain',
      '',
      '{"timestamp":"1","user":"3","event":"click","id":"7"}',
      'text/plain;charset=UTF-8',
    ],
    ['JSON without a type', '', '{"timestamp":"1","user":"3","event":"click","id":"7"}', undefined],
    ['both', 'timestamp=1&user=3', '{"event":"click","id":"7"}', 'application/json'],
  ])('reads %s', (_, query, body, contentType) => {
    expect(read(query, body, contentType)).toEqual({
      timestamp: '1',
      user: '3',
      event: 'click',
      id: '7',
    });
  });

  it('leaves what others add alone', () => {
    expect(read('user=3&utm_source=a&utm_source=b&&')).toEqual({ user: '3' });
    expect(read('user=3&utm_source=50%&%FF=3')).toEqual({ user: '3' });
    expect(read('', '{"user":"3","constructor":1,"__proto__":{"event":"click"}}')).toEqual({
      user: '3',
    });
  });

  it('decodes once', () => {
    expect(read('user=a+b%2Bc%253D&event=%F0%9F%98%80')).toEqual({
      user: 'a b+c%3D',
      event: '😀',
    });
    expect(read('user=a=b&id')).toEqual({ user: 'a=b', id: '' });
  });

  it.each([
    ['malformed_query', 'user=%E', '', undefined],
    ['malformed_query', 'user=%FF', '', undefined],
    ['repeated_field', 'user=1&user=1', '', undefined],
    ['repeated_field', 'user=1', 'user=1', FORM],
    ['repeated_field', '', 'user=1&user=2', FORM],
    ['unreadable_body', '', 'user=%E', FORM],
    ['unreadable_body', '', '[]', 'application/json'],
    ['unreadable_body', '', '"user"', 'application/json'],
    ['unreadable_body', '', '{', 'text/plain'],
    ['unsupported_content_type', '', '<user/>', 'application/xml'],
    ['unsupported_charset', '', '{}', 'application/json; charset=utf-16'],
  ])('%s: %s %s', (code, query, body, contentType) => {
    expect(read(query, body, contentType)).toBe(code);
  });
});
