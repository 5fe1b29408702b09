// One layer: figures, grids, histograms, and what each step did to it.

function fact(name, value, unit = '') {
  return element('div', {}, element('span', {textContent: name}),
                 element('b', {textContent: unit && value !== '–' && value !== 'exact' ? `${value} ${unit}` : value}));
}

function gridPairs(grid) {
  return element('dl', {className: 'pairs'}, ...pairs([
    ['grid', `${grid.grid}, ${grid.kind}`],
    [grid.scales > 1 ? `${grid.scales} scales` : 'scale', range(grid.scale_low, grid.scale_high)],
    ['grid reaches', range(grid.range_low, grid.range_high)],
    ['float values', range(grid.value_low, grid.value_high)],
    ['clipped', percent(grid.clipped)],
    ['SQNR', isKnown(grid.sqnr_db) ? `${decibels(grid.sqnr_db)} dB` : '–'],
  ]));
}

function gridSection(title, grid) {
  if (!grid) return null;
  const parts = [element('h4', {textContent: title})];
  if (grid.before && grid.after) {
    const canvas = element('canvas');
    canvas.grid = grid;
    parts.push(element('div', {className: 'chart'}, canvas));
  }
  return element('section', {}, ...parts, gridPairs(grid));
}

function changeText(change) {
  const parts = [];
  if (isKnown(change.codes_changed)) {
    parts.push(`${percent(change.codes_changed)} of the weight's codes changed`);
  }
  if (isKnown(change.sqnr_before_db)) {
    parts.push(`weight ${decibels(change.sqnr_before_db)} → ${decibels(change.sqnr_after_db)} dB`);
  }
  if (isKnown(change.factor_low)) parts.push(`scaled by ${range(change.factor_low, change.factor_high)}`);
  if (isKnown(change.range_before)) {
    parts.push(`largest weight ${number(change.range_before)} → ${number(change.range_after)}`);
  }
  if (isKnown(change.bias_shift)) parts.push(`bias shifted by ${number(change.bias_shift)}`);
  if (isKnown(change.weight_scale)) parts.push(`weight scale ×${number(change.weight_scale)}`);
  if (isKnown(change.output_scale)) parts.push(`output scale ×${number(change.output_scale)}`);
  return parts.join(', ');
}

function showDetails(target, layer) {
  forget(target.querySelectorAll('canvas'));
  const what = [layer.op, layer.kind].filter(Boolean).join(' ');
  const shapes = [layer.weight_shape && `weight ${layer.weight_shape}`,
                  layer.output_shape && `output ${layer.output_shape}`].filter(Boolean).join(', ');
  const changes = report.steps.flatMap((step) =>
    step.changes.filter((change) => change.layer === layer.layer)
      .map((change) => [step.name, changeText(change)]));
  const changedBy = [element('h4', {textContent: 'Changed by'}),
                     element('dl', {className: 'pairs'}, ...pairs(changes))];
  target.replaceChildren(
    element('section', {},
            element('h3', {className: 'mono', textContent: layer.layer}),
            element('div', {className: 'muted', textContent: what}),
            element('div', {className: 'muted', textContent: shapes}),
            element('div', {className: 'facts'},
                    fact('effect', decibels(layer.effect_db), 'dB'),
                    fact('alone', decibels(layer.alone_db), 'dB'),
                    fact('together', decibels(layer.together_db), 'dB'))),
    ...[gridSection('Weight', layer.weight), gridSection('Activation', layer.activation),
        changes.length > 0 ? element('section', {}, ...changedBy) : null].filter(isKnown));
  for (const canvas of target.querySelectorAll('canvas')) drawHistogram(canvas, canvas.grid);
}
