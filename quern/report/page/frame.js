// What every page has: its cards, its tables, its theme.

const find = (id) => document.getElementById(id);

function card(name, value, unit, more) {
  return element('div', {className: 'card'},
    element('div', {className: 'name', textContent: name}),
    element('div', {className: 'value'}, value, unit ? element('small', {textContent: ` ${unit}`}) : null),
    element('div', {className: 'more', textContent: more}));
}

// A line of a table: 'th' or 'td', the first of them text.
const row = (tag, ...cells) => element('tr', {}, ...cells.map((text, i) =>
  element(tag, {textContent: text, className: i === 0 ? 'text' : ''})));

// Draws everything, and again in the other theme.
function startTheme(drawAll) {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const setTheme = (theme) => {
    document.documentElement.dataset.theme = theme;
    drawAll();
  };
  find('theme').addEventListener('click', () =>
    setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
  prefersDark.addEventListener('change', () => setTheme(prefersDark.matches ? 'dark' : 'light'));
  setTheme(prefersDark.matches ? 'dark' : 'light');
}
