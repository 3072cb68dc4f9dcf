// `npm run picture`, after a change to what they show. Takes the pictures of the READMEs, in both languages: the example "photos over HTTP" in the editor, and the pages of
// the example "operator page".
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PICTURES = [
  ['en-US', 'docs/editor.png', 'docs/dashboard.png'],
  ['zh-CN', 'docs/editor.zh-CN.png', 'docs/dashboard.zh-CN.png'],
];

/** Nobody: a head and shoulders without a face. */
const PERSON = `<rect width="480" height="600" fill="#dbe7f3"/>
  <circle cx="240" cy="225" r="105" fill="#7d95ad"/>
  <path d="M40 600c0-150 80-230 200-230s200 80 200 230z" fill="#7d95ad"/>`;
/** Three places where nobody ever was. */
const SITES = {
  'site/a.jpg': `<rect width="480" height="480" fill="#a9d3f2"/>
    <path d="M0 330h480v150H0z" fill="#7fae67"/>
    <path d="M90 130h170v240H90z" fill="#c98b5b"/><path d="M120 160h40v50h-40zm70 0h40v50h-40zm-70 90h40v50h-40zm70 0h40v50h-40z" fill="#f4e6cf"/>
    <path d="M330 90h14v280h-14zM250 90h190v14H250z" fill="#e0a526"/>`,
  'sandbox/-2305/b.jpg': `<rect width="480" height="480" fill="#f1d9b5"/>
    <path d="M0 360h480v120H0z" fill="#b9885a"/><path d="M60 360 240 150l180 210z" fill="#8c8f96"/>
    <circle cx="390" cy="90" r="45" fill="#f2a33c"/>`,
  'sandbox/-2301/c.jpg': `<rect width="480" height="480" fill="#c9d3dd"/>
    <path d="M0 300h480v180H0z" fill="#8b97a3"/><path d="M70 210h300l40 90H70z" fill="#d9a441"/>
    <circle cx="150" cy="310" r="38" fill="#3c4650"/><circle cx="340" cy="310" r="38" fill="#3c4650"/>`,
};

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
  for (const [locale, editor, dashboard] of PICTURES) {
    await takePicture(browser, address, locale, join(root, editor));
    await takeDashboard(browser, address, locale, join(root, dashboard));
  }
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

/** Two pages of the operator, one beside the other. */
async function takeDashboard(browser, address, locale, file) {
  const context = await browser.newContext({
    locale,
    viewport: { width: 560, height: 760 },
    deviceScaleFactor: 1.5,
  });
  const page = await context.newPage();
  const person = await draw(context, 480, 600, PERSON);
  const sites = await Promise.all(Object.values(SITES).map((drawn) => draw(context, 480, 480, drawn)));
  const urls = Object.keys(SITES).map((path) => `https://photos.example/${path}`);
  for (const [index, url] of urls.entries())
    await context.route(url, (route) => route.fulfill({ contentType: 'image/png', body: sites[index] }));

  await page.goto(`${address}dashboard/person`);
  await page.setInputFiles('input[type=file]', { name: 'person.png', mimeType: 'image/png', buffer: person });
  const [name, idNumber] = await page.locator('.cnv input[type=text]').all();
  await name.fill('张三');
  await idNumber.fill('11010519491231002X');
  const first = await submitted(page);

  // Wide enough for the table that a desktop shows.
  await page.setViewportSize({ width: 960, height: 760 });
  await page.goto(`${address}dashboard/photos`);
  await page.fill('.cnv textarea', urls.join('\n'));
  const second = await submitted(page);

  await page.setViewportSize({ width: 1560, height: 780 });
  const shown = [first, second].map(
    (picture) => `<img src="data:image/png;base64,${picture.toString('base64')}" height="760">`,
  );
  await page.setContent(
    `<body style="margin:0;background:white"><div style="display:inline-flex;gap:12px">${shown.join('')}</div></body>`,
  );
  await page.locator('div').screenshot({ path: file });
  await context.close();
}

/** @returns the page with its answer */
async function submitted(page) {
  await page.click('.cnv button[type=submit]');
  await page.waitForSelector('.cnv-card, .cnv-row[data-outcome=failed] .cnv-map');
  await page.waitForSelector('.cnv-progress', { state: 'detached' });
  // The button's ripple and the field's label fade.
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1000);
  return page.screenshot();
}

/** @returns a PNG */
async function draw(context, width, height, drawn) {
  const page = await context.newPage();
  await page.setContent(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawn}</svg>`,
  );
  const picture = await page.locator('svg').screenshot();
  await page.close();
  return picture;
}

async function takePicture(browser, address, locale, file) {
  const page = await browser.newPage({
    locale,
    viewport: { width: 1290, height: 520 },
    deviceScaleFactor: 1.5,
  });
  await page.goto(address);
  await page.waitForSelector('.red-ui-palette-node[data-palette-type="truth-poll"]');
  await page.evaluate((label) => {
    RED.actions.invoke('core:toggle-sidebar', false);
    // Since Node-RED 5 it takes half of the palette's room.
    document.querySelector('.red-ui-sidebar-tab-bar button.selected[data-tab-id="explorer"]')?.click();
    RED.workspaces.show(RED.nodes.getWorkspaceOrder().find((id) => RED.nodes.workspace(id).label === label));
    const own = document.querySelector('.red-ui-palette-node[data-palette-type="truth-poll"]');
    for (const category of document.querySelectorAll('.red-ui-palette-category')) {
      const isOpen = category.querySelector('.red-ui-palette-header i.expanded') !== null;
      if (isOpen !== category.contains(own)) category.querySelector('.red-ui-palette-header').click();
    }
  }, 'HTTP 收照片 photos over HTTP');
  // Palette and sidebar slide.
  await page.waitForTimeout(1500);
  await page.evaluate(`$('.red-ui-palette-node[data-palette-type="truth-create"]')[0].scrollIntoView()`);
  await page.screenshot({ path: file });
  await page.close();
}
