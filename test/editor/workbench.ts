/** An empty editor, worked as a person works it: with the mouse and the keyboard. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { ROOT } from '../demo-process';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { keepPicture, type Opened, openEditor } from './browser';

export const { version: VERSION } = require(`${process.env.NODE_RED || 'node-red'}/package.json`) as {
  version: string;
};

/** For what a person does again when nothing came of it, as it was done before the editor was ready for it. */
const AGAIN_MS = 1_000;
export const TRIES = 10;

/** What can be open over the flows, the uppermost first. */
const CANCELS = [
  '.red-ui-notification button:visible',
  '#red-ui-clipboard-dialog-cancel',
  '#node-config-dialog-cancel',
  '#node-dialog-cancel',
];

/** By language of the runtime: one for all tests of this process that look only at what they deployed. It ends with the process. */
const running = new Map<string, Promise<NodeRed>>();

/** A node in the tab that is deployed. */
export function placed(
  [x, y]: readonly [number, number],
  id: string,
  type: string,
  wires: string[][],
  more: object = {},
): object {
  return { id, type, z: 'tab', x, y, wires, ...more };
}

export class Workbench {
  readonly page: Page;
  readonly complaints: string[];

  private constructor(
    readonly locale: string,
    readonly nodeRed: NodeRed,
    private readonly opened: Opened,
  ) {
    this.page = opened.page;
    this.complaints = opened.complaints;
  }

  /**
   * Opens the editor of a Node-RED with nothing but these flows.
   * @param locale of the browser
   * @param lang of the runtime, in settings.js
   */
  static async open(locale: string, flows: object[] = [], lang = locale): Promise<Workbench> {
    const started = running.get(lang) ?? startNodeRed({}, { lang });
    running.set(lang, started);
    const nodeRed = await started;
    await nodeRed.deploy(flows);
    return new Workbench(locale, nodeRed, await openEditor(nodeRed.address, locale));
  }

  /** The same with a Node-RED of its own, which has done nothing yet and is for the caller to stop. */
  static async alone(locale: string, flows: object[]): Promise<Workbench> {
    const nodeRed = await startNodeRed({}, { lang: locale });
    await nodeRed.deploy(flows);
    return new Workbench(locale, nodeRed, await openEditor(nodeRed.address, locale));
  }

  async close(): Promise<void> {
    await this.opened.close();
  }

  /** After each test: nothing was complained of, and what it left open when it failed is closed for the next. */
  async tidy(): Promise<void> {
    for (const cancel of CANCELS) {
      const button = this.page.locator(cancel).first();
      for (let tries = 1; tries <= TRIES && (await button.isVisible()); tries++) {
        // What still slides in cannot be clicked yet, and what is going away by itself cannot any more.
        await button.click({ timeout: AGAIN_MS }).catch(() => {});
        await button.waitFor({ state: 'hidden', timeout: AGAIN_MS }).catch(() => {});
      }
    }
    assert.deepEqual(this.complaints.splice(0), []);
  }

