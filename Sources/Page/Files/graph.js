// Shares as a graph: owners on the left, grantees on the right. The same edges are always drawn in the same way.

import { number, s } from './dom.js';

const [WIDTH, ROW, TOP] = [900, 26, 34];
const [LEFT, RIGHT] = [250, 560];
const RANK = { untrusted: 0, undetermined: 1, trusted: 2 };

/** A picture of edges; `target` is where the link of an edge leads. */
export function draw(edges, target) {
  const owners = side(edges, (edge) => edge.owner ?? 'unknown');
  const grantees = side(edges, (edge) => edge.grantee);
  owners.forEach((node, index) => { node.place = index; });
  // Each grantee stands about where its owners are, so that fewer lines cross.
  for (const node of grantees) {
    node.middle = node.edges.reduce((sum, edge) => sum + owners.find((one) => one.name === (edge.owner ?? 'unknown')).place, 0) / node.edges.length;
  }
  grantees.sort((left, right) => left.middle - right.middle || compare(left.name, right.name));
  const rows = Math.max(owners.length, grantees.length);
  const spread = (list) => list.forEach((node, index) => {
    node.y = TOP + ROW * (rows === 1 ? 0.5 : (index + 0.5) * (rows / list.length));
  });
  spread(owners);
  spread(grantees);
  const at = (list, name) => list.find((node) => node.name === name);
  const height = TOP + ROW * rows + 12;
  const worstLast = [...edges].sort((left, right) => RANK[right.trust] - RANK[left.trust]);
  return s('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'group', 'aria-label': 'Owners on the left, grantees on the right' },
    s('text', { x: LEFT - 14, y: 18, 'text-anchor': 'end', class: 'head' }, 'Owner'),
    s('text', { x: RIGHT + 14, y: 18, class: 'head' }, 'Shared with'),
    worstLast.map((edge) => {
      const [from, to] = [at(owners, edge.owner ?? 'unknown').y, at(grantees, edge.grantee).y];
      const middle = (LEFT + RIGHT) / 2;
      const width = Math.min(9, 1.6 + Math.log2(edge.images) * 1.1);
      const words = `${edge.owner ?? 'unknown'} shares ${number(edge.images)} ${edge.images === 1 ? 'image' : 'images'} with `
        + `${edge.grantee === 'all' ? 'everybody' : edge.grantee}: ${edge.trust}`;
      return s('a', { href: target(edge), 'aria-label': words },
        s('title', {}, words),
        s('path', {
          class: `edge ${RANK[edge.trust] === undefined ? 'trusted' : edge.trust}`, 'stroke-width': width.toFixed(1),
          d: `M${LEFT} ${from}C${middle} ${from} ${middle} ${to} ${RIGHT} ${to}`,
        }));
    }),
    owners.map((node) => label(node, LEFT, 'end', -14)),
    grantees.map((node) => label(node, RIGHT, 'start', 14)));
}

function label(node, x, anchor, shift) {
  const name = node.name === 'all' ? 'everybody' : shorten(node.name);
  return [
    s('circle', { cx: x, cy: node.y, r: 5, class: node.worst === 0 ? 'bad' : null }),
    s('text', { x: x + shift, y: node.y + 4, 'text-anchor': anchor, 'aria-hidden': 'true' },
      name, s('tspan', { class: 'many' }, `  ${number(node.images)}`)),
  ];
}

/** The nodes of one side, the worst and then the largest first. */
function side(edges, name) {
  const nodes = new Map();
  for (const edge of edges) {
    const key = name(edge);
    const node = nodes.get(key) ?? { name: key, images: 0, worst: 2, edges: [] };
    node.images += edge.images;
    node.worst = Math.min(node.worst, RANK[edge.trust] ?? 2);
    node.edges.push(edge);
    nodes.set(key, node);
  }
  return [...nodes.values()].sort((left, right) => left.worst - right.worst || right.images - left.images || compare(left.name, right.name));
}

const compare = (left, right) => (left < right ? -1 : left > right ? 1 : 0);
const shorten = (text) => (text.length <= 38 ? text : `${text.slice(0, 12)}…${text.slice(-24)}`);
