// What each step of the run did.

const times = JSON.parse(document.getElementById('times-data').textContent);

function timeOf(name) {
  const found = times.find((time) => time.name === name);
  return found ? `${found.seconds < 10 ? found.seconds.toFixed(2) : found.seconds.toFixed(1)} s` : null;
}

function mean(values) {
  const known = values.filter(isKnown);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

// Steps in front of it change the float network.
const calibration = report.steps.findIndex((step) => step.name === 'calibrate');

// The ends of what single layers were multiplied by.
function factorsOf(changes) {
  const scaled = changes.filter((change) => isKnown(change.factor_low));
  if (scaled.length === 0) return null;
  return [Math.min(...scaled.map((change) => change.factor_low)),
          Math.max(...scaled.map((change) => change.factor_high))];
}

function stepSummary(step, i) {
  if (i === calibration) return 'All grids in place, weights rounded to the nearest code.';
  if (step.changes.length === 0) return 'Changed nothing.';
  const parts = [plural(step.changes.length, 'layer') + ' changed'];
  const factors = factorsOf(step.changes);
  if (factors) parts.push(`channels scaled by ${range(...factors)} while the network is float`);
  const codes = mean(step.changes.map((change) => change.codes_changed));
  if (isKnown(codes)) parts.push(`${percent(codes)} of their codes`);
  const before = mean(step.changes.map((change) => change.sqnr_before_db));
  const after = mean(step.changes.map((change) => change.sqnr_after_db));
  if (isKnown(before)) parts.push(`weights ${decibels(before)} → ${decibels(after)} dB in the mean`);
  const shifted = step.changes.filter((change) => isKnown(change.bias_shift)).length;
  if (shifted > 0) parts.push(`${plural(shifted, 'bias').replace('biass', 'biases')} shifted`);
  return `${parts.join(', ')}.`;
}

function drawStepList(target) {
  target.replaceChildren(...report.steps.map((step, i) => {
    const loss = isKnown(step.output_db) ? `${decibels(step.output_db)}${step.output_db < 299 ? ' dB' : ''}` : null;
    const facts = [loss, timeOf(step.name)];
    const block = element('div', {className: 'step'},
      element('p', {}, element('b', {textContent: step.name}),
              element('span', {className: 'muted', textContent: ` ${facts.filter(Boolean).join(', ')}`})),
      element('p', {textContent: stepSummary(step, i)}));
    if (step.changes.length > 0) {
      block.append(element('details', {},
        element('summary', {textContent: 'layer by layer'}),
        element('dl', {className: 'pairs'},
                ...pairs(step.changes.map((change) => [change.layer, changeText(change)])))));
    }
    if (step.notes.length > 0) {
      block.append(element('details', {},
        element('summary', {textContent: plural(step.notes.length, 'note')}),
        element('ul', {}, ...step.notes.map((note) => element('li', {textContent: note})))));
    }
    return block;
  }));
}
