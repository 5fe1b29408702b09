// The network as a drawing: layers in ranks, ranks in lines that turn like an ox at the plough, so
// that the way of the data never jumps. Edges that skip ranks are arcs.

const cell = {width: 84, height: 44, gapX: 16, gapY: 14, arc: 30};

// The longest way from an input.
function ranksOf(layers) {
  const ranks = [];
  layers.forEach((layer, i) => {
    ranks[i] = layer.inputs.reduce((rank, input) => Math.max(rank, ranks[input] + 1), 0);
  });
  return ranks;
}

// {x, y}: the centre of every layer; and the size of the whole.
function placeLayers(layers, width) {
  const ranks = ranksOf(layers);
  const byRank = [];
  ranks.forEach((rank, i) => (byRank[rank] ??= []).push(i));
  const columns = Math.max(2, Math.floor((width - 4 + cell.gapX) / (cell.width + cell.gapX)));
  const isOneLine = byRank.length <= columns;
  const evenly = (width - 4 - cell.width) / Math.max(1, (isOneLine ? byRank.length : columns) - 1);
  const pitch = isOneLine ? Math.min(evenly, 2 * cell.width) : evenly;
  const lineOf = (layer) => Math.floor(ranks[layer] / columns);
  const skips = new Set();  // Lines that need room for arcs.
  layers.forEach((layer, i) => layer.inputs.forEach((input) => {
    if (ranks[i] - ranks[input] > 1 && lineOf(i) === lineOf(input)) skips.add(lineOf(i));
  }));

  const places = [];
  let top = 2;
  for (let line = 0; line * columns < byRank.length; line += 1) {
    const lineRanks = byRank.slice(line * columns, (line + 1) * columns);
    if (skips.has(line)) top += cell.arc;
    lineRanks.forEach((members, position) => {
      const column = line % 2 === 0 ? position : columns - 1 - position;
      members.forEach((layer, row) => {
        places[layer] = {
          x: 2 + column * pitch + cell.width / 2,
          y: top + row * (cell.height + cell.gapY) + cell.height / 2,
          line, rank: ranks[layer],
        };
      });
    });
    const tallest = Math.max(...lineRanks.map((members) => members.length));
    top += tallest * (cell.height + cell.gapY) + 12;
  }
  const drawnColumns = Math.min(columns, byRank.length);
  return {places, width: (drawnColumns - 1) * pitch + cell.width + 4, height: top};
}

function edgePath(from, to) {
  const halfWidth = cell.width / 2;
  const halfHeight = cell.height / 2;
  if (from.line !== to.line) {
    const startY = from.y + halfHeight;
    const endY = to.y - halfHeight;
    const bend = Math.max(14, (endY - startY) / 2);
    return `M${from.x},${startY} C${from.x},${startY + bend} ${to.x},${endY - bend} ${to.x},${endY}`;
  }
  const direction = to.x > from.x ? 1 : -1;
  if (to.rank - from.rank === 1) {
    const startX = from.x + direction * halfWidth;
    const endX = to.x - direction * halfWidth;
    const middle = (startX + endX) / 2;
    return `M${startX},${from.y} C${middle},${from.y} ${middle},${to.y} ${endX},${to.y}`;
  }
  const startX = from.x + direction * 14;
  const endX = to.x - direction * 14;
  const top = Math.min(from.y, to.y) - halfHeight - cell.arc - 8;
  return `M${startX},${from.y - halfHeight} C${startX},${top} ${endX},${top} ${endX},${to.y - halfHeight}`;
}

const shortNames = {
  GlobalAveragePool: 'avg pool', AveragePool: 'avg pool', MaxPool: 'max pool', Flatten: 'flatten',
  Reshape: 'reshape', Concat: 'concat', Quant: 'quant', ConvTranspose: 'deconv', Gemm: 'linear',
  MatMul: 'linear',
};

function shortName(layer) {
  const [what] = layer.kind.split(',');
  const name = what ? what.replace('depthwise', 'dw') : shortNames[layer.op] ?? layer.op.toLowerCase();
  return name.length > 12 ? `${name.slice(0, 11)}…` : name;
}

function bitsText(layer) {
  const weight = layer.weight ? `W${layer.weight.bits}` : '';
  const activation = layer.activation ? `A${layer.activation.bits}` : '';
  return [weight, activation].filter(Boolean).join(' ') || 'float';
}

function placeInto(target) {
  const room = target.clientWidth || 700;
  cell.width = room < 480 ? 72 : 84;
  cell.gapX = room < 480 ? 10 : 16;
  return placeLayers(report.layers, room);
}

// A drawing that is not as tall as what is told of a layer has that below it, not beside it.
const lowest = 420;

function drawNetwork(target, colouring, chosen, choose) {
  const panel = target.closest('.split');
  panel.classList.remove('low');
  panel.classList.toggle('low', placeInto(target).height < lowest);
  const {places, width, height} = placeInto(target);
  const arrow = drawn('marker', {
    id: 'arrow', viewBox: '0 0 6 6', refX: 5.5, refY: 3, markerWidth: 4.5, markerHeight: 4.5,
    orient: 'auto'}, drawn('path', {class: 'arrow', d: 'M0,0 L6,3 L0,6 Z'}));
  const svg = drawn('svg', {viewBox: `0 0 ${width} ${height}`, role: 'group'}, drawn('defs', {}, arrow));
  svg.style.maxWidth = `${width}px`;
  report.layers.forEach((layer, i) => layer.inputs.forEach((input) => {
    const isSkip = places[i].rank - places[input].rank > 1;
    svg.append(drawn('path', {
      class: isSkip ? 'edge skip' : 'edge', d: edgePath(places[input], places[i]),
      'marker-end': 'url(#arrow)'}));
  }));
  const ends = endsOf(colouring);
  report.layers.forEach((layer, i) => {
    svg.append(drawNode(layer, places[i], colourOf(layer, colouring, ends), i === chosen,
                        () => choose(i)));
  });
  target.replaceChildren(svg);
}

function drawNode(layer, place, colour, isChosen, choose) {
  const title = drawn('title');
  title.textContent = `${layer.layer}: ${layer.op} ${layer.kind}`;
  const box = drawn('rect', {
    x: place.x - cell.width / 2, y: place.y - cell.height / 2, width: cell.width,
    height: cell.height, rx: 9});
  const what = drawn('text', {class: 'what', x: place.x, y: place.y - 2});
  what.textContent = shortName(layer);
  const bits = drawn('text', {class: 'bits', x: place.x, y: place.y + 13});
  bits.textContent = bitsText(layer);
  const node = drawn('g', {
    class: `node${colour ? '' : ' plain'}${isChosen ? ' chosen' : ''}`, tabindex: 0,
    role: 'button'}, title, box, what, bits);
  if (colour) {
    box.setAttribute('fill', colour.fill);
    what.setAttribute('fill', colour.ink);
    bits.setAttribute('fill', colour.ink);
  }
  node.addEventListener('click', choose);
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose();
  });
  return node;
}
