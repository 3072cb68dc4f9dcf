// Takes the pictures of the READMEs: the example "photos over HTTP" in the editor, in both languages.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PICTURES = [
  ['en-US', 'docs/editor.png'],
  ['zh-CN', 'docs/editor.zh-CN.png'],
];

const userDir = mkdtempSync(join(tmpdir(), 'cn-verify-'));
const demo = spawn(process.execPath, [join(root, 'scripts/demo.mjs')], {
  env: { ...process.env, PORT: '0', MQTT_PORT: '0', DEMO_DIR: userDir },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const address = await addressOf(demo);
  const browser = await chromium.launch({
    executablePath: spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout.trim(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  mkdirSync(join(root, 'docs'), { recursive: true });
  // So that the nodes have something to show in their status.
  await fetch(`${address}verify/photos`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '["https://example.com/site/a.jpg"]',
  });
  for (const [locale, file] of PICTURES) await takePicture(browser, address, locale, join(root, file));
  await browser.close();
} finally {
  const ended = new Promise((done) => demo.once('exit', done));
  demo.kill();
  await ended;
  rmSync(userDir, { recursive: true });
}

async function addressOf({ stdout }) {
  let text = '';
  for await (const chunk of stdout) {
    text += chunk;
    if (text.includes('Ctrl-C')) break;
  }
  return /http:\S+\//.exec(text)[0];
}

async function takePicture(browser, address, locale, file) {
  const page = await browser.newPage({
    locale,
    viewport: { width: 1290, height: 470 },
    deviceScaleFactor: 1.5,
  });
  await page.goto(address);
  await page.waitForSelector('.red-ui-palette-node[data-palette-type="truth-poll"]');
  await page.evaluate((label) => {
    RED.actions.invoke('core:toggle-sidebar', false);
    RED.workspaces.show(RED.nodes.getWorkspaceOrder().find((id) => RED.nodes.workspace(id).label === label));
    const own = document.querySelector('.red-ui-palette-node[data-palette-type="truth-poll"]');
    for (const category of document.querySelectorAll('.red-ui-palette-category')) {
      const isOpen = category.querySelector('.red-ui-palette-header i.expanded') !== null;
      if (isOpen !== category.contains(own)) category.querySelector('.red-ui-palette-header').click();
    }
  }, 'photos over HTTP');
  // Palette and sidebar slide.
  await page.waitForTimeout(1500);
  await page.screenshot({ path: file });
  await page.close();
}
