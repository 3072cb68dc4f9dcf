/** Behind the sandbox's base URL of xhey: what is sent there has its photos downloaded. */
export const FETCHING = '/fetching';
