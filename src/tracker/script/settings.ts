/** The element that brought this script. */
export const script = document.currentScript as HTMLScriptElement;

/** Where events are sent: the address that the script came from, unless its element names another. */
export const api = (): string => script.dataset['api'] || script.src.split(/[?#]/)[0]!;
