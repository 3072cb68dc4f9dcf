/**
 * What the pages of the desk share in one browser: the jobs as the server lists them, and what is being sent to it. It
 * outlives the pages, which the dashboard makes again whenever it reconnects. Of a job nothing but its id is stored.
 */
import { idNumberProblem } from './id-number.mjs';
import { download, isTable, pasted, personsIn, readTable, tableOf } from './table-file.mjs';
import { wordsFor } from './tables.mjs';

/** The server takes them in batches of this many; each is one request, so that a phone needs little memory. */
const UPLOAD_AT_ONCE = 9;
/** Node-RED takes a field of a form up to 1 MB, and an address may have 8 KB. */
const ADDRESSES_AT_ONCE = 90;
const AGAIN_MS = 2_000;
/** What `read` takes for the list. */
const LIST = 'jobs';
/** List and rows are fetched at most so often. */
const ROWS_MS = 700;
const LOOK_AGAIN_MS = 60_000;
/** Jobs whose photos a browser keeps at hand. */
const MOST_OWN = 10;
/** What a proxy, or a Node-RED that is starting, answers. */
const AWAY = [502, 503, 504];
const STORED = 'verify-desk';
/** What is written of a person. */
const NOBODY = { name: '', idNumber: '', consent: '', guardianConsent: '', reference: '' };

