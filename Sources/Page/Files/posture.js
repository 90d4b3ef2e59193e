// The guardrails of every account and Region.

import { address, age, ago, cell, fill, h, number, plural } from './dom.js';
import { get } from './api.js';
import { account, badge, findingLink, freshness, id, openBadges, pages, resource, status, table } from './parts.js';

const LIMIT = 100;

export async function show({ main, load, change, query, signal }) {
  const summary = h('p', { class: 'lead' });
  const list = h('div');
  const filter = h('input', { type: 'search', id: 'filter', value: query.get('q') ?? '', spellcheck: 'false', maxlength: 60 });
  const weak = h('input', { type: 'checkbox', id: 'weak', onchange: () => change({ only: weak.checked ? 'weak' : '', offset: '' }) });
  weak.checked = query.get('only') === 'weak';
  const sort = h('select', { id: 'sort', onchange: () => change({ sort: sort.value, offset: '' }) },
    [['worst', 'Worst first'], ['account', 'By account'], ['silent', 'Longest silent first']].map(([value, text]) =>
      h('option', { value, selected: value === (query.get('sort') ?? 'worst') }, text)));
  fill(main, h('h1', {}, 'Posture by account and Region'), summary,
    h('form', { class: 'controls', onsubmit: (event) => { event.preventDefault(); change({ q: filter.value.trim(), offset: '' }); } },
      h('label', {}, 'Account or Region', filter), h('label', {}, 'Order', sort),
      h('label', { class: 'check' }, weak, 'Only what needs a look'), h('button', { type: 'submit' }, 'Filter')),
    list);
  await load(async () => {
    const found = await get('posture', {
      q: query.get('q'), only: query.get('only'), sort: query.get('sort'), offset: query.get('offset'), limit: LIMIT,
    }, signal);
    fill(summary, `${plural(found.accounts, 'account')}, ${number(found.places)} with their Regions; `,
      found.weak ? [h('a', { href: address(['posture'], { only: 'weak' }) }, `${number(found.weak)} need a look`), '.'] : 'none needs a look.');
    const controls = () => pages(found, found.rows.length, LIMIT, (offset) => change({ offset }), ['row', 'rows']);
    fill(list, freshness(found), grid(found.rows), controls());
  }, 10);
}

function grid(rows) {
  if (!rows.length) return null;
  return table('Guardrails', [['Account and Region', 'wide'], 'Allowed AMIs', 'Block public access', 'Trail', 'Last event', 'Open findings'],
    rows.map((row) => [
      [account(row.account_id), h('span', { class: 'detail nowrap' }, row.region || 'no Region')],
      setting(row.allowed_amis, { enabled: 'good', 'audit-mode': 'medium', disabled: 'high' }),
      setting(row.block_public_access, { 'block-new-sharing': 'good', unblocked: 'high' }),
      setting(row.trail, { logging: 'good', narrowed: 'high', stopped: 'critical', deleted: 'critical' }, 'no change seen'),
      ago(row.last_event),
      openBadges(row.open),
    ]), { hideCaption: true, stack: true, label: 'Guardrails by account and Region' });
}

function setting(of, kinds, unknown = 'unknown') {
  if (!of) return h('span', { class: 'soft' }, unknown);
  return [badge(kinds[of.value] ?? 'informational', of.value),
    of.since ? h('span', { class: 'since' }, h('time', { datetime: of.since, title: `since ${of.since} (UTC)` },
      `${of.since.slice(0, 16).replace('T', ' ')} · ${age(of.since)}`)) : null];
}

export async function showAccount({ main, parts, load, signal }) {
  const body = h('div');
  fill(main, h('h1', {}, 'Account ', id(parts[0])), body);
  await load(async () => {
    const found = await get(`accounts/${encodeURIComponent(parts[0])}`, {}, signal);
    fill(body, freshness(found), grid(found.rows), h('h2', {}, 'Findings'),
      findingRows(found.findings),
      found.regions.map((region) => [h('h2', {}, region.id.split('/')[1] ?? region.id), stateTables(region, `${region.id}: `)]));
  }, 15);
}

function findingRows(list) {
  if (!list.rows.length) return h('p', { class: 'soft' }, 'No finding was ever published of it.');
  return [table('Findings of this account', [['Finding', 'wide'], 'Severity', 'Status', 'Resource', 'Last seen'],
    list.rows.map((one) => [findingLink(one), badge(one.severity), status(one), resource(one.resource), cell(one.last_seen)]),
    { hideCaption: true, stack: true }),
  list.next !== null ? h('p', {}, h('a', { href: address(['findings'], { account: list.rows[0].account_id, status: 'all' }) },
    `All ${number(list.total)}`)) : null];
}

/** What is known of one thing, group by group. */
export function stateTables(report, prefix = '') {
  return Object.entries(report.groups).map(([name, group]) => {
    const rows = group.items.map((item) => [
      item.name,
      [item.value === null ? h('span', { class: 'soft' }, `unknown: ${item.unknown}`) : h('bdi', {}, item.value),
        item.event ? h('span', { class: 'detail' }, item.event.name, item.event.actor ? [' by ', id(item.event.actor)] : null) : null],
      cell(item.since), cell(item.until),
    ]);
    return [
      h('h3', {}, HEADINGS[name] ?? name),
      rows.length ? table(HEADINGS[name] ?? name, [['What', 'name'], ['Value, and what told it', 'told'], 'Since', 'Until'], rows,
        { hideCaption: true, stack: true, label: prefix + (HEADINGS[name] ?? name) })
        : h('p', { class: 'soft' }, 'None known.'),
      group.left_out ? h('p', { class: 'soft small' }, `${number(group.left_out)} more are left out here.`) : null,
      group.incomplete ? h('p', { class: 'soft small' }, 'There may be more: ', group.incomplete, '.') : null,
    ];
  });
}

const HEADINGS = {
  attributes: 'Attributes', tags: 'Tags', shares: 'Shared with', lineage: 'Descends from', made_from_it: 'Made from it',
  launches: 'Launches', calls: 'Calls that name it', settings: 'Settings', trails: 'Trails that were changed', activity: 'Calls',
};
