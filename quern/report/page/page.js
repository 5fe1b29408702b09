// The whole page: what is chosen, and who draws it again when that changes.

const pageState = {colouring: colourings.find((one) => report.layers.some((layer) => isKnown(one.of(layer)))) ?? colourings[0],
                   chosen: 0};

const measuredOn = report.is_held_back
  ? plural(report.report_images, 'validation photo')
  : `${count(report.report_images)} of these, which the algorithms have seen`;

function drawCards() {
  const {accuracy} = report;
  const cards = [];
  if (accuracy) {
    const [first, second] = accuracy.metrics;
    const photos = plural(accuracy.images, 'photo');
    cards.push(card(first.name, first.quantized.toFixed(2), '%',
                    isKnown(first.reference) ? `float ${points(first.reference)}, ${photos}` : photos));
    if (isKnown(accuracy.agreement)) {
      cards.push(card('same answer as float', accuracy.agreement.toFixed(2), '%',
                      `${second.name} ${points(second.quantized)}`));
    }
  }
  if (accuracy && isKnown(accuracy.sqnr_db)) {
    cards.push(card('logits', decibels(accuracy.sqnr_db), 'dB', 'signal to noise, validation photos'));
  } else if (isKnown(report.output_db)) {
    cards.push(card('logits', decibels(report.output_db), 'dB', `signal to noise, ${plural(report.report_images, 'photo')}`));
  }
  cards.push(card('weights', ...bytes(report.weight_bits / 8).split(' '),
                  `${bytes(4 * report.weights)} in float, ${count(report.weights)} numbers`));
  cards.push(card('quantizers', count(report.quantizers), '', `in ${plural(report.layers.length, 'layer')}`));
  const seconds = times.reduce((sum, time) => sum + time.seconds, 0);
  if (times.length > 0) {
    const slowest = [...times].sort((a, b) => b.seconds - a.seconds)[0];
    cards.push(card('time', seconds.toFixed(1), 's', `${slowest.name} ${slowest.seconds.toFixed(1)} s`));
  }
  find('cards').replaceChildren(...cards);
}

const points = (value) => (isKnown(value) ? `${value.toFixed(2)} %` : '–');

function difference(found, reference) {
  if (!isKnown(reference)) return '–';
  return `${found < reference ? '−' : '+'}${Math.abs(found - reference).toFixed(2)}`;
}

function drawAccuracy() {
  const {accuracy} = report;
  find('accuracy-panel').hidden = !accuracy;
  if (!accuracy) return;
  const floor = isKnown(accuracy.floor)
    ? ` The better of always yes and always no has a ${accuracy.metrics[0].name} of ${points(accuracy.floor)}.` : '';
  find('accuracy-hint').textContent = `On ${plural(accuracy.images, 'validation photo')}.${floor}`;
  const rows = accuracy.metrics.map(({name, quantized, reference}) => row(
    'td', name, points(reference), points(quantized), difference(quantized, reference)));
  if (isKnown(accuracy.agreement)) rows.push(row('td', 'same answer', '', points(accuracy.agreement), ''));
  if (isKnown(accuracy.sqnr_db)) rows.push(row('td', 'logits', '', `${decibels(accuracy.sqnr_db)} dB`, ''));
  find('accuracy').replaceChildren(
    element('thead', {}, row('th', '', 'float', 'quantized', 'points')), element('tbody', {}, ...rows));
}

function drawTexts() {
  find('subtitle').textContent = `${plural(report.layers.length, 'layer')}, calibrated on ` +
    `${plural(report.calibration_images, 'photo')}; errors measured on ${measuredOn}`;
  find('settings').replaceChildren(...pairs(report.settings.map(({name, value}) => [name, value])));
  find('notes').replaceChildren(...report.notes.map((note) => element('li', {textContent: note})));
  find('notes-panel').hidden = report.notes.length === 0;
  find('steps-panel').hidden = report.steps.length === 0;
  find('steps-chart').style.height = `${70 + 34 * report.steps.length}px`;
}

function drawChosen() {
  if (report.layers.length === 0) return;
  drawNetwork(find('network'), pageState.colouring, pageState.chosen, choose);
  drawLegend(find('legend'), pageState.colouring);
  showDetails(find('details'), report.layers[pageState.chosen]);
  drawDepth(find('depth'), pageState.chosen, choose);
  drawLayers(find('layers'), find('layers-hint'), pageState.chosen, choose);
}

function choose(layer) {
  pageState.chosen = layer;
  drawChosen();
  const isNarrow = matchMedia('(max-width: 960px)').matches;
  if (isNarrow) find('details').scrollIntoView({block: 'nearest', behavior: 'smooth'});
}

function drawAll() {
  setChartDefaults();
  drawCards();
  drawAccuracy();
  drawTexts();
  drawChosen();
  if (report.steps.length > 0) {
    drawSteps(find('steps'));
    drawStepList(find('step-list'));
  }
}

function start() {
  find('colour').append(...colourings.map((one, i) =>
    element('option', {value: i, textContent: one.name, selected: one === pageState.colouring})));
  find('colour').addEventListener('change', (event) => {
    pageState.colouring = colourings[event.target.value];
    drawChosen();
  });
  find('search').addEventListener('input', (event) => {
    tableState.search = event.target.value;
    drawLayers(find('layers'), find('layers-hint'), pageState.chosen, choose);
  });
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth !== width) drawChosen();
    width = innerWidth;
  });
  pageState.chosen = sortedLayers()[0] ?? 0;
  startTheme(drawAll);
}

start();
