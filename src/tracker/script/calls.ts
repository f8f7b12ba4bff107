import { now } from './clock.js';
import { send } from './queue.js';
import { isNobody, storage, USER, uuid, whose } from './visitor.js';

type Properties = Record<string, unknown>;

/** Where the visitor is: never the query string. Some applications keep their routes in the hash. */
export const path = (): string =>
  location.pathname + (/^#[/!][^?]*/.exec(location.hash)?.[0] || '');

export const track = (event: string, properties?: Properties): void => {
  make('track', { event, properties: { path: path(), ...properties } });
};

/** The visitor is this user from now on; of nobody nothing is told. */
export const identify = (id?: string, traits?: Properties): void => {
  if (isNobody) return;
  if (id) storage[USER] = id;
  make('identify', { traits });
};

/** The path is the moment's, the title what it is by then. */
export const page = (properties?: Properties): void => {
  const { referrer, title } = document;
  const more: Properties = {};
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (name.startsWith('utm_')) more[name] = value;
  }
  const [source] = referrer.split(/[?#]/);
  if (source && !source.startsWith(`${location.origin}/`)) more['referrer'] = source;
  make('page', { properties: { path: path(), title, ...more, ...properties } });
};

const make = (type: string, fields: Properties): void => {
  const call = {
    type,
    ...fields,
    ...whose(),
    messageId: uuid(),
    timestamp: now(),
  };
  send(call);
};
