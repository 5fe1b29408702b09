'use strict';
// Numbers and elements. Text of a report reaches the page through textContent alone.

const report = JSON.parse(document.getElementById('report-data').textContent);

const isKnown = (value) => value !== null && value !== undefined;

// Signal to noise; ±300 dB stand for no error and no signal.
function decibels(value) {
  if (!isKnown(value)) return '–';
  if (value >= 299) return 'exact';
  return value.toFixed(1);
}

function percent(share) {
  if (!isKnown(share)) return '–';
  if (share === 0) return '0 %';
  const value = 100 * share;
  if (value < 0.001) return '< 0.001 %';
  return `${value < 0.1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value.toFixed(1)} %`;
}

// Three or four digits that count.
function number(value) {
  if (!isKnown(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(2).replace('e', '·10^');
  return String(Number(value.toPrecision(4)));
}

function count(value) {
  return value.toLocaleString('en-US');
}

function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

function range(low, high) {
  return low === high ? number(low) : `${number(low)} … ${number(high)}`;
}

// element('td', {className: 'text'}, 'a name', otherElement)
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children.filter(isKnown));
  return made;
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function pairs(list) {
  return list.flatMap(([name, value]) => [
    element('dt', {textContent: name}), element('dd', {textContent: value})]);
}

const plural = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;