/** @param root where Node-RED serves flows, with a slash at the end */
function openDesk(root) {
  const { reactive, markRaw } = window.Vue;
  const words = wordsFor(navigator.language);
  const state = reactive({
    jobs: [],
    environments: {},
    prices: {},
    isUnsaved: false,
    isConnected: true,
    now: Date.now(),
    /** Of the page that is shown: where banner and jobs go. */
    top: null,
    /** By kind, the id of the job that is shown. */
    shown: { photos: null, person: null, ...stored() },
    /** Persons of a table, in this page's memory only. */
    many: [],
    /** By id: the rows of photos, or what became of a person. */
    details: {},
    /** By id, in this page's memory only: who was asked for, previews, what is still to be sent. */
    own: {},
    /** What is filled in and not sent yet. */
    forms: {
      photos: { text: '', files: [], reference: '' },
      person: { ...NOBODY, photo: null, preview: '', isUnreadable: false },
    },
  });
  const fetching = new Map();

  function stored() {
    try {
      const { photos = null, person = null } = JSON.parse(localStorage.getItem(STORED) ?? '{}');
      return { photos, person };
    } catch {
      return {};
    }
  }

  function show(kind, id) {
    state.shown[kind] = id;
    try {
      localStorage.setItem(STORED, JSON.stringify(state.shown));
    } catch {
      // A browser that stores nothing shows it until it is closed.
    }
    if (id) read(id);
  }

  /** Previews and files stay as long as one comes back to them. */
  function begin(id, own) {
    const old = Object.keys(state.own).slice(0, -MOST_OWN);
    for (const each of old) {
      for (const preview of state.own[each].previews ?? []) if (preview) URL.revokeObjectURL(preview);
      delete state.own[each];
    }
    state.own[id] = { at: Date.now(), isOnItsWay: true, isLate: false, isRefused: false, ...own };
    return state.own[id];
  }

  /** Who it was is not shown to whoever uses this browser next. */
  function forget(id) {
    const own = state.own[id];
    for (const preview of own?.previews ?? []) if (preview) URL.revokeObjectURL(preview);
    if (own) Object.assign(own, { label: '', previews: [] });
    show('person', null);
  }

  /** Random in an insecure context too, where there is no `crypto.randomUUID`. */
  function newId() {
    return [...crypto.getRandomValues(new Uint8Array(16))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  }

  function ask(path, options = {}) {
    return fetch(`${root}verify-desk/${path}`, options);
  }

  /** Tries until the server has taken it; the same id is paid for once. @returns false where it refused */
  async function deliver(path, body, own) {
    for (;;) {
      try {
        const response = await ask(path, { method: 'POST', body });
        own.isLate = false;
        if (!AWAY.includes(response.status)) return response.ok;
      } catch {
        // The server or the way to it is away.
      }
      own.isLate = true;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  function take({ jobs, environments, prices, isUnsaved }) {
    Object.assign(state, { environments, prices, isUnsaved });
    state.jobs = [...jobs].sort((a, b) => b.at - a.at);
    for (const id of Object.values(state.shown)) {
      const job = state.jobs.find((each) => each.id === id);
      if (job && state.details[id]?.touched !== job.touched) read(id);
    }
  }

  /** The list, and what is shown. */
  function load() {
    read(LIST);
    for (const id of Object.values(state.shown)) if (id && !state.details[id]) read(id);
  }

  /** The list or one job: one request after the other, and the last one always. */
  function read(id) {
    // The server does not know it yet.
    if (state.own[id]?.isOnItsWay) return;
    if (fetching.has(id)) fetching.set(id, true);
    else {
      fetching.set(id, false);
      readOnce(id).finally(() => {
        setTimeout(() => {
          const isAsked = fetching.get(id);
          fetching.delete(id);
          if (isAsked) read(id);
        }, ROWS_MS);
      });
    }
  }

  async function readOnce(id) {
    try {
      const response = await ask(id === LIST ? 'jobs' : `job?id=${id}`);
      if (response.ok && id === LIST) take(await response.json());
      else if (response.ok) state.details[id] = await response.json();
      else if (response.status === 404) state.details[id] = { id, gone: true };
    } catch {
      // It comes by itself once the connection is there again.
    }
  }

  /**
   * @param person `{name, idNumber, consent, guardianConsent, photo, reference}`; `label` says who it is on this page, and `preview` shows the photo
   * @param isShown false: it is one of many
   */
  async function checkPerson({ photo, label, preview = null, ...person }, isShown = true) {
    const id = newId();
    const own = begin(id, { label, previews: [preview] });
    if (isShown) show('person', id);
    const body = new FormData();
    for (const key of Object.keys(NOBODY)) body.append(key, person[key] ?? '');
    body.append('job', id);
    body.append('photo', photo, 'photo');
    if (!(await deliver('person', body, own))) own.isRefused = true;
    own.isOnItsWay = false;
    read(id);
    return id;
  }

  /** @param photos `{url, line}`, with the row of the sheet where there is one, or `{file, preview}`, in the order of the rows; addresses come first */
  async function checkPhotos(photos, reference = '') {
    const id = newId();
    const previews = photos.map(({ preview }) => preview ?? null);
    const given = markRaw(photos);
    const own = begin(id, { total: photos.length, toSend: photos.length, given, previews, isStopped: false });
    show('photos', id);
    const addresses = photos.filter(({ url }) => url);
    const files = photos.filter(({ file }) => file);
    const groups = [...parts(addresses, ADDRESSES_AT_ONCE), ...parts(files, UPLOAD_AT_ONCE)];
    let offset = 0;
    for (const group of groups) {
      if (own.isStopped) break;
      if (
        !(await deliver('photos', formOf({ job: id, total: photos.length, offset, reference }, group), own))
      ) {
        own.isRefused = true;
        break;
      }
      offset += group.length;
      own.toSend = photos.length - offset;
      own.isOnItsWay = false;
      read(id);
    }
    Object.assign(own, { toSend: 0, isOnItsWay: false });
    if (own.isStopped || own.isRefused) await stop(id);
  }

  /**
   * Each job is paid for, even where its photos are the same.
   * @param photos as `checkPhotos` takes them
   * @returns how many of them were submitted from this page already
   */
  async function submittedBefore(photos) {
    const before = Object.entries(state.own).flatMap(([id, { given = [], isOnItsWay }]) => {
      const rows = state.details[id]?.rows ?? [];
      const states = new Map(rows.map((row) => [row.index, row.state]));
      const isSubmitted = (_, at) =>
        states.has(at) ? !['unsent', 'refused'].includes(states.get(at)) : isOnItsWay;
      return given.filter(isSubmitted);
    });
    let count = 0;
    for (const photo of photos) {
      for (const each of before) {
        if (!(await isSame(photo, each))) continue;
        count += 1;
        break;
      }
    }
    return count;
  }

  /** Only photos of one length are read. */
  async function isSame(one, other) {
    if (one.url || other.url) return one.url === other.url;
    if (one.file === other.file) return true;
    if (one.file.size !== other.file.size) return false;
    const [a, b] = await Promise.all(
      [one, other].map(async ({ file }) => new Uint8Array(await file.arrayBuffer())),
    );
    return a.every((byte, at) => byte === b[at]);
  }

  function parts(all, size) {
    const count = Math.ceil(all.length / size);
    return Array.from({ length: count }, (_, at) => all.slice(at * size, (at + 1) * size));
  }

  function formOf(fields, group) {
    const body = new FormData();
    for (const [key, value] of Object.entries(fields)) body.append(key, value);
    const addresses = group.filter(({ url }) => url);
    body.append('urls', JSON.stringify(addresses.map(({ url }) => url)));
    body.append('lines', JSON.stringify(addresses.map(({ line = null }) => line)));
    body.append('names', JSON.stringify(group.filter(({ file }) => file).map(({ file }) => file.name)));
    for (const { file } of group) if (file) body.append('photo', file, 'photo');
    return body;
  }

  async function stop(id, again = false) {
    if (state.own[id]) state.own[id].isStopped = !again;
    const headers = { 'Content-Type': 'application/json' };
    const body = JSON.stringify({ job: id, again });
    try {
      await ask('stop', { method: 'POST', headers, body });
    } catch {
      // The button is still there.
    }
    read(id);
  }

  async function readJson(path) {
    const response = await ask(path);
    if (!response.ok) throw new Error(String(response.status));
    return response.json();
  }

  const history = (month) => readJson(`history?month=${month}`);
  /** @param sought `{day, outcome, text}`, each may be empty */
  const search = (sought) => readJson(`search?${new URLSearchParams(sought)}`);

  /** Shows a job on the page for its kind. */
  function goTo({ kind, id }, store, router) {
    show(kind, id);
    const page = Object.values(store.state.ui.pages).find(({ path }) => path === `/${kind}`);
    if (page?.route) router.push({ name: page.route.name });
  }

  /** @returns the address that shows a job on any device */
  function linkTo({ kind, id }) {
    return `${location.origin}${location.pathname.replace(/[^/]*$/, kind)}#${id}`;
  }

  /** Over plain HTTP a browser has no clipboard; what is selected can be copied all the same. */
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }

  /** @returns where a job was checked; the ledger does not say it, then it is where the account stands now */
  function environmentOf({ kind, environment }) {
    return environment ?? state.environments[kind]?.environment ?? '';
  }

  function isOnSandbox() {
    return Object.values(state.environments).some(({ environment }) => environment === 'sandbox');
  }

  /** @returns the price of so many calls as people write it; null where nobody knows it, or there is nothing to pay */
  function priceOf(kind, calls) {
    const price = state.prices[kind];
    return price && calls ? String(Math.round(price * calls * 100) / 100) : null;
  }

  setInterval(() => {
    state.now = Date.now();
  }, 1_000);
  // A job that nobody works on any more ends without anything to tell.
  setInterval(() => state.jobs.some(({ running }) => running) && load(), LOOK_AGAIN_MS);
  addEventListener('beforeunload', (event) => {
    if (Object.values(state.own).some(({ toSend }) => toSend > 0)) event.preventDefault();
  });
  // Somebody followed a link to a job.
  const linked = /^#([0-9a-f]{32})$/.exec(location.hash)?.[1];
  const kind = location.pathname.split('/').pop();
  if (linked && kind in state.shown) show(kind, linked);
  const table = { tableOf, download, isTable, pasted, readTable, personsIn };
  return markRaw({
    root,
    state,
    words,
    nobody: NOBODY,
    show,
    forget,
    load,
    checkPerson,
    checkPhotos,
    submittedBefore,
    stop,
    history,
    search,
    goTo,
    linkTo,
    copy,
    priceOf,
    environmentOf,
    isOnSandbox,
    idNumberProblem,
    table,
  });
}

/** @param setup what the dashboard says of its server */
window.openVerifyDesk = (setup) => {
  if (!window.verifyDesk) {
    const root = setup?.RED?.httpNodeRoot || '/';
    window.verifyDesk = openDesk(root.endsWith('/') ? root : `${root}/`);
  }
  window.dispatchEvent(new Event('verify-desk'));
  return window.verifyDesk;
};
