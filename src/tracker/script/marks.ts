import { track } from './calls.js';

const FURTHER = /^analytics(?!Click$|Impression)[A-Z]/;

/** Sends that something happened to a marked element, with what else its attributes say. */
export const tell = (event: string, element: HTMLElement, value: string): void => {
  const LENGTH = 9;
  const properties: Record<string, unknown> = {};
  for (const key in element.dataset) {
    if (FURTHER.test(key))
      properties[key[LENGTH]!.toLowerCase() + key.slice(LENGTH + 1)] = element.dataset[key];
  }
  properties['element'] = value;
  track(event, properties);
};
