/** What a file of events may be. */
export type FileFormat = 'csv' | 'ndjson' | 'combined';

const BY_NAME: [name: RegExp, format: FileFormat][] = [
  [/\.csv(\.gz)?$/i, 'csv'],
  [/\.(ndjson|jsonl)(\.gz)?$/i, 'ndjson'],
  [/\.log(\.\d+)?(\.gz)?$/i, 'combined'],
];

/** @returns undefined where a file's name doesn't say */
export function formatOfName(name: string): FileFormat | undefined {
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1];
}
