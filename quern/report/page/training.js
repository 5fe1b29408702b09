// The page of a training: curves, classes, mistakes.

const best = report.epochs.find((epoch) => epoch.epoch === report.best_epoch);
const lineColours = ['--accent', '--before', '--third', '--second', '--fourth'];

function duration(seconds) {
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function drawCards() {
  const last = report.epochs.at(-1);
  const seconds = report.epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const cards = report.metrics.slice(0, 2).map((name, i) => card(
    name, (100 * best.metrics[i]).toFixed(2), '%',
    i === 0 ? `epoch ${best.epoch}; the last ${percent(last.metrics[0])}` : `epoch ${best.epoch}`));
  if (isKnown(report.floor)) {
    cards.push(card('floor', (100 * report.floor).toFixed(2), '%', `${report.metrics[0]} of one answer for every photo`));
  }
  cards.push(card('wrong', count(report.wrong_images), '', `of ${plural(report.validation_images, 'validation photo')}`));
  cards.push(card('loss', number(best.validation_loss), '', `in training ${number(best.training_loss)}`));
  cards.push(card('time', ...duration(seconds).split(/ (.*)/, 2),
                  `${plural(report.epochs.length, 'epoch')}, ${number(last.images_per_second)} photos a second`));
  find('cards').replaceChildren(...cards);
}

// A chart over the epochs. A lone epoch is a point.
function drawCurves(canvas, title, series, format, axis = {}) {
  const isShort = report.epochs.length < 40;
  draw(canvas, {
    type: 'line',
    data: {
      labels: report.epochs.map((epoch) => epoch.epoch),
      datasets: series.map((one, i) => ({
        label: one.label,
        data: report.epochs.map(one.of),
        borderColor: styleOf(lineColours[i % lineColours.length]),
        backgroundColor: styleOf(lineColours[i % lineColours.length]),
        borderWidth: i === 0 ? 2.5 : 1.5,
        borderDash: one.isBound ? [5, 4] : [],
        pointRadius: report.epochs.map((epoch) => (one.isBound ? 0 : epoch === best ? 5 : isShort ? 2 : 0)),
        pointHoverRadius: 6,
      })),
    },
    options: {
      interaction: {mode: 'index', intersect: false},
      plugins: {
        legend: {position: 'top', align: 'start'},
        tooltip: {callbacks: {
          title: ([item]) => `epoch ${item.label}${Number(item.label) === report.best_epoch ? ', the best' : ''}`,
          label: (item) => ` ${item.dataset.label}: ${format(item.raw)}`,
        }},
      },
      scales: {
        x: {grid: {display: false}, title: {display: true, text: 'epoch'}},
        y: {title: {display: true, text: title}, grace: '5%', ...axis},
      },
    },
  });
}

function drawLearning() {
  const metrics = report.metrics.map((label, i) => ({label, of: (epoch) => 100 * epoch.metrics[i]}));
  if (isKnown(report.floor)) metrics.push({label: 'floor', isBound: true, of: () => 100 * report.floor});
  drawCurves(find('metrics'), '%', metrics, (value) => `${value.toFixed(2)} %`);
  drawCurves(find('losses'), 'loss', [
    {label: 'validation', of: (epoch) => epoch.validation_loss},
    {label: 'training', of: (epoch) => epoch.training_loss},
  ], number);
  drawCurves(find('rates'), '', [{label: 'learning rate', of: (epoch) => epoch.learning_rate}], number,
             {beginAtZero: true});
}

function drawClasses() {
  const share = (part, whole) => `${count(part)} (${percent(whole === 0 ? 0 : part / whole)})`;
  const isJudged = report.classes.some((one) => isKnown(one.f1));
  find('classes-hint').textContent =
    `Photos that show each, of ${count(report.training_images)} to learn from and ` +
    `${count(report.validation_images)} to validate with` +
    (isJudged ? `, and how the network of epoch ${best.epoch} finds them.` : '.');
  const judged = ['precision', 'recall', 'F1', 'found', 'missed', 'false alarms'];
  find('classes').replaceChildren(
    element('thead', {}, row('th', '', 'training', 'validation', ...(isJudged ? judged : []))),
    element('tbody', {}, ...report.classes.map((one) => row('td', one.name,
      share(one.training, report.training_images), share(one.validation, report.validation_images),
      ...(isJudged ? [percent(one.precision), percent(one.recall), percent(one.f1),
                      count(one.found), count(one.missed), count(one.false_alarms)] : [])))));
}

function drawMistakes() {
  find('mistakes-panel').hidden = report.mistakes.length === 0;
  find('mistakes-hint').textContent =
    `${count(report.mistakes.length)} of ${plural(report.wrong_images, 'photo')} with a wrong answer, ` +
    'as the network sees them; first what it is most sure of.';
  find('mistakes').replaceChildren(...report.mistakes.map((one) => element('figure', {},
    element('img', {src: `data:image/jpeg;base64,${one.thumbnail}`, alt: one.picture, title: one.picture}),
    element('figcaption', {},
      element('b', {textContent: `says ${one.answer}`}),
      element('span', {textContent: ` ${percent(one.confidence)}`}),
      element('div', {textContent: `shows ${one.truth}`})))));
}

function drawTexts() {
  find('subtitle').textContent = `${plural(report.epochs.length, 'epoch')} on ` +
    `${plural(report.training_images, 'photo')}; the best is epoch ${best.epoch}`;
  find('settings').replaceChildren(...pairs(report.settings.map(({name, value}) => [name, value])));
  find('notes').replaceChildren(...report.notes.map((note) => element('li', {textContent: note})));
  find('notes-panel').hidden = report.notes.length === 0;
}

startTheme(() => {
  setChartDefaults();
  drawCards();
  drawLearning();
  drawClasses();
  drawMistakes();
  drawTexts();
});
