// Who shares images with whom.

import { address, cell, fill, h, number, plural, s } from './dom.js';
import { get } from './api.js';
import { account, badge, freshness, grantee, id, image, pages, table } from './parts.js';
import { draw } from './graph.js';

const LIMIT = 100;
const DRAWN = 60;
const KINDS = { untrusted: 'critical', undetermined: 'undetermined', trusted: 'good' };

export async function show(context) {
  const { main, query } = context;
  if (query.get('owner') && query.get('grantee')) return showEdge(context);
  const { load, change, signal } = context;
  const isTable = query.get('view') === 'table';
  const summary = h('p', { class: 'lead' });
  const body = h('div');
  const filter = h('input', { type: 'search', id: 'filter', value: query.get('q') ?? '', spellcheck: 'false', maxlength: 120 });
  const trust = h('select', { id: 'trust', onchange: () => change({ trust: trust.value, offset: '' }) },
    [['', 'Any'], ['untrusted', 'Untrusted'], ['undetermined', 'Undetermined'], ['trusted', 'Trusted']].map(([value, text]) =>
      h('option', { value, selected: value === (query.get('trust') ?? '') }, text)));
  const view = h('select', { id: 'view', onchange: () => change({ view: view.value, offset: '' }) },
    [['', 'Graph'], ['table', 'Table']].map(([value, text]) => h('option', { value, selected: (value === 'table') === isTable }, text)));
  fill(main, h('h1', {}, 'Who shares images with whom'), summary,
    h('form', { class: 'controls', onsubmit: (event) => { event.preventDefault(); change({ q: filter.value.trim(), offset: '' }); } },
      h('label', {}, 'Account or other grantee', filter), h('label', {}, 'Grantee is', trust), h('label', {}, 'Show as', view),
      h('button', { type: 'submit' }, 'Filter')),
    body);
  let drawn = '';
  await load(async () => {
    const found = await get('shares', {
      q: query.get('q'), trust: query.get('trust'), offset: isTable ? query.get('offset') : null, limit: isTable ? LIMIT : DRAWN,
    }, signal);
    const { untrusted, undetermined } = found.by_trust;
    fill(summary, `${plural(found.images, 'image')} shared now, along ${plural(untrusted + undetermined + found.by_trust.trusted, 'edge')}: `,
      `${number(untrusted)} to somebody the policy does not trust, ${number(undetermined)} undetermined.`);
    const text = JSON.stringify(found.edges);
    // What has not changed is not drawn again: whoever is on an edge with the keyboard stays there.
    if (text === drawn) return;
    drawn = text;
    if (!found.edges.length) return fill(body, freshness(found), h('p', {}, 'No image is known to be shared.'));
    fill(body, freshness(found), isTable ? edges(found, change) : picture(found, change));
  }, 15);
}

function picture(found, change) {
  const left = found.total - found.edges.length;
  return [
    h('ul', { class: 'key', 'aria-label': 'Key' }, ['untrusted', 'undetermined', 'trusted'].map((trust) => h('li', {},
      s('svg', { viewBox: '0 0 40 10', 'aria-hidden': 'true' }, s('path', { d: 'M0 5h40', class: trust })), trust))),
    h('div', { class: 'graph', role: 'region', tabindex: '0', 'aria-label': 'Graph of shares; the table says the same' },
      draw(found.edges, (edge) => address(['shares'], { owner: edge.owner ?? 'unknown', grantee: edge.grantee }))),
    h('p', { class: 'small soft' }, left > 0
      ? [`The ${number(found.edges.length)} worst and largest of ${plural(found.total, 'edge')} are drawn; ${number(left)} are not. `]
      : `All ${plural(found.total, 'edge')} are drawn. `,
    h('button', { type: 'button', class: 'copy', onclick: () => change({ view: 'table' }) }, 'Show all of them as a table')),
  ];
}

function edges(found, change) {
  return [table('Shares between accounts', [['Owner', 'wide'], 'Shared with', ['Images', 'number'], 'Grantee is', 'Since', 'More'],
    found.edges.map((edge) => [
      edge.owner ? account(edge.owner) : 'unknown', grantee(edge.grantee), number(edge.images),
      [badge(KINDS[edge.trust], edge.trust), edge.objection ? h('span', { class: 'detail' }, edge.objection) : null],
      cell(edge.since),
      h('a', { href: address(['shares'], { owner: edge.owner ?? 'unknown', grantee: edge.grantee }) },
        h('span', { class: 'hidden' }, `From ${edge.owner ?? 'unknown'} to ${edge.grantee}: `), 'images'),
    ]), { hideCaption: true, stack: true }),
  pages(found, found.edges.length, LIMIT, (offset) => change({ offset }), ['edge', 'edges'])];
}

async function showEdge({ main, load, change, query, signal }) {
  const [owner, other] = [query.get('owner'), query.get('grantee')];
  const body = h('div');
  fill(main, h('h1', {}, 'Images that ', account(owner), ' shares with ', other === 'all' ? 'everybody' : id(other)), body);
  await load(async () => {
    const found = await get('shares', { owner, grantee: other, offset: query.get('offset'), limit: LIMIT }, signal);
    fill(body, freshness(found), found.shares.length ? table('Shared images', [['Image', 'wide'], 'Grantee is', 'Since', 'Shared by'],
      found.shares.map((share) => [
        image(share.image),
        [badge(KINDS[share.trust], share.trust), share.objection ? h('span', { class: 'detail' }, share.objection) : null],
        cell(share.since),
        [share.event.name, share.event.actor ? h('span', { class: 'detail' }, id(share.event.actor)) : null],
      ]), { hideCaption: true, stack: true }) : null,
    pages(found, found.shares.length, LIMIT, (offset) => change({ offset }), ['image', 'images']),
    h('p', {}, h('a', { href: '#/shares' }, 'All shares')));
  }, 15);
}
