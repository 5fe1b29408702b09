// What layers are coloured by. Orange to blue tells apart for every kind of colour vision.

const errorStops = [[194, 73, 15], [232, 145, 74], [240, 210, 160], [158, 196, 226], [46, 112, 178]];
const bitColours = [
  [2, '#a63603', '1–2 bits'], [3, '#e6853a', '3 bits'], [4, '#f4c27a', '4 bits'],
  [6, '#c7d8e8', '5–6 bits'], [8, '#6fa3d0', '7–8 bits'], [64, '#2a62a0', 'more'],
];

// 0 is the worst, 1 the best.
function errorColour(position) {
  const scaled = Math.min(Math.max(position, 0), 1) * (errorStops.length - 1);
  const lower = Math.min(Math.floor(scaled), errorStops.length - 2);
  const mixed = errorStops[lower].map((from, i) =>
    Math.round(from + (errorStops[lower + 1][i] - from) * (scaled - lower)));
  return `rgb(${mixed.join(', ')})`;
}

const bitColour = (bits) => bitColours.find(([most]) => bits <= most)[1];

const colourings = [
  {name: 'effect on the logits', unit: 'dB', of: (layer) => layer.effect_db},
  {name: 'error of the layer alone', unit: 'dB', of: (layer) => layer.alone_db},
  {name: 'error of all layers together', unit: 'dB', of: (layer) => layer.together_db},
  {name: 'rounding of the weight', unit: 'dB', of: (layer) => layer.weight_sqnr_db},
  {name: 'rounding of the activation', unit: 'dB', of: (layer) => layer.activation?.sqnr_db},
  {name: 'bits of the weight', of: (layer) => layer.weight?.bits},
  {name: 'bits of the activation', of: (layer) => layer.activation?.bits},
];

// The ends of a coloring's ramp: all layers but those without any error.
function endsOf(colouring) {
  const values = report.layers.map(colouring.of).filter((x) => isKnown(x) && x < 299);
  return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
}

// A fill for the layer and an ink that is readable on it; null where there is nothing to show.
function colourOf(layer, colouring, ends = endsOf(colouring)) {
  const value = colouring.of(layer);
  if (!isKnown(value)) return null;
  const fill = colouring.unit ? errorColour((value - ends[0]) / Math.max(ends[1] - ends[0], 1e-9))
                              : bitColour(value);
  return {fill, ink: isDark(fill) ? '#ffffff' : '#16191d'};
}

function isDark(colour) {
  const parts = colour.startsWith('#')
    ? [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    : colour.match(/\d+/g).map(Number);
  const [red, green, blue] = parts.map((part) => (part / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.24;
}

function drawLegend(target, colouring) {
  target.replaceChildren();
  if (colouring.unit) {
    const [low, high] = endsOf(colouring);
    const ramp = element('span', {className: 'ramp'});
    const stops = [0, 0.25, 0.5, 0.75, 1].map((at) => errorColour(at));
    ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
    target.append(`${decibels(low)} dB, worst`, ramp, `${decibels(high)} dB, best`);
  } else {
    for (const [, colour, name] of bitColours) {
      const swatch = element('span', {className: 'swatch'});
      swatch.style.background = colour;
      target.append(swatch, name);
    }
  }
}
