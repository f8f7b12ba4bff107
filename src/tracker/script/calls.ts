import { now } from './clock.js';
import { warn } from './guard.js';
import { send } from './queue.js';
import { script } from './settings.js';
import { hasIds, storage, USER, newId, whose } from './visitor.js';

type Properties = Record<string, unknown>;

/** Where the visitor is: never the query string. Some applications keep their routes in the hash. */
export const path = (): string => location.pathname + (location.hash.match(/^#[/!][^?]*/) || '');

export const track = (event: string, properties?: Properties): void => {
  make('track', { event, properties: { path: path(), ...properties } });
};

/** What the server takes for an id. */
const ID = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** The visitor is this user from now on; of nobody nothing is told. Without an id it's whom it was. */
export const identify = (id?: unknown, traits?: unknown): void => {
  if (!hasIds) return;
  if (typeof id === 'object') traits = id || traits;
  else if (id !== undefined) {
    // Numbers are written as text.
    if (id === !!id || !ID.test(id as string)) {
      warn('no user');
      return;
    }
    // Where there's no room for the new one, what follows isn't the old one's.
    delete storage[USER];
    storage[USER] = id as string;
  }
  make('identify', { traits });
};

/** The path is the moment's, the title what it is by then. */
export const page = (properties?: Properties): void => {
  const { referrer, title } = document;
  const own: Properties = { path: path(), title };
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name.startsWith('utm_')) own[name] = value;
  }
  const [source] = referrer.split(/[?#]/);
  if (source && !source.startsWith(location.origin + '/')) own['referrer'] = source;
  make('page', { properties: { ...own, ...properties } });
};

const make = (type: string, fields: Properties): void => {
  send({
    type,
    ...fields,
    ...whose(),
    messageId: newId(),
    timestamp: now(),
    writeKey: script.dataset['key'],
  });
};
