// Which view is shown, what is told above and below each, and what happens when the worker does not answer.

import { address, fill, h, number } from './dom.js';
import { Trouble, get } from './api.js';
import * as state from './state.js';
import * as posture from './posture.js';
import * as shares from './shares.js';
import * as alerts from './alerts.js';
import * as findings from './findings.js';
import * as image from './image.js';
import * as search from './search.js';

const VIEWS = {
  '': ['State', state.show], posture: ['Posture', posture.show], account: ['Account', posture.showAccount],
  shares: ['Shares', shares.show], alerts: ['Alerts', alerts.show], findings: ['Findings', findings.show],
  finding: ['Finding', findings.showOne], image: ['Images', image.show], search: ['Search', search.show],
};
// Under which entry of the menu a view stands.
const MENU = { account: 'posture', finding: 'findings' };

const main = document.getElementById('main');
let stop = new AbortController();

function route() {
  const [path, query] = location.hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  return { name: parts[0] in VIEWS ? parts[0] : '', parts: parts.slice(1), query: new URLSearchParams(query ?? '') };
}

/** Shows the view that the address names; the earlier one's calls end. */
async function show(isFirst) {
  stop.abort();
  stop = new AbortController();
  const { signal } = stop;
  const { name, parts, query } = route();
  const [title, view] = VIEWS[name];
  document.title = `${title} – amiwatch`;
  for (const link of document.querySelectorAll('#views a')) {
    const target = link.getAttribute('href').replace(/^#\/?/, '');
    if (target === (MENU[name] ?? name)) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  document.getElementById('query').value = name === 'search' ? query.get('q') ?? '' : '';
  const context = {
    main, parts, query, signal,
    /** Shows what a call gives, again and again when that is asked for; troubles are told, and tried again. */
    load: (work, every) => load(work, every, signal),
    /** Goes to the same view with other parameters. */
    change: (changes) => {
      const all = { ...Object.fromEntries(query), ...changes };
      location.hash = address([name, ...parts], all);
    },
  };
  fill(main, h('h1', {}, title));
  if (!isFirst) { main.focus({ preventScroll: true }); scrollTo(0, 0); }
  main.setAttribute('aria-busy', 'true');
  try { await view(context); } catch (error) { if (!signal.aborted) tell(error); }
  if (!signal.aborted) main.removeAttribute('aria-busy');
}

async function load(work, every, signal) {
  for (;;) {
    let pause = every;
    try {
      await work();
      if (signal.aborted) return;
      main.removeAttribute('aria-busy');
      untell();
    } catch (error) {
      if (signal.aborted) return;
      tell(error);
      if (!(error instanceof Trouble)) throw error;
      pause = error.retry ?? every;
    }
    if (!pause) return;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, pause * 1000);
      signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
    });
    if (signal.aborted) return;
    while (document.hidden && !signal.aborted) {
      await new Promise((resolve) => {
        document.addEventListener('visibilitychange', resolve, { once: true });
        signal.addEventListener('abort', resolve, { once: true });
      });
    }
    if (signal.aborted) return;
  }
}

/** A trouble stands above whatever was shown before. */
function tell(error) {
  const words = error instanceof Trouble ? error.message.replace(/^./, (letter) => letter.toUpperCase()).replace(/[^.]$/, '$&.') : `This page has a fault: ${error.message}`;
  if (!(error instanceof Trouble)) console.error(error);
  let notice = document.getElementById('trouble');
  if (!notice) {
    notice = h('p', { id: 'trouble', class: 'trouble', role: 'alert' });
    const heading = main.querySelector('h1');
    if (heading) heading.after(notice); else main.prepend(notice);
    main.removeAttribute('aria-busy');
  }
  const text = words + (error.retry ? ' Trying again.' : '');
  if (notice.textContent !== text) fill(notice, text);
}

function untell() { document.getElementById('trouble')?.remove(); }

/** Above each view: which worker this is, and whether it keeps up. */
async function watch() {
  const worker = document.getElementById('worker');
  const connection = document.getElementById('connection');
  const scope = document.getElementById('scope');
  let last;
  for (;;) {
    let text;
    try {
      const now = await get('status');
      fill(worker, now.instance_id ?? '');
      const { own, of } = now.partitions;
      text = now.detector === 'running' ? '' : now.roles.includes('detector') ? `Detector: ${now.detector}` : '';
      const waiting = now.waiting.filter((cause) => cause.seconds >= 5);
      if (waiting.length) text = `${waiting[0].role} has waited for ${waiting[0].seconds} s: ${waiting[0].cause}`;
      fill(scope, `Times are in UTC. amiwatch ${now.version}, group ${now.group_id}. `, now.roles.includes('detector')
        ? `This worker has ${own.length === of ? (of === 1 ? 'the only account partition' : `all ${number(of)} account partitions`) : `${number(own.length)} of ${number(of)} account partitions`}`
          + (own.length === of ? '.' : ': it tells of their accounts, and of all images. The other workers tell of the others.')
        : 'This worker has no detector, and so no state.');
    } catch { text = 'The worker does not answer.'; }
    if (text !== last) fill(connection, text);
    last = text;
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
}

document.getElementById('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = document.getElementById('query').value.trim();
  if (text) location.hash = address(['search'], { q: text });
});
document.getElementById('skip').addEventListener('click', (event) => { event.preventDefault(); main.focus(); });
addEventListener('hashchange', () => show(false));
show(true);
watch();
