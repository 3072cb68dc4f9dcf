/** A real Chromium, and what a page in it complains of. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

const { PICTURES } = process.env;

/** Without a screen, and without asking anything of the network by itself. */
const SWITCHES = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A form that does not come within this time does not come at all. */
const WAIT_MS = 60_000;

/**
 * What Node-RED's own editor throws: its panels are resized now and then while they are still being made, and its tips begin a second
 * after it was opened, whether their panel is there by then or not. Nothing of ours does either.
 */
const NOT_OURS =
  /Cannot read properties of (?:null \(reading 'resize'\)|undefined \(reading 'html'\)\s+at [^\n]*\/red\/(?:red|main)\.min\.js)/;

export interface Opened {
  page: Page;
  /** Errors in the console, and requests to another machine. */
  complaints: string[];
  close(): Promise<void>;
}

let shared: Promise<Browser> | undefined;

/** The browser of this machine, one for all pages of this process; it ends with the process. */
export function browser(): Promise<Browser> {
  const executablePath = () => execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  shared ??= chromium.launch({ executablePath: executablePath(), args: SWITCHES });
  return shared;
}

/** Keeps a picture of a page, where somebody wants to look at them: `PICTURES` names their folder. */
export async function keepPicture(page: Page, name: string, fullPage = false): Promise<void> {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
}

/**
 * Opens an editor, as somebody who has not been there before, and waits until it has its palette and its flows.
 * @param address of the editor
 * @param locale of the browser
 */
export async function openEditor(address: string, locale: string): Promise<Opened> {
  const context = await (await browser()).newContext({ locale, viewport: { width: 1440, height: 1000 } });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => {
    const thrown = error.stack ?? String(error);
    if (!NOT_OURS.test(thrown)) complaints.push(thrown);
  });
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && hostname !== '127.0.0.1') complaints.push(request.url());
  });
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(address);
  await page.waitForSelector('.red-ui-palette-node[data-palette-type="inject"]');
  // The editor loads the flows after the palette, and opens its first sidebar after that.
  await page.waitForSelector('.red-ui-tab');
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
  return { page, complaints, close: () => context.close() };
}
