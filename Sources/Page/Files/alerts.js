// The alerts as they are committed.

import { ago, fill, h, number, plural } from './dom.js';
import { get } from './api.js';
import { badge, findingLink, status, told } from './parts.js';

const SHOWN = 200;

export async function show({ main, load, signal }) {
  const list = h('ol', { class: 'feed', reversed: true });
  const news = h('p', { class: 'small soft', role: 'status' });
  const empty = h('p', { class: 'soft' });
  const pause = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', String(isPaused));
    if (!isPaused) put();
  } }, 'Hold new ones back');
  fill(main, h('h1', {}, 'Alerts as they are committed'),
    h('p', { class: 'lead' }, 'The newest first, of this worker, since it began. All of them are on the topic of alerts.'),
    h('div', { class: 'controls' }, pause), news, empty, list);
  let isPaused = false;
  let isFirst = true;
  let [after, run] = [0, undefined];
  let [held, fresh, heard] = [[], 0, 0];

  function put() {
    list.prepend(...held.reverse().map(entry));
    while (list.childElementCount > SHOWN) list.lastElementChild.remove();
    held = [];
    fill(empty, list.childElementCount ? '' : 'None so far.');
  }

  await load(async () => {
    const found = await get('alerts', { after, limit: isFirst ? 100 : SHOWN }, signal);
    if (run !== undefined && found.run !== run) {
      [after, run, held] = [0, found.run, []];
      fill(list);
      return;
    }
    run = found.run;
    after = found.last;
    held.push(...found.alerts);
    if (held.length > SHOWN) held = held.slice(-SHOWN);
    if (!isPaused) put();
    if (!isFirst) fresh += found.alerts.length + found.not_shown;
    isFirst = false;
    // A screen reader hears of new ones every 15 seconds at most, and only how many.
    if (fresh && Date.now() - heard > 15000) {
      fill(news, isPaused ? `${plural(held.length, 'new alert')} held back.` : `${plural(fresh, 'new alert')}.`);
      [fresh, heard] = [0, Date.now()];
    }
  }, 2);
}

function entry({ number: order, alert }) {
  const body = h('div', { class: 'body' });
  const details = h('details', { ontoggle: () => {
    if (details.open && !body.childElementCount) {
      fill(body, told(alert), h('p', {}, findingLink(alert, 'The finding and its life'),
        h('span', { class: 'soft small' }, ` · alert ${number(order)} of this worker, revision ${number(alert.revision)}, caused by ${alert.caused_by}`)));
    }
  } },
  h('summary', {},
    badge(alert.severity), h('span', {}, status(alert)),
    h('span', { class: 'what' }, h('span', { class: 'rule' }, alert.rule_id), h('span', {}, alert.message)),
    h('span', { class: 'nowrap' }, ago(alert.event?.time ?? alert.last_seen), h('span', { class: 'open-mark', 'aria-hidden': 'true' }))),
  body);
  return h('li', {}, details);
}