  /** Does something until it took effect. */
  async insist(action: () => Promise<unknown>, effect: Locator): Promise<void> {
    for (let tries = 1; ; tries++) {
      await action();
      try {
        return await effect.waitFor({ timeout: AGAIN_MS });
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  /** Drags a node from the palette into the flow. Gives its id. */
  async place(type: string, x: number, y: number): Promise<string> {
    const entry = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await entry.scrollIntoViewIfNeeded();
    const flow = (await this.page.locator('#red-ui-workspace-chart').boundingBox())!;
    await this.drag(entry, flow.x + x, flow.y + y);
    return String(await this.page.evaluate('RED.view.selection().nodes[0].id'));
  }

  /** Drags a wire from an output to an input. */
  async wire(from: string, to: string, output = 0): Promise<void> {
    const end = (await this.node(to).locator('.red-ui-flow-port-input .red-ui-flow-port').boundingBox())!;
    const port = this.node(from).locator('.red-ui-flow-port-output .red-ui-flow-port').nth(output);
    await this.drag(port, end.x + end.width / 2, end.y + end.height / 2);
  }

  private async drag(from: Locator, x: number, y: number): Promise<void> {
    const start = (await from.boundingBox())!;
    await this.page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
    await this.page.mouse.down();
    await this.page.mouse.move(x, y, { steps: 8 });
    await this.page.mouse.up();
  }

  /** A node as it stands in the flow. */
  node(id: string): Locator {
    return this.page.locator(`[id="${id}"]`);
  }

  /** Opens a node's form. */
  async edit(id: string): Promise<void> {
    await this.node(id).locator('.red-ui-flow-node').dblclick();
    await this.opens('#node-dialog-ok');
  }

  /** Nobody writes into a form while it slides in: it is ready once the editor has put the cursor into it. */
  private async opens(button: string): Promise<void> {
    await this.page.waitForSelector(button, { state: 'visible' });
    await this.page.waitForFunction(`$('.red-ui-tray').last().has(document.activeElement).length === 1`);
    await this.page.waitForFunction('document.getAnimations().length === 0');
  }

  /** Opens the form of a config node. */
  async editConfig(type: string, id: string): Promise<void> {
    await this.page.evaluate(`RED.editor.editConfig('', '${type}', '${id}')`);
    await this.page.waitForSelector('#node-config-dialog-ok', { state: 'visible' });
  }

  /** Closes the form on top, and changes nothing. */
  async cancel(form: 'node' | 'node-config' = 'node'): Promise<void> {
    await this.page.click(`#${form}-dialog-cancel`);
    await this.page.waitForSelector(`#${form}-dialog-cancel`, { state: 'detached' });
  }

  /** Presses the test button of a form and gives what it shows in this state. */
  async test(type: string, state: string): Promise<string[]> {
    await this.page.click(`#${type}-test`);
    const result = this.page.locator(`#${type}-test-result[data-state="${state}"]`);
    await result.waitFor({ state: 'visible' });
    return result.locator('div').allTextContents();
  }

  /** Closes the open form of a node. */
  async done(): Promise<void> {
    await this.page.click('#node-dialog-ok');
    await this.page.waitForSelector('#node-dialog-ok', { state: 'detached' });
  }

  /** Opens the form of a new account, from the form of a node. */
  async newAccount(): Promise<void> {
    await this.page.click('#node-input-btn-account-add');
    await this.opens('#node-config-dialog-ok');
  }

  /** Opens the form of a node's account, from the form of the node. */
  async editAccount(): Promise<void> {
    await this.page.click('#node-input-btn-account-edit');
    await this.opens('#node-config-dialog-ok');
  }

  /** Chooses an account that is there already, in the form of a node. */
  async chooseAccount(label: string): Promise<void> {
    await this.page.selectOption('#node-input-account', { label });
  }

  /** Closes the open form of an account. */
  async accountDone(): Promise<void> {
    await this.page.click('#node-config-dialog-ok');
    await this.page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    await this.page.waitForSelector('#node-dialog-ok', { state: 'visible' });
    await this.page.waitForFunction('document.getAnimations().length === 0');
  }

  /** Shows the tab of a form that has a field, where the form has tabs. */
  async reveal(field: string): Promise<void> {
    const tab = await this.page.evaluate(`$('${field}').closest('[data-tab]').data('tab')`);
    if (tab) await this.page.locator(`form:visible #red-ui-tab-${tab} a`).click();
  }

  /**
   * Writes into a typed input.
   * @param field its selector
   * @param type to choose, as a typed input names it
   */
  async write(field: string, type: string, text: string): Promise<void> {
    const input = this.page.locator(`${field} ~ .red-ui-typedInput-container`).first();
    if ((await this.page.evaluate(`$('${field}').first().typedInput('type')`)) !== type) {
      await input.locator('.red-ui-typedInput-type-select').click();
      // The menu unrolls, and then the editor puts the cursor into it, which may scroll what is to be clicked.
      const menu = this.page.locator('.red-ui-typedInput-options:visible');
      await menu.locator('a:focus').waitFor();
      await this.page.waitForFunction(`$('.red-ui-typedInput-options:animated').length === 0`);
      await menu.locator(`a[value="${type}"]`).click();
      await menu.waitFor({ state: 'hidden' });
    }
    await input.locator('.red-ui-typedInput-input').fill(text);
  }

  /** What is said of a wrong value that is marked; shown at once and not after the mouse has rested on it. */
  async tooltip(field: string): Promise<string | null> {
    if ((await this.page.locator(`${field}.input-error`).count()) === 0) return null;
    await this.page.evaluate(`$('${field}').data('tooltip').open(true)`);
    // One that the mouse had opened may still be closing.
    const text = await this.page.locator('.red-ui-popover:visible').last().textContent();
    await this.page.evaluate(`$('${field}').data('tooltip').close(true)`);
    return String(text);
  }

  /** Presses the deploy button and waits until the flows are deployed. */
  async deploy(): Promise<void> {
    await this.page.click('#red-ui-header-button-deploy');
    await this.page.waitForFunction('!RED.nodes.dirty()');
    // The editor may hear of it before the flows have started.
    const revision = await this.page.evaluate('RED.nodes.version()');
    await until(() => this.nodeRed.output().includes(`"runtime-deploy","payload":{"revision":"${revision}"`));
  }

  /** Presses the button of an inject node. */
  async press(inject: string): Promise<void> {
    await this.node(inject).locator('.red-ui-flow-node-button-button').click();
  }

  /** What stands under a node, once it is `expected`. */
  async status(id: string, expected: string): Promise<void> {
    await this.node(id)
      .locator('.red-ui-flow-node-status-label')
      .getByText(expected, { exact: true })
      .waitFor();
  }

  /** Opens the debug pane; Node-RED 5 has it open. */
  async showDebugPane(): Promise<void> {
    const pane = this.page.locator('.red-ui-debug-content-list');
    if (!(await pane.isVisible())) await this.page.click('#red-ui-tab-debug-link-button');
    await pane.waitFor({ state: 'visible' });
  }

  /** What a node has written into the debug pane last. */
  async debugged(id: string): Promise<string> {
    const message = this.page.locator(`.red-ui-debug-msg-node-${id} .red-ui-debug-msg-payload`).last();
    return String(await message.textContent());
  }

  picture(name: string): Promise<void> {
    return keepPicture(this.page, `${VERSION}-${this.locale}-${name}`);
  }
}

/**
 * A text as the editor shows it.
 * @param locale of the catalogue
 * @param type of the node that it belongs to
 * @param key with dots
 * @param values to fill in
 */
export function words(
  locale: string,
  type: string,
  key: string,
  values: Record<string, string | number> = {},
): string {
  const texts = [type, 'forms'].map((name) => {
    const file = join(ROOT, 'nodes', name, 'locales', locale, `${name}.json`);
    let found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    for (const part of key.split('.')) found = (found as Record<string, unknown> | undefined)?.[part];
    return found;
  });
  const text = texts.find((each) => typeof each === 'string');
  if (text === undefined) throw new Error(`${type} has no text ${key}`);
  return text.replace(/__(\w+?)__/g, (_, name: string) => String(values[name]));
}
