import { describe, expect, it } from '@jest/globals';
import { parseImportOptions } from './import-options.js';

describe('parseImportOptions', () => {
  it.each([
    [['a.csv'], { file: 'a.csv', format: 'csv', rejectedFile: 'a.csv.rejected' }],
    [['a.CSV.gz'], { format: 'csv' }],
    [['a.ndjson'], { format: 'ndjson' }],
    [['a.csv', '--source', '😀'.repeat(100)], { source: '😀'.repeat(100) }],
    [['a.jsonl.gz', '--source', 'shop'], { format: 'ndjson', source: 'shop' }],
    [['access.log', '--site', 'example.com'], { format: 'combined', site: 'example.com' }],
    [['access.log.1.gz', '--site=www.example.com'], { format: 'combined' }],
    [['-', '--format', 'csv'], { file: '-', rejectedFile: 'stdin.rejected' }],
    [['a.txt', '--format', 'csv', '--rejected', 'r'], { format: 'csv', rejectedFile: 'r' }],
  ])('%j', (argv, expected) => {
    expect(parseImportOptions(argv)).toMatchObject(expected);
  });

  it('is undefined for help', () => {
    expect(parseImportOptions(['--help'])).toBeUndefined();
  });

  it.each([
    [[], 'Name one FILE'],
    [['a.csv', 'b.csv'], 'Name one FILE'],
    [['a.txt'], 'What is a.txt?'],
    [['-'], 'What is -?'],
    [['a.csv', '--format', 'xml'], '--format must be csv, ndjson or combined'],
    [['access.log'], 'needs --site'],
    [['access.log', '--site', 'https://example.com/'], '--site must be a host name'],
    [['a.csv', '--site', 'example.com'], '--site belongs to'],
    [['a.csv', '--rejected', './a.csv'], '--rejected must name a file, and another'],
    [['a.csv', '--rejected', ''], '--rejected must name a file'],
    [['a.csv', '--source', 's'.repeat(101)], '--source must be text of 1 to 100 characters'],
    [['a.csv', '--source', 'a\tb'], '--source must be text of 1 to 100 characters'],
    [['a.csv', '--source', ''], '--source must be text of 1 to 100 characters'],
    [['a.csv', '--sites', 'example.com'], '--sites'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseImportOptions(argv)).toThrow(message);
  });
});
