/** The providers' halves; a new one is imported and listed here. */
import type { SandboxHalf } from '../contract/sandbox-half';
import { sandboxHalf as linkface } from '../providers/linkface/sandbox';
import { sandboxHalf as tencentMarket } from '../providers/tencent-market/sandbox';
import { sandboxHalf as westdex } from '../providers/westdex/sandbox';
import { sandboxHalf as xhey } from '../providers/xhey/sandbox';
import { FAULT_VALUES } from './faults';

export const HALVES: readonly SandboxHalf[] = [xhey, linkface, tencentMarket, westdex];

/** What chooses an answer; `provider` is empty where all have it. */
export const SPECIAL_VALUES = [
  ...HALVES.map(({ provider, specialValues }) => ({ provider, specialValues })),
  { provider: '', specialValues: FAULT_VALUES },
].flatMap(({ provider, specialValues }) =>
  specialValues.map(([value, en, zh]) => ({ provider, value, en, zh })),
);
