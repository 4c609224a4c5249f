"use strict";
// Pointing at a chart tells the exact values there, in all panels of the chart at once. Arrow keys do the same.

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function seriesRows(data, bucket) {
  return data.series
    .filter((series) => series.values[bucket] !== null)
    .map((series) => [series.name, series.values[bucket], series.colour]);
}

function heatRows(data, bucket, row, names) {
  return row === null || data.cells[row][bucket] === null ? [] : [[names[row], data.cells[row][bucket], "blue"]];
}

class Panel {
  constructor(drawing, axis) {
    this.drawing = drawing;
    this.axis = axis;
    this.data = JSON.parse(drawing.querySelector("script").textContent);
    this.crosshair = drawing.appendChild(element("div", "crosshair"));
    this.tip = drawing.appendChild(element("div", "tip"));
    this.hide();
  }

  at(event) {
    const [left, top, width, height] = this.data.box;
    const frame = this.drawing.getBoundingClientRect();
    const across = (((event.clientX - frame.left) / frame.width) * 100 - left) / width;
    const down = (((event.clientY - frame.top) / frame.height) * 100 - top) / height;
    if (across < 0 || across >= 1) return null;
    const rows = this.axis.rows ? this.axis.rows.length : 0;
    const row = Math.min(Math.max(Math.floor(down * rows), 0), rows - 1);
    return { bucket: Math.floor(across * this.axis.buckets.length), row: rows ? row : null };
  }

  show(place) {
    const [left, top, width, height] = this.data.box;
    const x = left + ((place.bucket + 0.5) / this.axis.buckets.length) * width;
    const rows = this.data.cells
      ? heatRows(this.data, place.bucket, place.row, this.axis.rows)
      : seriesRows(this.data, place.bucket);
    this.tip.replaceChildren(element("b", "", `${this.axis.buckets[place.bucket]} ${this.axis.since}`));
    for (const [name, value, colour] of rows) {
      const line = this.tip.appendChild(element("div", ""));
      line.appendChild(element("i", "")).style.setProperty("--colour", `var(--${colour})`);
      line.append(name, element("span", "", value));
    }
    Object.assign(this.crosshair.style, { left: x + "%", top: top + "%", height: height + "%" });
    const onTheLeft = x > 50;
    Object.assign(this.tip.style, {
      left: onTheLeft ? "auto" : `calc(${x}% + 12px)`,
      right: onTheLeft ? `calc(${100 - x}% + 12px)` : "auto",
      top: top + "%",
    });
    this.crosshair.hidden = this.tip.hidden = false;
  }

  hide() {
    this.crosshair.hidden = this.tip.hidden = true;
  }
}

for (const chart of document.querySelectorAll("[data-chart]")) {
  const source = chart.querySelector("[data-axis]");
  if (!source) continue;
  const axis = JSON.parse(source.textContent);
  const panels = [...chart.querySelectorAll("[data-panel]")].map((drawing) => new Panel(drawing, axis));
  let place = null;
  const move = (next) => {
    place = next;
    for (const panel of panels) next ? panel.show(next) : panel.hide();
  };
  for (const panel of panels) {
    panel.drawing.addEventListener("pointermove", (event) => move(panel.at(event)));
    panel.drawing.addEventListener("pointerdown", (event) => move(panel.at(event)));
    panel.drawing.addEventListener("pointerleave", () => move(null));
    panel.drawing.addEventListener("blur", () => move(null));
    panel.drawing.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") move(null);
      if (!step) return;
      event.preventDefault();
      const bucket = place ? place.bucket + step : 0;
      move({ bucket: Math.min(Math.max(bucket, 0), axis.buckets.length - 1), row: axis.rows ? 0 : null });
    });
  }
}

window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
