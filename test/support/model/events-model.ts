import type { Filter, Scalar } from '../../../src/query/language/query.js';

/** An event as it was sent. */
export interface ModelEvent {
  time: number;
  id: string;
  /** Null for nobody. */
  user: string | null;
  name: string;
  source: string;
  bot: boolean;
  properties: Record<string, unknown>;
  /** Whether its user was erased, so that it's of no one, but not of nobody. */
  isErased?: boolean;
}

export function isNobodys({ user, isErased }: ModelEvent): boolean {
  return user === null && !isErased;
}

/** Those whose name begins so are anonymous users; all others are known. */
export const ANONYMOUS = 'anonymous-';
const KINDS: Record<string, string> = { click: 'click', impression: 'impression' };

/** What a server should know, kept in the plainest way there is. */
export class EventsModel {
  readonly events = new Map<string, ModelEvent>();
  /** Anonymous user to known one. */
  readonly merges = new Map<string, string>();
  readonly traits = new Map<string, Record<string, unknown>>();
  /** Of all sources. */
  private horizon = Number.NEGATIVE_INFINITY;
  private readonly sourceHorizons = new Map<string, number>();

  /** Raw events of a source are there from here on; those of all sources without one. */
  horizonOf(source?: string): number {
    if (source === undefined) return Math.max(this.horizon, ...this.sourceHorizons.values());
    return Math.max(this.horizon, this.sourceHorizons.get(source) ?? Number.NEGATIVE_INFINITY);
  }

  /** Never back. */
  moveHorizon(to: number, source?: string): void {
    if (source === undefined) this.horizon = Math.max(this.horizon, to);
    else this.sourceHorizons.set(source, Math.max(this.horizonOf(source), to));
  }

  isRaw({ time, source }: ModelEvent): boolean {
    return time >= this.horizonOf(source);
  }

  /** A second one with the same key changes nothing, and one below its source's horizon is refused. */
  insert(event: ModelEvent): void {
    const key = `${event.time} ${event.id} ${event.user}`;
    if (this.isRaw(event) && !this.events.has(key)) this.events.set(key, { ...event });
  }

  /** Raw events that are there; what lies below the horizon stays counted. */
  remove(isRemoved: (event: ModelEvent) => boolean): void {
    for (const [key, event] of this.events) {
      if (this.isRaw(event) && isRemoved(event)) this.events.delete(key);
    }
  }

  /** Below the horizon the counts stay, and point to no one. */
  erase(erased: string): void {
    this.remove(({ user }) => user === erased);
    for (const event of this.events.values()) {
      if (event.user === erased) Object.assign(event, { user: null, isErased: true });
    }
  }

  personOf({ user }: ModelEvent): string | null {
    return user === null ? null : (this.merges.get(user) ?? user);
  }

  /** The value of a field as JSON has it; undefined where it's absent or null. */
  valueOf(event: ModelEvent, field: Filter extends infer F ? FieldOf<F> : never): unknown {
    switch (field.of) {
      case 'event':
        return event.name;
      case 'kind':
        return KINDS[event.name] ?? 'none';
      case 'source':
        return event.source;
      case 'property':
        return own(event.properties, field.name);
      default: {
        const person = this.personOf(event);
        return person === null ? undefined : own(this.traits.get(person) ?? {}, field.name);
      }
    }
  }

  passes(event: ModelEvent, filter: Filter): boolean {
    switch (filter.test) {
      case 'and':
        return filter.filters.every((part) => this.passes(event, part));
      case 'or':
        return filter.filters.some((part) => this.passes(event, part));
      case 'not':
        return !this.passes(event, filter.filter);
      case 'exists':
        return this.valueOf(event, filter.field) !== undefined;
      case 'is':
        return filter.values.some((value) => equals(this.valueOf(event, filter.field), value));
      case 'contains': {
        const text = textOf(this.valueOf(event, filter.field));
        return text !== undefined && filter.texts.some((part) => text.includes(part));
      }
      default: {
        const text = textOf(this.valueOf(event, filter.field));
        return text !== undefined && filter.texts.some((pattern) => matches(text, pattern));
      }
    }
  }
}

/** Not what every object has. */
function own(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

type FieldOf<F> = F extends { field: infer Field } ? Field : never;

function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function equals(value: unknown, expected: Scalar): boolean {
  return expected === null ? value === undefined : textOf(value) === String(expected);
}

/** By trying every way. */
function matches(text: string, pattern: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') {
    return Array.from({ length: text.length + 1 }, (_, index) => index).some((index) =>
      matches(text.slice(index), pattern.slice(1)),
    );
  }
  const isSame = text !== '' && (pattern[0] === '?' || pattern[0] === text[0]);
  return isSame && matches(text.slice(1), pattern.slice(1));
}
