// An image, as of any moment of its life.

import { address, fill, h, plural, when } from './dom.js';
import { get } from './api.js';
import { account, freshness, id } from './parts.js';
import { stateTables } from './posture.js';

const seconds = (time) => Math.floor(Date.parse(time) / 1000);
const text = (moment) => new Date(moment * 1000).toISOString().replace('.000Z', 'Z');

export async function show({ main, parts, query, load, change, signal }) {
  const name = parts[0];
  const field = h('input', { id: 'ami', value: name ?? '', placeholder: 'ami-0123456789abcdef0', spellcheck: 'false', autocomplete: 'off', maxlength: 60 });
  const form = h('form', { class: 'controls', onsubmit: (event) => {
    event.preventDefault();
    if (field.value.trim()) location.hash = address(['image', field.value.trim()]);
  } }, h('label', {}, 'Image id', field), h('button', { type: 'submit' }, 'Show'));
  const body = h('div');
  fill(main, h('h1', {}, name ? ['Image ', id(name)] : 'An image’s life'), form,
    name ? body : h('p', { class: 'lead' }, 'Whose it is, its tags, who may use it, where it comes from and what runs it: now, or as of any moment.'));
  if (!name) return;
  const moment = query.get('at') ?? '';
  await load(async () => {
    const found = await get(`images/${encodeURIComponent(name)}`, { at: moment }, signal);
    fill(body,
      h('p', { class: 'lead' }, found.name ? h('strong', {}, h('bdi', {}, found.name)) : 'Its name is not known', ' · ',
        found.owner ? ['of ', account(found.owner)] : 'its owner is not known', found.region ? ` · ${found.region}` : null),
      asOf(found, moment, change), freshness(found),
      h('div', { class: 'columns then' },
        h('section', { 'aria-labelledby': 'then' }, h('h2', { id: 'then' }, moment ? `As of ${moment}` : 'As it is now'), stateTables(found.state)),
        h('section', { 'aria-labelledby': 'timeline' }, h('h2', { id: 'timeline' }, 'What happened'), timeline(found, moment))));
  });
}

/** Chooses a moment, by a slider over its life or as text. */
function asOf(found, moment, change) {
  const times = found.timeline.map((entry) => seconds(entry.time));
  const first = Math.min(...times, seconds(found.as_of ?? new Date().toISOString()));
  const last = Math.max(...times, seconds(found.as_of ?? new Date().toISOString()));
  const now = moment ? Math.min(last, Math.max(first, seconds(moment.length === 10 ? `${moment}T23:59:59Z` : moment) || last)) : last;
  const shown = h('output', { for: 'moment' }, moment ? when(text(now)) : 'now');
  const slider = h('input', {
    type: 'range', id: 'moment', min: String(first), max: String(last), step: String(Math.max(1, Math.floor((last - first) / 1000))),
    oninput: () => { slider.setAttribute('aria-valuetext', text(Number(slider.value))); fill(shown, when(text(Number(slider.value)))); },
    onchange: () => change({ at: Number(slider.value) >= last ? '' : text(Number(slider.value)) }),
  });
  slider.value = String(now);
  slider.setAttribute('aria-valuetext', moment ? text(now) : 'now');
  const exact = h('input', { id: 'exact', value: moment, placeholder: '2026-03-17T11:30:00Z, or a day', size: 24, maxlength: 40 });
  return h('form', { class: 'asof', onsubmit: (event) => { event.preventDefault(); change({ at: exact.value.trim() }); } },
    h('label', {}, 'As of', slider), h('label', {}, 'Exactly, in UTC', exact),
    h('span', {}, h('button', { type: 'submit' }, 'Go'), ' ', h('button', { type: 'button', disabled: !moment, onclick: () => change({ at: '' }) }, 'Now')),
    shown);
}

function timeline(found, moment) {
  const limit = moment ? seconds(moment.length === 10 ? `${moment}T23:59:59Z` : moment) : Infinity;
  const left = found.calls - found.timeline.length;
  const current = found.timeline.find((entry) => seconds(entry.time) <= limit);
  return [
    h('ol', { class: 'life' }, found.timeline.map((entry) => h('li', {
      class: entry === current ? 'now' : seconds(entry.time) > limit ? 'later' : null, 'aria-current': entry === current ? 'true' : null,
    },
    h('div', { class: 'head' }, h('a', { href: address(['image', found.state.id], { at: entry.time }) }, when(entry.time, { age: false })), h('strong', {}, entry.name)),
    entry.statements.map((statement) => h('div', {}, h('bdi', {}, statement))),
    entry.actor ? h('div', { class: 'soft small' }, 'by ', id(entry.actor)) : null))),
    left > 0 ? h('p', { class: 'soft small' }, `${plural(left, 'earlier call')} left out here.`) : null,
    found.launches_left_out ? h('p', { class: 'soft small' }, `${plural(found.launches_left_out, 'launch', 'launches')} left out here.`) : null,
  ];
}
