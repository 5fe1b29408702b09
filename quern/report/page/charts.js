// Charts, by Chart.js, in the page's colours.

const charts = new Map();  // By canvas.

const styleOf = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Draws on a canvas, in place of what was there.
function draw(canvas, configuration) {
  charts.get(canvas)?.destroy();
  charts.set(canvas, new Chart(canvas, configuration));
}

function forget(canvases) {
  for (const canvas of canvases) {
    charts.get(canvas)?.destroy();
    charts.delete(canvas);
  }
}

function setChartDefaults() {
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  Chart.defaults.color = styleOf('--muted');
  Chart.defaults.borderColor = styleOf('--line');
  Chart.defaults.font.family = styleOf('--sans');
  Chart.defaults.font.size = 12;
  Chart.defaults.plugins.legend.labels.usePointStyle = true;
  Chart.defaults.plugins.legend.labels.boxHeight = 7;
  Chart.defaults.plugins.tooltip.backgroundColor = styleOf('--ink');
  Chart.defaults.plugins.tooltip.titleColor = styleOf('--card');
  Chart.defaults.plugins.tooltip.bodyColor = styleOf('--card');
  Chart.defaults.plugins.tooltip.cornerRadius = 8;
  Chart.defaults.plugins.tooltip.padding = 10;
}
