// How the pipeline gets on.

import { duration, fill, h, number, plural, when } from './dom.js';
import { get } from './api.js';
import { openBadges, shape, table } from './parts.js';

export async function show({ main, load, signal }) {
  const verdict = h('p', { class: 'verdict', role: 'status' });
  const body = h('div');
  let words = '';
  fill(main, h('h1', {}, 'State of the pipeline'), verdict, body);
  await load(async () => {
    const now = await get('status', {}, signal);
    const [kind, text] = assess(now);
    if (text !== words) fill(verdict, h('span', { class: kind }, shape(kind)), text);
    words = text;
    fill(body, waiting(now), tiles(now), balances(now), lags(now), details(now));
  }, 2);
}

/** Whether it keeps up, in a sentence. */
function assess(now) {
  const cause = now.waiting.find((one) => one.seconds >= 5);
  if (cause) return ['critical', `The ${cause.role} waits.`];
  if (now.not_ready.length) return ['medium', 'Not ready.'];
  const lag = now.lag.reduce((sum, group) => sum + (group.lag ?? 0), 0);
  if (now.roles.includes('detector') && now.detector !== 'running') return ['medium', `The detector is ${now.detector}.`];
  if (!now.lag.length) return ['good', 'Running. How far behind it is will be known in a few seconds.'];
  return lag === 0 ? ['good', 'Running, and everything is read.'] : ['good', `Running, ${plural(lag, 'message')} behind.`];
}

function waiting(now) {
  const told = now.waiting.filter((cause) => cause.seconds >= 2);
  // What is waited for is said below with its cause.
  const obstacles = now.not_ready.filter((line) => !told.some((cause) => line.startsWith(`${cause.role}: waiting`)));
  return [
    obstacles.length ? h('div', { class: 'notice' }, h('strong', {}, 'What keeps it from being ready'), h('ul', {}, obstacles.map((line) => h('li', {}, line)))) : null,
    told.map((cause) => h('p', { class: 'trouble' },
      h('strong', {}, `The ${cause.role} has waited for ${duration(cause.seconds)}: `), cause.cause)),
    now.refused_writes ? h('p', { class: 'trouble' }, h('strong', {}, 'Refused writes: '), now.refused_writes) : null,
  ];
}

function tile(name, value, detail) {
  return h('div', { class: 'tile' }, h('dt', {}, name), h('dd', {}, value), detail ? h('dd', { class: 'detail soft' }, detail) : null);
}

function tiles(now) {
  const { progress } = now;
  const rate = (value) => `${number(Math.round(value ?? 0))} a second`;
  const list = [];
  for (const group of now.lag) {
    list.push(tile(`Lag of the ${group.reads}`, group.lag === null ? 'unknown' : number(group.lag), 'messages that wait'));
  }
  if (progress.read !== undefined) list.push(tile('Records read', number(now.intake.read), rate(progress.read_per_second)));
  if (progress.applied !== undefined) list.push(tile('Calls judged', number(now.run.applied), rate(progress.applied_per_second)));
  if (now.roles.includes('detector')) {
    list.push(tile('Alerts published', number(now.alerts), 'since this worker began'));
    list.push(tile('Open findings', number(Object.values(now.open).reduce((sum, one) => sum + one, 0)), openBadges(now.open)));
    const { own, of } = now.partitions;
    list.push(tile('Account partitions', `${number(own.length)} of ${number(of)}`, `detector: ${now.detector}`));
  }
  return h('dl', { class: 'tiles' }, list);
}

function balances(now) {
  const rows = [];
  const cells = (of) => ['read', 'ignored', 'forwarded', 'applied', 'duplicate', 'dead_lettered'].map((key) =>
    of[key] === undefined ? '–' : number(of[key]));
  if (now.progress.read !== undefined) rows.push(['Intake, this run', ...cells(now.intake)]);
  if (now.roles.includes('detector')) {
    rows.push(['Detector, this run', ...cells(now.run)], ['Detector, since the state began', ...cells(now.total)]);
  }
  return [h('h2', {}, 'What became of the records'), table(
    'Counted when it is committed; each row adds up to what was read.',
    ['Stage', ...['Read', 'Ignored', 'Handed on', 'Applied', 'Told before', 'Dead letters'].map((name) => [name, 'number'])], rows)];
}

function lags(now) {
  const rows = now.lag.flatMap((group) => group.partitions.map((one) =>
    [h('span', { class: 'id' }, one.name), group.group_id, number(one.lag), number(one.committed), number(one.end)]));
  if (!rows.length) return null;
  return [h('h2', {}, 'How far each partition is'), table('The furthest behind first; up to 50 of each group.',
    ['Partition', 'Group', ['Lag', 'number'], ['Committed offset', 'number'], ['Log end', 'number']], rows)];
}

function details(now) {
  return [h('h2', {}, 'This worker'), h('dl', { class: 'pairs' }, [
    ['Instance', now.instance_id ?? 'no instance_id is set'], ['Version', now.version], ['Roles', now.roles.join(', ')],
    ['Started', when(now.started)], ['Policy', now.policy ? h('code', {}, now.policy.slice(0, 12)) : 'not known yet'],
    ['Account partitions', now.partitions.own.length ? ranges(now.partitions.own) : 'none'],
    ['Transactions', `${number(now.transactions)} committed, ${number(now.aborted)} aborted`],
    ['State restored', `${plural(now.restores, 'time')}, ${plural(now.restored_entries, 'entry', 'entries')}`],
    ['Offsets out of range', number(now.offsets_out_of_range)],
  ].map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))];
}

/** 0–3, 7, 9–12 */
function ranges(numbers) {
  const parts = [];
  for (const one of numbers) {
    const last = parts[parts.length - 1];
    if (last && last[1] === one - 1) last[1] = one; else parts.push([one, one]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}
