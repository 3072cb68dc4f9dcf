/** Behind the sandbox's base URL of xhey: what is sent there has its photos downloaded. */
export const FETCHING = '/fetching';
/**
 * A photo in hand gets an address with a random name: only this gives the sandbox the name of its file. Commas
 * between the names, in the order of the photos; empty where a name chooses nothing.
 */
export const NAMES_HEADER = 'x-sandbox-names';
