// Charts of layers, steps and grids.

// Equal networks have no error to draw.
const drawable = (value) => (isKnown(value) && value < 299 ? value : null);

function drawDepth(canvas, chosen, choose) {
  const series = [
    {label: 'together', of: (l) => l.together_db, colour: '--ink', line: true, point: 'circle'},
    {label: 'alone', of: (l) => l.alone_db, colour: '--accent', point: 'rectRot'},
    {label: 'effect on the logits', of: (l) => l.effect_db, colour: '--second', point: 'triangle'},
  ].filter((one) => report.layers.some((layer) => isKnown(one.of(layer))));
  const labels = report.layers.map((layer) => layer.layer);
  const isNarrow = canvas.parentElement.clientWidth < 480;
  draw(canvas, {
    type: 'line',
    data: {
      labels,
      datasets: series.map((one) => ({
        label: one.label,
        data: report.layers.map((layer) => drawable(one.of(layer))),
        borderColor: styleOf(one.colour),
        backgroundColor: styleOf(one.colour),
        showLine: Boolean(one.line),
        spanGaps: true,
        borderWidth: 2,
        pointStyle: one.point,
        pointRadius: report.layers.map((_, i) => (i === chosen ? 7 : one.line ? 2 : isNarrow ? 3 : 4)),
        pointHoverRadius: 7,
      })),
    },
    options: {
      interaction: {mode: 'index', intersect: false},
      onClick: (_, hits) => hits.length > 0 && choose(hits[0].index),
      plugins: {
        legend: {position: 'top', align: 'start'},
        tooltip: {callbacks: {label: (item) => ` ${item.dataset.label}: ${decibels(item.raw)} dB`}},
      },
      scales: {
        x: {grid: {display: false}, ticks: {display: false}, title: {display: true, text: 'layers, from input to output'}},
        y: {title: {display: true, text: 'dB'}, grace: '5%'},
      },
    },
  });
}

function drawSteps(canvas) {
  const steps = report.steps.slice(Math.max(calibration, 0)).filter((step) => isKnown(step.output_db));
  draw(canvas, {
    type: 'bar',
    data: {
      labels: steps.map((step) => step.name),
      datasets: [{
        data: steps.map((step) => step.output_db),
        backgroundColor: steps.map((_, i) => styleOf(i === 0 ? '--before' : '--after')),
        borderRadius: 5,
        barThickness: 22,
      }],
    },
    options: {
      indexAxis: 'y',
      plugins: {
        legend: {display: false},
        tooltip: {callbacks: {label: (item) => ` logits: ${decibels(item.raw)} dB`}},
      },
      scales: {
        x: {title: {display: true, text: 'signal to noise of the logits, dB'}},
        y: {grid: {display: false}, ticks: {color: styleOf('--ink')}},
      },
    },
  });
}

// Shares per code, so that bins of different widths compare.
function densities(bins) {
  const total = bins.counts.reduce((sum, one) => sum + one, 0) || 1;
  return bins.counts.map((one, i) => ({
    x: bins.low + (i + 0.5) * bins.width, y: one / total / bins.width, share: one / total}));
}

// Marks the outermost codes: what lies beyond is clipped.
const gridEnds = {
  id: 'gridEnds',
  beforeDatasetsDraw(chart, _, {low, high, colour}) {
    const {ctx, chartArea, scales} = chart;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.setLineDash([4, 4]);
    for (const end of [low, high]) {
      const x = scales.x.getPixelForValue(end);
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
    }
    ctx.restore();
  },
};

function drawHistogram(canvas, grid) {
  const before = densities(grid.before);
  const after = densities(grid.after);
  const smallest = Math.min(...[...before, ...after].map((p) => p.y).filter((y) => y > 0));
  // A logarithmic axis has no 0: empty bins lie below its lower end.
  const raised = (points) => points.map((p) => ({...p, y: Math.max(p.y, smallest / 10)}));
  const common = {showLine: true, pointRadius: 0, stepped: 'middle', borderWidth: 1.5};
  const after_ = styleOf('--after');
  draw(canvas, {
    type: 'line',
    data: {
      datasets: [
        {...common, label: 'before', data: raised(before), borderColor: styleOf('--second')},
        {...common, label: 'after', data: raised(after), borderColor: after_, fill: 'start', backgroundColor: `${after_}55`},
      ],
    },
    options: {
      interaction: {mode: 'nearest', axis: 'x', intersect: false},
      plugins: {
        legend: {position: 'top', align: 'end', labels: {boxHeight: 6, padding: 6, font: {size: 11}, pointStyle: 'rectRounded'}},
        gridEnds: {low: grid.qmin - 0.5, high: grid.qmax + 0.5, colour: styleOf('--muted')},
        tooltip: {callbacks: {
          title: ([item]) => `code ${number(item.parsed.x)}`,
          label: (item) => ` ${item.dataset.label}: ${percent(item.raw.share)}`,
        }},
      },
      scales: {
        x: {type: 'linear', min: grid.before.low, max: grid.before.low + grid.before.width * grid.before.counts.length, grid: {display: false}, ticks: {maxTicksLimit: 7, maxRotation: 0}},
        y: {type: 'logarithmic', min: smallest / 2, display: false},
      },
    },
    plugins: [gridEnds],
  });
}
