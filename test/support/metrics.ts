/** Figures as Prometheus reads them. */
export class Metrics {
  private readonly samples: { name: string; labels: Record<string, string>; value: number }[];

  /** @param text in Prometheus's text format */
  constructor(readonly text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(readSample);
  }

  /** Fetches them. */
  static async of(base: string): Promise<Metrics> {
    const response = await fetch(`${base}/metrics`, { headers: { Connection: 'close' } });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return new Metrics(await response.text());
  }

  /** The names of all samples. */
  get names(): Set<string> {
    return new Set(this.samples.map(({ name }) => name));
  }

  /** All values that a label has, of any sample. */
  labelValues(label: string): string[] {
    return [...new Set(this.samples.map(({ labels }) => labels[label]))].filter(
      (value) => value !== undefined,
    );
  }

  /**
   * @param name without the prefix of this server's own
   * @param wanted labels that count; of the others all
   * @returns the sum of those; 0 where there are none
   */
  sum(name: string, wanted: Record<string, string> = {}): number {
    return this.samples
      .filter((sample) => sample.name === `user_analytics_${name}`)
      .filter(({ labels }) =>
        Object.entries(wanted).every(([label, value]) => labels[label] === value),
      )
      .reduce((sum, { value }) => sum + value, 0);
  }
}

function readSample(line: string) {
  const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label, text]) => [label!, text!])),
    value: Number(value),
  };
}
