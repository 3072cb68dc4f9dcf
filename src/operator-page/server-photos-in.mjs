import { brief } from './server-brief.mjs';
import { isFull, isId, jobOf, jobsIn, keep, MOST_PHOTOS, referenceIn } from './server-jobs.mjs';
import { isOurs, reply } from './server-request.mjs';

/** @returns one message or null for each output: 1 the photos that come next, 2 the response, 3 a notice that the list has changed */
export default function (msg, { flow, env }) {
  const { body = {}, files = [] } = msg.req;
  const [id, total, offset] = [body.job, Number(body.total), Number(body.offset)];
  if (!isOurs(msg.req, env.get('PAGE_ORIGIN')) || !isId(id))
    return [null, reply(msg, 403, { refused: true }), null];
  const items = itemsOf(body, files, offset);
  const fits = Number.isInteger(offset) && offset >= 0 && Number.isInteger(total) && total <= MOST_PHOTOS;
  if (!fits || !items || items.length === 0 || offset + items.length > total)
    return [null, reply(msg, 400, { refused: true }), null];
  const jobs = jobsIn(flow);
  if (!jobs[id] && isFull(jobs)) return [null, reply(msg, 429, { refused: true }), null];
  const job = jobOf(jobs, { id, kind: 'photos', total, reference: referenceIn(body) });
  // A browser whose answer was lost sends the same again.
  const rest = job.stopped ? [] : items.filter(({ index }) => !job.rows[index]);
  for (const { photo, ...row } of rest) job.rows[row.index] = { ...row, state: 'waiting' };
  keep(flow, jobs, job);
  const batches = rest.length > 0 ? { job: id, total, at: job.at, rest } : null;
  return [batches, reply(msg, 202, brief(job)), {}];
}

/** @returns null where that is not what the page sends */
function itemsOf({ urls = '[]', lines = '[]', names = '[]' }, files, offset) {
  try {
    const [addresses, own, rows] = [urls, names, lines].map((each) => JSON.parse(each));
    if (![...addresses, ...own].every((text) => typeof text === 'string')) return null;
    return [
      ...addresses.map((url, at) => {
        const line = Number.isInteger(rows[at]) ? rows[at] : null;
        return { index: offset + at, line, name: null, url, photo: url };
      }),
      // A browser's multipart form has names in UTF-8, which are read as Latin-1 here: they come beside it.
      ...files.map(({ buffer }, at) => {
        const name = own[at] ?? null;
        return {
          index: offset + addresses.length + at,
          name,
          url: null,
          photo: { buffer, originalname: name },
        };
      }),
    ];
  } catch {
    return null;
  }
}
