// The table of layers: sorted by a click on a column, worst first; searched by name and op.

const columns = [
  {name: '#', isMinor: true, title: 'position in the network', of: (layer, i) => i + 1, text: String},
  {name: 'layer', of: (layer) => layer.layer, isText: true, className: 'name'},
  {name: 'what', isMinor: true, of: (layer) => layer.kind || layer.op, isText: true},
  {name: 'W bits', title: 'bits of the weight', of: (layer) => layer.weight?.bits, text: String},
  {name: 'A bits', isMinor: true, title: 'bits of the activation', of: (layer) => layer.activation?.bits, text: String},
  {name: 'W dB', isMinor: true, title: 'the final weight against the float one', of: (layer) => layer.weight_sqnr_db, text: decibels},
  {name: 'A dB', isMinor: true, title: 'rounding of the activation', of: (layer) => layer.activation?.sqnr_db, text: decibels},
  {name: 'W clipped', isMinor: true, title: 'share of the weight beyond its grid', of: (layer) => layer.weight?.clipped, text: percent, isWorstHigh: true},
  {name: 'A clipped', isMinor: true, title: 'share of the activation beyond its grid', of: (layer) => layer.activation?.clipped, text: percent, isWorstHigh: true},
  {name: 'A scale', isMinor: true, title: 'one step of the activation', of: (layer) => layer.activation?.scale_high, text: number},
  {name: 'alone', isMinor: true, title: 'this output in dB, this layer alone quantized', of: (layer) => layer.alone_db, text: decibels},
  {name: 'effect', title: 'the logits in dB, this layer alone quantized', of: (layer) => layer.effect_db, text: decibels, isMain: true},
  {name: 'together', title: 'this output in dB, all layers quantized', of: (layer) => layer.together_db, text: decibels},
];

const tableState = {
  column: columns.find((column) => column.isMain), isDescending: false, search: ''};

function compare(a, b) {
  return typeof a === 'string' ? a.localeCompare(b, 'en', {numeric: true}) : a - b;
}

// Positions of the layers that match the search; what has no figure comes last.
function sortedLayers() {
  const {column, isDescending, search} = tableState;
  const wanted = search.toLowerCase();
  const keyed = report.layers.map((layer, i) => ({i, layer, key: column.of(layer, i)}))
    .filter(({layer}) => `${layer.layer} ${layer.op} ${layer.kind}`.toLowerCase().includes(wanted));
  keyed.sort((a, b) => {
    if (!isKnown(a.key) || !isKnown(b.key)) return Number(!isKnown(a.key)) - Number(!isKnown(b.key));
    return (isDescending ? -1 : 1) * compare(a.key, b.key) || a.i - b.i;
  });
  return keyed.map(({i}) => i);
}

function sortBy(column) {
  tableState.isDescending = tableState.column === column ? !tableState.isDescending
                                                         : Boolean(column.isWorstHigh);
  tableState.column = column;
}

// A minor column is left out on a phone.
function classesOf(column) {
  return [column.isText && 'text', column.isMinor && 'minor', column.className].filter(Boolean).join(' ');
}

function headerCell(column, redraw) {
  const cell = element('th', {
    textContent: column.name, title: column.title ?? '', tabIndex: 0,
    className: `sortable ${classesOf(column)}`});
  if (tableState.column === column) {
    cell.setAttribute('aria-sort', tableState.isDescending ? 'descending' : 'ascending');
  }
  const sort = () => {
    sortBy(column);
    redraw();
  };
  cell.addEventListener('click', sort);
  cell.addEventListener('keydown', (event) => event.key === 'Enter' && sort());
  return cell;
}

function bodyCell(column, layer, i, ends) {
  const value = column.of(layer, i);
  const text = column.isText ? value : isKnown(value) ? column.text(value) : '–';
  const cell = element('td', {className: classesOf(column)});
  if (column.isText) cell.title = text;
  if (column.isMain && isKnown(value)) {
    const dot = element('span', {className: 'dot'});
    dot.style.background = colourOf(layer, colourings[0], ends).fill;
    cell.append(dot);
  }
  cell.append(text);
  return cell;
}

function drawLayers(table, hint, chosen, choose) {
  const redraw = () => drawLayers(table, hint, chosen, choose);
  const head = element('thead', {}, element('tr', {}, ...columns.map((column) => headerCell(column, redraw))));
  const ends = endsOf(colourings[0]);
  const order = sortedLayers();
  const rows = order.map((i) => {
    const row = element('tr', {className: i === chosen ? 'chosen' : ''},
                        ...columns.map((column) => bodyCell(column, report.layers[i], i, ends)));
    row.addEventListener('click', () => choose(i));
    return row;
  });
  table.replaceChildren(head, element('tbody', {}, ...rows));
  hint.textContent = order.length === report.layers.length
    ? `${plural(order.length, 'layer')}; a click on a column sorts, on a row shows the layer.`
    : `${order.length} of ${plural(report.layers.length, 'layer')}`;
}
